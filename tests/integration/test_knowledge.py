"""Documents go in once, are replaced whole, and are found by meaning and by words."""

import asyncio
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import text

from reception.core.errors import NotFound, ProviderError, Unavailable, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.agents.service import create_agent, delete_agent
from reception.domains.knowledge.service import delete_document, ingest, list_documents, search
from reception.ports.business import AgentKind, AgentSettings, Business
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.documents import take_in
from tests.support.postgres import make_business

HOUSE = """# The house
## Parking
Guests leave their car in the yard behind the kitchen. It is free after six.

## Dogs
Well-behaved dogs are welcome on the terrace.

## Menu
| Dish | Price |
|---|---|
| Wild mushroom risotto | $19 |
| Lamb shank | $27 |
"""


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


class Failing:
    """An embedder that is down."""

    model = "failing"
    dimensions = 384

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise ProviderError("failing", "down")


async def with_house(database: Database, embedder: MiniLmEmbedder) -> Business:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        await ingest(session, business.tenant_id, title="House", text=HOUSE, kind="general", embedder=embedder)
    return business


async def chunk_count(database: Database, business: Business) -> int:
    async with database.tenant_session(business.tenant_id) as session:
        return int((await session.execute(text("SELECT count(*) FROM knowledge_chunks"))).scalar_one())


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Where can I put my vehicle?", "yard behind the kitchen"),
        ("may I bring my puppy", "dogs are welcome"),
        ("How much is the lamb?", "$27"),
        ("Do you cook anything with mushrooms?", "risotto"),
    ],
)
async def test_found_by_meaning_and_words(
    database: Database, embedder: MiniLmEmbedder, question: str, words: str
) -> None:
    business = await with_house(database, embedder)
    vector = (await embedder.embed([question]))[0]
    async with database.tenant_session(business.tenant_id) as session:
        best, *rest = await search(session, question, vector, limit=3)
    assert words in best.text
    assert best.document == "House"
    assert best.heading.startswith("The house > ")
    assert best.similarity is not None
    assert -1 <= best.similarity <= 1
    assert all(best.score >= passage.score for passage in rest)


async def test_words_alone_do_without_a_vector(database: Database, embedder: MiniLmEmbedder) -> None:
    business = await with_house(database, embedder)
    async with database.tenant_session(business.tenant_id) as session:
        found = await search(session, "what does the risotto cost, or -the- lamb & (shank)?", None, limit=5)
        assert {passage.text for passage in found} == {
            "Dish: Wild mushroom risotto; Price: $19.",
            "Dish: Lamb shank; Price: $27.",
        }
        assert all(passage.similarity is None and (passage.keyword_rank or 0) > 0 for passage in found)
        for nothing in ("", "the of and", "zeppelin", "' OR 1=1; --", "\\ : * ! <->"):
            assert await search(session, nothing, None, limit=5) == []


async def test_the_same_content_is_recognised(database: Database, embedder: MiniLmEmbedder) -> None:
    business = await with_house(database, embedder)
    before = await chunk_count(database, business)
    async with database.tenant_session(business.tenant_id) as session:
        (first,) = await list_documents(session)
        same = await ingest(
            session, business.tenant_id, title="House", text=f"\n{HOUSE}", kind="general", embedder=embedder
        )
        renamed = await ingest(
            session, business.tenant_id, title="Other name", text=HOUSE, kind="general", embedder=embedder
        )
        assert same.duplicate
        assert renamed.duplicate
        assert same.document_id == renamed.document_id == first.document_id
    assert await chunk_count(database, business) == before


async def test_the_same_title_is_replaced_whole_or_not_at_all(database: Database, embedder: MiniLmEmbedder) -> None:
    business = await with_house(database, embedder)
    async with database.tenant_session(business.tenant_id) as session:
        (before,) = await list_documents(session)
    with pytest.raises(ProviderError):
        async with database.tenant_session(business.tenant_id) as session:
            await ingest(session, business.tenant_id, title="House", text="New.", kind="general", embedder=Failing())
    async with database.tenant_session(business.tenant_id) as session:
        assert await list_documents(session) == [before]
        after = await ingest(
            session,
            business.tenant_id,
            title="House",
            text="Cats only, on weekdays.",
            kind="general",
            embedder=embedder,
        )
        assert (after.document_id, after.chunk_count, after.duplicate) == (before.document_id, 1, False)
        assert await search(session, "dogs", None, limit=3) == []
        assert len(await search(session, "cats", None, limit=3)) == 1
    assert await chunk_count(database, business) == 1


