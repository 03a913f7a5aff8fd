"""What one caller was told is told to the next who asks the same, by any process, until it may no longer be true."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from reception.core.clock import FixedClock
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.dialogue.conversation import GraphDialogue
from reception.dialogue.tools.answers import LIFETIME, AnswerShelf
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.agents.service import create_agent, update_agent
from reception.domains.knowledge import service as knowledge
from reception.domains.tenants.service import update_tenant
from reception.ports.answers import Answer, CacheLevel
from reception.ports.business import Agent, AgentKind, AgentSettings, Business, OpeningHours
from reception.ports.dialogue import CallerTurn, Channel, PreparedTurn, Say
from reception.runtime.conversations import ConversationFactory
from reception.runtime.returning import LostCallers
from tests.support.demo import RememberingEmbedder, embedder
from tests.support.postgres import make_business

__all__ = ["embedder"]

NOW = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
MENU = """# Soups

Tomato soup is $9.

Lentil soup is $8.

# Parking

Parking behind the house is free for our guests.
"""
SOUP = "How much is the tomato soup?"


class Replica:
    """One process of an installation."""

    def __init__(self, url: str, embedder: RememberingEmbedder) -> None:
        self.database = Database(url)
        self.clock = FixedClock(NOW)
        understanding = LocalUnderstanding(embedder)
        self.factory = ConversationFactory(self.database, understanding, embedder, self.clock, LostCallers())

    async def meet(self, house: "House", channel: Channel = "chat") -> GraphDialogue:
        wired = await self.factory.find_agent(house.business.tenant_id, house.agent.agent_id)
        return await self.factory.start(wired, channel)

    async def ask(self, house: "House", question: str) -> tuple[str, str]:
        """What a new caller is told, and from which level of the cache it came."""
        return await said_to(await self.meet(house), question)


async def prepared(dialogue: GraphDialogue, question: str) -> PreparedTurn:
    return await dialogue.prepare(CallerTurn(dialogue.next_turn, question, "chat"))


async def said_to(dialogue: GraphDialogue, question: str) -> tuple[str, str]:
    turn = await prepared(dialogue, question)
    parts = [part.text async for part in dialogue.commit(turn) if isinstance(part, Say)]
    return " ".join(parts), turn.cache


@dataclass(frozen=True)
class House:
    business: Business
    agent: Agent


@pytest_asyncio.fixture
async def replicas(postgres: EmbeddedPostgres, embedder: RememberingEmbedder) -> AsyncIterator[tuple[Replica, Replica]]:
    """Two, with nothing in common but the database."""
    both = Replica(postgres.runtime_url, embedder), Replica(postgres.runtime_url, embedder)
    yield both
    for each in both:
        await each.database.dispose()


async def open_house(replica: Replica, embedder: RememberingEmbedder, menu: str = MENU) -> House:
    business = await make_business(replica.database)
    async with replica.database.tenant_session(business.tenant_id) as session:
        agent = await create_agent(
            session, business.tenant_id, name="Ada", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
    house = House(business, agent)
    await put_menu(replica, house, embedder, menu)
    return house


async def put_menu(replica: Replica, house: House, embedder: RememberingEmbedder, menu: str) -> UUID:
    tenant_id = house.business.tenant_id
    async with replica.database.tenant_session(tenant_id) as session:
        document = await knowledge.ingest(session, tenant_id, title="Menu", text=menu, kind="menu", embedder=embedder)
    return document.document_id


async def kept(replica: Replica, house: House) -> list[str]:
    """The questions whose answers are in the database, without their marks."""
    async with replica.database.tenant_session(house.business.tenant_id) as session:
        questions = (await session.execute(text("SELECT question FROM answer_cache ORDER BY question"))).scalars()
    return [question.rstrip("?") for question in questions]


async def test_the_next_caller_is_told_the_same_by_any_process(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one, two = replicas
    house = await open_house(one, embedder)
    first, level = await one.ask(house, SOUP)
    assert "$9" in first
    assert level == CacheLevel.MISS
    for replica, question, expected in (
        (one, SOUP, CacheLevel.PROCESS),
        (two, "how much is the tomato soup", CacheLevel.DATABASE),
        (two, "Um, how much is the tomato soup, please?", CacheLevel.PROCESS),
        (two, "What does the tomato soup cost?", CacheLevel.SEMANTIC),
        (two, "What does the tomato soup cost?", CacheLevel.PROCESS),
        (two, "How much is the lentil soup?", CacheLevel.MISS),
    ):
        said, level = await replica.ask(house, question)
        assert level == expected, question
        assert said == first or "$8" in said


async def test_an_answer_rests_on_the_same_passages_when_it_is_given_again(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one, two = replicas
    house = await open_house(one, embedder)
    told = [(await prepared(await each.meet(house), SOUP)).preview for each in replicas]
    assert told[0][0].citations
    await one.ask(house, SOUP)
    again = await prepared(await two.meet(house), SOUP)
    assert again.cache == CacheLevel.DATABASE
    assert again.preview == told[0]


@pytest.mark.parametrize("asked", [0, 1])
async def test_a_changed_document_is_what_the_very_next_caller_hears_of_everywhere(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder, asked: int
) -> None:
    house = await open_house(replicas[0], embedder)
    for replica in replicas:
        await replica.ask(house, SOUP)
        assert "$9" in (await replica.ask(house, SOUP))[0]
    document_id = await put_menu(replicas[0], house, embedder, MENU.replace("$9", "$12"))
    said, level = await replicas[asked].ask(house, SOUP)
    assert ("$12" in said, level) == (True, CacheLevel.MISS)
    async with replicas[0].database.tenant_session(house.business.tenant_id) as session:
        await knowledge.delete_document(session, document_id)
    for replica in replicas:
        said, level = await replica.ask(house, SOUP)
        assert "$" not in said
    assert (await replicas[asked].factory.answers.stats(house.business.tenant_id)).counts.stale_prevented >= 2


@pytest.mark.parametrize("what", ["hours", "agent"])
async def test_changed_hours_and_a_changed_agent_end_what_was_kept_before(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder, what: str
) -> None:
    one, two = replicas
    house = await open_house(one, embedder)
    await one.ask(house, SOUP)
    before = await two.meet(house)
    async with one.database.tenant_session(house.business.tenant_id) as session:
        if what == "hours":
            await update_tenant(session, hours=OpeningHours(weekly=((),) * 7))
        else:
            await update_agent(session, house.agent.agent_id, name="Grace")
    assert (await two.ask(house, SOUP))[1] == CacheLevel.MISS
    # Who has called before the change still talks with the old agent: what it says is for nobody else.
    assert (await said_to(before, "Is parking free?"))[1] == CacheLevel.MISS
    await before.close("done")
    assert await kept(two, house) == [SOUP.rstrip("?")]
    assert (await one.ask(house, SOUP))[1] == CacheLevel.DATABASE


async def test_what_was_prepared_and_dropped_leaves_nothing(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one, two = replicas
    house = await open_house(one, embedder)
    dialogue = await one.meet(house, "voice")
    dropped = await prepared(dialogue, SOUP)
    assert dropped.cache == CacheLevel.MISS
    assert await said_to(dialogue, "Is parking free?")
    await dialogue.close("done")
    assert await kept(one, house) == ["Is parking free"]
    assert (await prepared(await two.meet(house), SOUP)).cache == CacheLevel.MISS
    counts = (await one.factory.answers.stats(house.business.tenant_id)).counts
    assert (counts.misses, counts.process_hits) == (1, 0)


@pytest.mark.parametrize(
    "question",
    [
        "Is parking free with my reservation?",
        "Is the tomato soup on tonight?",
        "I am at 212 555 0142, is parking free?",
        "My name is Ann Lee, how much is the tomato soup?",
        "Is parking free for Bartholomew?",
    ],
)
async def test_what_is_personal_or_of_the_moment_is_not_kept(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder, question: str
) -> None:
    one, _ = replicas
    house = await open_house(one, embedder)
    dialogue = await one.meet(house)
    await said_to(dialogue, question)
    await dialogue.close("done")
    assert await kept(one, house) == []


async def test_within_a_booking_nothing_is_taken_from_others_or_kept_for_them(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one, _ = replicas
    house = await open_house(one, embedder)
    await one.ask(house, "Is parking free?")
    dialogue = await one.meet(house)
    await said_to(dialogue, "I would like to book a table for two")
    said, level = await said_to(dialogue, "Is parking free?")
    assert "free" in said
    assert level == ""
    await said_to(dialogue, SOUP)
    await dialogue.close("done")
    assert await kept(one, house) == ["Is parking free"]


async def test_no_other_tenant_or_agent_gets_it(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one, two = replicas
    house, neighbour = await open_house(one, embedder), await open_house(one, embedder, MENU.replace("$9", "$7"))
    await one.ask(house, SOUP)
    for replica in replicas:
        assert "$7" in (await replica.ask(neighbour, SOUP))[0]
    assert await kept(one, neighbour) == [SOUP.rstrip("?")]
    async with two.database.tenant_session(house.business.tenant_id) as session:
        other = await create_agent(
            session, house.business.tenant_id, name="Max", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
    assert (await one.ask(House(house.business, other), SOUP))[1] == CacheLevel.MISS


async def test_an_answer_lasts_a_day(replicas: tuple[Replica, Replica], embedder: RememberingEmbedder) -> None:
    house = await open_house(replicas[0], embedder)
    await replicas[0].ask(house, SOUP)
    for replica in replicas:
        replica.clock.advance(LIFETIME + timedelta(seconds=1))
        assert (await prepared(await replica.meet(house), SOUP)).cache == CacheLevel.MISS


async def test_the_counts_add_up_over_processes_and_clearing_reaches_them_all(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one, two = replicas
    house = await open_house(one, embedder)
    for replica in (one, one, two, two):
        dialogue = await replica.meet(house)
        await said_to(dialogue, SOUP)
        await dialogue.close("done")
    await two.factory.answers.flush()
    stats = await one.factory.answers.stats(house.business.tenant_id)
    counts = stats.counts
    assert (counts.misses, counts.process_hits, counts.database_hits, counts.semantic_hits) == (1, 2, 1, 0)
    assert (stats.entries, stats.since is not None) == (1, True)
    await two.factory.answers.clear(house.business.tenant_id)
    for replica in replicas:
        assert (await prepared(await replica.meet(house), SOUP)).cache == CacheLevel.MISS
    assert (await one.factory.answers.stats(house.business.tenant_id)).entries == 0


async def test_the_shelf_of_a_process_is_bounded(replicas: tuple[Replica, Replica]) -> None:
    one, _ = replicas
    shelf = AnswerShelf(one.database, one.clock, most=3)
    tenant = UUID(int=1)
    for number in range(9):
        shelf.put(tenant, bytes([number]), b"key", Answer((Say("Yes."),), 1.0))
        shelf.get(tenant, bytes([0]))
    assert len(shelf) == 3
    assert shelf.get(tenant, bytes([0])) is not None
    assert shelf.get(tenant, bytes([6])) is None
