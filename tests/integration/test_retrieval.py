"""A search is narrowed by agent, kind and what rows state, can find nothing, and goes on when models are down."""

from collections.abc import Sequence
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import text

from reception.core.errors import ProviderError
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.agents.service import create_agent
from reception.domains.knowledge.retrieval import Retrieval, Retriever
from reception.domains.knowledge.search import Scope, search
from reception.domains.knowledge.service import ingest
from reception.domains.knowledge.statement import statement_for
from reception.jobs.reembedding import Reembedding
from reception.jobs.worker import JobWorker
from reception.ports.business import AgentKind, AgentSettings, Business
from reception.ports.knowledge import DocumentKind
from tests.support.embedders import HashEmbedder
from tests.support.postgres import make_business

HOMES = """# Homes

| Address | Asking price | Beds | Baths |
|---|---|---|---|
| 14 Willow Lane | $389,000 | 3 | 2 |
| 8 Orchard Court | $245,000 | 2 | 1 |
| 52 Cedar Street | $525,000 | 4 | 3 |
| 31 Maple Drive | $329,000 | 3 | 2 |
| Loft over the bakery | on request | 3 | 1 |

Every home comes with a guide to its part of the town.
"""
COTTAGE = "# Cottage\n\nA cottage by the lake for $310,000. It has three bedrooms and one bathroom.\n"


class Town:
    """A business with documents, and a way to ask them."""

    def __init__(self, database: Database, business: Business) -> None:
        self.database = database
        self.tenant_id = business.tenant_id
        self.embedder = HashEmbedder()
        self.reranker: Backwards | None = None

    async def put(self, title: str, body: str, kind: str = "general", agent_id: UUID | None = None) -> None:
        async with self.database.tenant_session(self.tenant_id) as session:
            await ingest(
                session,
                self.tenant_id,
                title=title,
                text=body,
                kind=kind,
                embedder=self.embedder,
                agent_id=agent_id,
            )

    async def ask(
        self, question: str, *, limit: int = 10, threshold: float | None = None, **scope: object
    ) -> Retrieval:
        retriever = Retriever(self.database, self.embedder, self.reranker)
        within = Scope(**scope)  # type: ignore[arg-type]
        return await retriever.find(self.tenant_id, question, limit=limit, scope=within, threshold=threshold)

    async def agent(self) -> UUID:
        async with self.database.tenant_session(self.tenant_id) as session:
            agent = await create_agent(
                session, self.tenant_id, name="Ada", kind=AgentKind.CUSTOM, settings=AgentSettings()
            )
        return agent.agent_id


class Backwards:
    """A reranker that takes the last for the best, or fails."""

    model = "backwards"
    fails = False

    async def rank(self, question: str, passages: Sequence[str]) -> Sequence[float]:
        if self.fails:
            raise ProviderError(self.model, "down")
        return [at / len(passages) for at in range(len(passages))]


@pytest.fixture
async def town(database: Database) -> Town:
    return Town(database, await make_business(database))


def names(found: Retrieval) -> set[str]:
    return {str(passage.fields.get("address", passage.heading)) for passage in found.passages}


async def test_what_is_required_is_a_filter_and_no_similarity(town: Town) -> None:
    await town.put("Homes for sale", HOMES, "listing")
    await town.put("The cottage", COTTAGE, "listing")
    found = await town.ask("Do you have three bedrooms under 400 thousand?")
    assert found.filters == ("bedrooms = 3", "price at most 399999.99")
    fitting = [passage for passage in found.passages if passage.matched]
    assert {str(each.fields.get("address", "cottage")) for each in fitting} == {
        "14 Willow Lane",
        "31 Maple Drive",
        "cottage",
    }
    assert list(found.passages[: len(fitting)]) == fitting, "what fits comes first"
    assert not {"8 Orchard Court", "52 Cedar Street"} & names(found), "what states otherwise is left out"
    assert all(passage.matched == found.filters for passage in fitting)


@pytest.mark.parametrize(
    ("question", "fitting"),
    [
        ("at least three bedrooms and at least two bathrooms", {"14 Willow Lane", "52 Cedar Street", "31 Maple Drive"}),
        ("homes for more than $400,000", {"52 Cedar Street"}),
        ("something with 2 bedrooms", {"8 Orchard Court"}),
        ("anything under $100,000", set()),
    ],
)
async def test_bounds_of_every_kind(town: Town, question: str, fitting: set[str]) -> None:
    await town.put("Homes for sale", HOMES, "listing")
    found = await town.ask(question)
    assert {str(each.fields["address"]) for each in found.passages if each.matched} == fitting


