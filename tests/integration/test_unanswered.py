"""What could not be answered is counted by meaning, without a trace of who asked."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.agents.service import create_agent, delete_agent
from reception.domains.knowledge import unanswered
from reception.domains.knowledge.unanswered import UnansweredQuestion
from reception.jobs.unanswered import Placement
from reception.jobs.worker import JobWorker
from reception.ports.business import AgentKind, AgentSettings, Business
from reception.providers.embedded.embeddings import MiniLmEmbedder
from tests.support.postgres import make_business


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return MiniLmEmbedder()


class Questions:
    """Those of one business."""

    def __init__(self, database: Database, business: Business, agents: list[UUID], worker: JobWorker) -> None:
        self.database = database
        self.tenant_id = business.tenant_id
        self.agents = agents
        self.worker = worker

    async def ask(self, question: str, agent: int = 0, conversation_id: UUID | None = None) -> None:
        async with self.database.tenant_session(self.tenant_id) as session:
            await unanswered.record(
                session,
                self.tenant_id,
                self.agents[agent],
                question,
                conversation_id=conversation_id or uuid7(),
                turn=3,
            )

    async def listed(
        self, agent: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> list[UnansweredQuestion]:
        await self.worker.run_waiting()
        async with self.database.tenant_session(self.tenant_id) as session:
            return list(
                await unanswered.list_unanswered(
                    session, agent_id=None if agent is None else self.agents[agent], since=since, until=until
                )
            )


@pytest.fixture
async def questions(database: Database, postgres: EmbeddedPostgres, embedder: MiniLmEmbedder) -> Questions:
    business = await make_business(database)
    agents = []
    async with database.tenant_session(business.tenant_id) as session:
        for name in ("Ada", "Bea"):
            agent = await create_agent(
                session, business.tenant_id, name=name, kind=AgentKind.CUSTOM, settings=AgentSettings()
            )
            agents.append(agent.agent_id)
    worker = JobWorker(postgres.runtime_url, database, [Placement(database, embedder).task])
    return Questions(database, business, agents, worker)


async def test_they_are_listed_by_how_often_they_were_asked_in_any_words(questions: Questions) -> None:
    for question in ("Do you have a sauna?", "do you have a SAUNA", "Is there a sauna here?", "Can I rent skis?"):
        await questions.ask(question)
    sauna, skis = await questions.listed()
    assert (sauna.times, skis.times) == (3, 1)
    assert sauna.wordings == ("Do you have a sauna?", "Is there a sauna here?")
    assert skis.wordings == ("Can I rent skis?",)


async def test_a_turn_that_is_stored_again_counts_once(questions: Questions) -> None:
    conversation_id = uuid7()
    for _ in range(3):
        await questions.ask("Do you have a sauna?", conversation_id=conversation_id)
    (sauna,) = await questions.listed()
    assert sauna.times == 1


async def test_by_agent_and_period(questions: Questions) -> None:
    await questions.ask("Do you have a sauna?", agent=0)
    await questions.ask("Can I rent skis?", agent=1)
    assert [each.wordings for each in await questions.listed(agent=1)] == [("Can I rent skis?",)]
    now, day = datetime.now(UTC), timedelta(days=1)
    assert len(await questions.listed(since=now - day, until=now + day)) == 2
    assert await questions.listed(since=now + day) == []
    assert await questions.listed(until=now - day) == []
    async with questions.database.tenant_session(questions.tenant_id) as session:
        await delete_agent(session, questions.agents[1])
    assert len(await questions.listed()) == 1


async def test_what_was_dismissed_does_not_come_back_in_other_words(questions: Questions) -> None:
    await questions.ask("Do you have a sauna?")
    (sauna,) = await questions.listed()
    async with questions.database.tenant_session(questions.tenant_id) as session:
        await unanswered.dismiss(session, sauna.group_id)
        with pytest.raises(NotFound):
            await unanswered.dismiss(session, sauna.group_id)
    await questions.ask("Do you have a sauna?")
    await questions.ask("Is there a sauna here?")
    assert await questions.listed() == []


async def test_another_tenant_sees_and_dismisses_nothing(questions: Questions) -> None:
    await questions.ask("Do you have a sauna?")
    (sauna,) = await questions.listed()
    other = await make_business(questions.database)
    async with questions.database.tenant_session(other.tenant_id) as session:
        assert list(await unanswered.list_unanswered(session)) == []
        with pytest.raises(NotFound):
            await unanswered.dismiss(session, sauna.group_id)