async def test_one_title_ingested_by_many_at_once_is_one_document(database: Database, embedder: MiniLmEmbedder) -> None:
    business = await make_business(database)

    async def put(number: int) -> None:
        async with database.tenant_session(business.tenant_id) as session:
            await ingest(
                session,
                business.tenant_id,
                title="Notice",
                text=f"Notice number {number} for everybody.",
                kind="general",
                embedder=embedder,
            )

    await asyncio.gather(*(put(number) for number in range(6)))
    async with database.tenant_session(business.tenant_id) as session:
        assert len(await list_documents(session)) == 1
    assert await chunk_count(database, business) == 1


async def test_nearer_passages_of_other_tenants_hide_nothing(database: Database, embedder: MiniLmEmbedder) -> None:
    ours, crowd = await with_house(database, embedder), await make_business(database)
    question = "Where do I park?"
    vector = (await embedder.embed([question]))[0]
    async with database.tenant_session(crowd.tenant_id) as session:
        text_of_many = "\n\n".join(f"Park your car at place number {n}, right at the door." for n in range(300))
        await ingest(session, crowd.tenant_id, title="Lot", text=text_of_many, kind="general", embedder=embedder)
    async with database.tenant_session(ours.tenant_id) as session:
        await session.execute(text("SET LOCAL enable_seqscan = off"))
        await session.execute(text("SET LOCAL enable_bitmapscan = off"))
        found = await search(session, question, vector, limit=4)
    assert len(found) == 4
    assert {passage.document for passage in found} == {"House"}
    assert "yard behind" in found[0].text


async def test_documents_are_bounded_and_deleted(database: Database, embedder: MiniLmEmbedder) -> None:
    business = await with_house(database, embedder)
    async with database.tenant_session(business.tenant_id) as session:
        for title, body, pointer in (
            ("", "x", "/title"),
            ("t" * 201, "x", "/title"),
            ("t", " \n ", "/text"),
            ("t", "# Heading only", "/text"),
            ("t", "x" * 2_000_001, "/text"),
        ):
            with pytest.raises(Unprocessable) as refused:
                await ingest(session, business.tenant_id, title=title, text=body, kind="general", embedder=embedder)
            assert [problem.pointer for problem in refused.value.problems] == [pointer]
        with pytest.raises(NotFound):
            await ingest(
                session,
                business.tenant_id,
                title="t",
                text="x y z",
                kind="general",
                embedder=embedder,
                agent_id=uuid7(),
            )
        (document,) = await list_documents(session)
        await delete_document(session, document.document_id)
        with pytest.raises(NotFound):
            await delete_document(session, document.document_id)
    assert await chunk_count(database, business) == 0


async def test_an_agents_own_document_goes_with_it(database: Database, embedder: MiniLmEmbedder) -> None:
    business = await with_house(database, embedder)
    async with database.tenant_session(business.tenant_id) as session:
        agent = await create_agent(
            session, business.tenant_id, name="Ada", kind=AgentKind.CUSTOM, settings=AgentSettings()
        )
        own = await ingest(
            session,
            business.tenant_id,
            title="House",
            text="Only for Ada.",
            kind="general",
            embedder=embedder,
            agent_id=agent.agent_id,
        )
        assert len(await list_documents(session)) == 2
        await delete_agent(session, agent.agent_id)
        assert [document.document_id for document in await list_documents(session)] != [own.document_id]
        assert len(await list_documents(session)) == 1


class Asking(MiniLmEmbedder):
    """Asks the database something whenever it embeds."""

    database: Database

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        await self.database.ping()
        return await super().embed(texts)


async def test_no_connection_is_kept_while_a_document_is_embedded(postgres: EmbeddedPostgres) -> None:
    embedder = Asking()
    embedder.database = Database(postgres.runtime_url, pool_size=1)
    try:
        business = await make_business(embedder.database)
        put = partial(take_in, embedder.database, embedder, business.tenant_id, title="House", kind="general")
        stored = await put(text=HOUSE)
        assert stored.chunk_count > 1
        again = await put(text=HOUSE)
        assert (again.document_id, again.duplicate) == (stored.document_id, True)
        with pytest.raises(NotFound):
            await put(text=HOUSE, agent_id=uuid7())
    finally:
        await embedder.database.dispose()


async def test_a_transaction_ended_for_idling_is_an_outage_and_no_fault_of_ours(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    business = await make_business(database)
    owner = Database(postgres.owner_url, pool_size=1)
    try:
        with pytest.raises(Unavailable):
            await _outlive_transaction(database, owner, business)
    finally:
        await owner.dispose()


async def _outlive_transaction(database: Database, owner: Database, business: Business) -> None:
    """Idle until the server, as `owner` sees it, has ended the transaction; then go on."""
    here = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    async with database.tenant_session(business.tenant_id) as session:
        pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 1"))
        alive = True
        while alive:
            async with owner.tenant_session(business.tenant_id) as watching:
                alive = (await watching.execute(here, {"pid": pid})).scalar_one() > 0
        await session.execute(text("SELECT 1"))