async def test_agents_read_the_business_documents_and_their_own(town: Town) -> None:
    ada, other = await town.agent(), await town.agent()
    await town.put("House", "Dogs are welcome everywhere.")
    await town.put("For Ada", "Dogs of guests are walked by Ada.", agent_id=ada)
    assert len((await town.ask("dogs", agent_id=ada)).passages) == 2
    assert [each.document for each in (await town.ask("dogs", agent_id=other)).passages] == ["House"]
    assert len((await town.ask("dogs")).passages) == 2


async def test_kinds_narrow_a_search(town: Town) -> None:
    await town.put("Menu", "Soup with bread.", "menu")
    await town.put("Rules", "Bread is not to be thrown.", "policy")
    found = await town.ask("bread", kinds=frozenset({DocumentKind.POLICY}))
    assert [each.document for each in found.passages] == ["Rules"]


@pytest.mark.parametrize("model", ["", "words", "of-before"])
async def test_a_search_is_narrowed_by_all_that_is_asked_at_once_however_it_is_asked(town: Town, model: str) -> None:
    own, other = await town.agent(), await town.agent()
    row = "| Item | Price |\n|---|---|\n| The Zanzibar suite | $250 |\n"
    await town.put("Ours", row, "price_list", own)
    await town.put("Theirs", row.replace("suite", "cellar"), "price_list", other)
    await town.put("Everybody's", row.replace("suite", "annex"), "faq")
    await town.put("Dearer", row.replace("suite", "penthouse").replace("250", "900"), "price_list", own)
    [decoy] = await town.embedder.embed(["annex"])
    for agent_id, kinds, vector, under in product(
        (None, own),
        (frozenset[DocumentKind](), frozenset({DocumentKind.PRICE_LIST})),
        (None, decoy),
        ("", " under $400"),
    ):
        scope = Scope(agent_id=agent_id, kinds=kinds, model=model)
        reader = town.database.tenant_reader(town.tenant_id)
        found = await search(reader, f"What is the Zanzibar{under}?", vector, limit=10, scope=scope)
        expected = {"Ours", "Theirs", "Everybody's", "Dearer"}
        expected -= {"Theirs"} if agent_id else set()
        expected -= {"Everybody's"} if kinds else set()
        expected -= {"Dearer"} if under else set()
        assert {passage.document for passage in found} == expected
        assert all(bool(passage.matched) is bool(under) for passage in found)
        assert all((passage.similarity is None) is (vector is None or model == "of-before") for passage in found)


async def test_a_name_is_found_however_far_its_passage_is(town: Town) -> None:
    await town.put("Suites", "The Zanzibar has a terrace.")
    await town.put("Lake", "Boats are let at the lake.")
    [near_the_lake] = await town.embedder.embed(["Boats are let at the lake."])
    reader = town.database.tenant_reader(town.tenant_id)
    found = await search(reader, "What has the Zanzibar?", near_the_lake, limit=10, candidates=1)
    assert {passage.document for passage in found} == {"Suites", "Lake"}


async def test_what_is_required_is_found_however_far_its_passage_is(town: Town) -> None:
    await town.put("Homes", HOMES)
    await town.put("Lake", "Boats are let at the lake.")
    [near_the_lake] = await town.embedder.embed(["Boats are let at the lake."])
    reader = town.database.tenant_reader(town.tenant_id)
    found = await search(reader, "Do you have three bedrooms?", near_the_lake, limit=10, candidates=1)
    assert any(passage.matched for passage in found)


@pytest.mark.parametrize("words", ["have rooms a bathtub", "has the Zanzibar a bathtub"])
async def test_passages_of_a_former_model_are_found_by_their_words_beside_nearer_ones(town: Town, words: str) -> None:
    await town.put("Rooms", "Each of the rooms of the Zanzibar has a bed.")
    await town.put("Suite", "Only one of the rooms of the Zanzibar has a bathtub, a bed and a view.")
    town.embedder = HashEmbedder("better words")
    await town.put("Lake", "Boats are let at the lake.")
    [near_the_lake] = await town.embedder.embed(["Boats are let at the lake."])
    reader = town.database.tenant_reader(town.tenant_id)
    scope = Scope(model=town.embedder.model)
    found = await search(reader, words, near_the_lake, limit=10, candidates=1, scope=scope)
    assert {passage.document for passage in found} >= {"Suite", "Lake"}
    assert [passage.document for passage in found if passage.similarity is not None] == ["Lake"]


async def test_passages_of_a_former_model_take_no_place_among_the_nearest(town: Town) -> None:
    await town.put("Former lake", "Boats are let at the lake.")
    [near_the_lake] = await town.embedder.embed(["Boats are let at the lake."])
    town.embedder = HashEmbedder("better words")
    await town.put("Lake", "Boats are let at the lake from May on.")
    reader = town.database.tenant_reader(town.tenant_id)
    scope = Scope(model=town.embedder.model)
    found = await search(reader, "zeppelin", near_the_lake, limit=10, candidates=1, scope=scope)
    assert [passage.document for passage in found] == ["Lake"]


async def test_each_candidate_is_read_by_its_place_whatever_the_planner_takes_the_tenant_for(town: Town) -> None:
    """It takes a tenant that came since its last look for one of a row."""
    values = {
        "words": "room", "named": "zanzibar", "candidates": 400, "vector": f"[{','.join('1' * 384)}]", "model": "words",
        "agent_id": None, "kinds": None, "contradicted": None, "fulfilled": None, "limit": 10, "word_weight": 2.0,
        "filter_weight": 1.0, "threshold": 0.0,
    }  # fmt: skip
    async with town.database.tenant_session(town.tenant_id) as session:
        rows = await session.execute(text(f"EXPLAIN {statement_for(values).text}"), values)
        plan = [str(row[0]) for row in rows]
    assert any("Tid Scan on knowledge_chunks" in line for line in plan), plan


async def test_nothing_is_near_enough_to_what_the_documents_do_not_speak_of(town: Town) -> None:
    await town.put("Menu", "Soup with bread.", "menu")
    found = await town.ask("zeppelin rides")
    assert found.passages == ()
    assert found.threshold > 0
    assert len((await town.ask("zeppelin rides", threshold=0.0)).passages) == 1


async def test_words_alone_decide_while_the_model_is_down(town: Town) -> None:
    await town.put("Menu", "Soup with bread.", "menu")
    town.embedder.faults = [ProviderError("words", "down", retryable=True)]
    found = await town.ask("Is there bread?")
    assert found.words_only
    assert [(each.text, each.similarity) for each in found.passages] == [("Soup with bread.", None)]


async def test_a_reranker_has_the_last_word_and_is_done_without_when_it_fails(town: Town) -> None:
    for number in range(4):
        await town.put(f"Menu {number}", f"Soup number {number} comes with bread." + " Bread!" * number, "menu")
    plain = [each.document for each in (await town.ask("bread", threshold=0.0)).passages]
    town.reranker = Backwards()
    found = await town.ask("bread", threshold=0.0)
    assert ([each.document for each in found.passages], found.reranked_by) == (plain[::-1], "backwards")
    town.reranker.fails = True
    found = await town.ask("bread", threshold=0.0)
    assert ([each.document for each in found.passages], found.reranked_by) == (plain, "")


async def test_another_model_embeds_everything_anew_and_words_find_it_meanwhile(
    town: Town, postgres: EmbeddedPostgres
) -> None:
    await town.put("Menu", "Soup with bread.", "menu")
    other = Town(town.database, await make_business(town.database))
    await other.put("Menu", "Fish with rice.", "menu")
    town.embedder = other.embedder = HashEmbedder("better words")
    (passage,) = (await town.ask("bread", threshold=0.0)).passages
    assert passage.similarity is None, "vectors of two models are not compared"

    job = Reembedding(town.database, town.embedder)
    await job.schedule()
    await job.schedule()
    await JobWorker(postgres.runtime_url, town.database, [job.task]).run_waiting()

    for place, words in ((town, "bread"), (other, "rice")):
        (passage,) = (await place.ask(words, threshold=0.0)).passages
        assert passage.similarity is not None
    asked = town.embedder.asked
    await job.run(town.tenant_id)
    assert town.embedder.asked == asked, "nothing is left to do"


async def test_tenants_of_other_models_are_told_as_ids_and_nothing_else(town: Town) -> None:
    await town.put("Menu", "Soup with bread.", "menu")
    async with town.database.tenant_session(uuid7()) as session:
        found = (await session.execute(text("SELECT tenants_embedded_otherwise('none')"))).scalars().all()
        assert town.tenant_id in found
        assert (await session.execute(text("SELECT count(*) FROM knowledge_documents"))).scalar_one() == 0


async def test_the_owning_role_reads_no_tenants_documents(town: Town, postgres: EmbeddedPostgres) -> None:
    await town.put("Menu", "Soup with bread.", "menu")
    owner = Database(postgres.owner_url, pool_size=1)
    try:
        async with owner.tenant_session(uuid7()) as session:
            assert (await session.execute(text("SELECT count(*) FROM knowledge_documents"))).scalar_one() == 0
    finally:
        await owner.dispose()
