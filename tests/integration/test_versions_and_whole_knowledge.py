"""What answers depend on is counted with every change, and an agent that knows little is given whole."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.dialogue.tools.whole import AgentKnowledge, KnowledgePrefixes
from reception.domains.agents.service import create_agent, delete_agent, update_agent
from reception.domains.knowledge import service as knowledge
from reception.domains.knowledge.whole import read_versions
from reception.domains.reservations.service import create_resource
from reception.domains.tenants.service import delete_tenant, get_business, update_tenant
from reception.ports.business import Agent, AgentKind, AgentSettings, Bookable, OpeningHours
from reception.ports.knowledge import Versions
from tests.support.postgres import make_business

CLOSED = OpeningHours(weekly=((),) * 7)


class EvenEmbedder:
    """Every text has the same meaning: here only words are looked at."""

    model = "even"
    dimensions = 384

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), 384), 384**-0.5, np.float32)


async def _agent(database: Database, tenant_id: UUID) -> Agent:
    async with database.tenant_session(tenant_id) as session:
        return await create_agent(session, tenant_id, name="Ada", kind=AgentKind.RECEPTIONIST, settings=AgentSettings())


async def _put(database: Database, tenant_id: UUID, title: str, words: str, agent_id: UUID | None = None) -> UUID:
    async with database.tenant_session(tenant_id) as session:
        document = await knowledge.ingest(
            session, tenant_id, title=title, text=words, kind="general", embedder=EvenEmbedder(), agent_id=agent_id
        )
    return document.document_id


async def _versions(database: Database, agent: Agent) -> Versions:
    async with database.tenant_session(agent.tenant_id) as session:
        return await read_versions(session, agent.agent_id)


async def test_each_change_is_counted_where_it_belongs(database: Database) -> None:
    business = await make_business(database)
    agent = await _agent(database, business.tenant_id)
    first = await _versions(database, agent)

    document_id = await _put(database, business.tenant_id, "Menu", "Soup is $9.")
    added = await _versions(database, agent)
    assert added == replace(first, knowledge=first.knowledge + 1)
    await _put(database, business.tenant_id, "Menu", "Soup is $9.")
    assert await _versions(database, agent) == added, "nothing has changed"
    await _put(database, business.tenant_id, "Menu", "Soup is $10.")
    changed = await _versions(database, agent)
    assert changed.knowledge > added.knowledge
    async with database.tenant_session(business.tenant_id) as session:
        await knowledge.delete_document(session, document_id)
    assert (await _versions(database, agent)).knowledge > changed.knowledge

    async with database.tenant_session(business.tenant_id) as session:
        closed = await update_tenant(session, hours=CLOSED)
    after_hours = await _versions(database, agent)
    assert after_hours.business == first.business + 1 == closed.version
    async with database.tenant_session(business.tenant_id) as session:
        await create_resource(session, business.tenant_id, kind=Bookable.TABLE, name="1", place="Garden", capacity=2)
        assert (await get_business(session)).version > closed.version

    async with database.tenant_session(business.tenant_id) as session:
        await update_agent(session, agent.agent_id, name="Grace")
    assert (await _versions(database, agent)).agent == first.agent + 1


async def test_what_is_undone_is_not_counted_and_everything_can_still_be_deleted(database: Database) -> None:
    business = await make_business(database)
    agent = await _agent(database, business.tenant_id)
    before = await _versions(database, agent)
    async with database.tenant_session(business.tenant_id) as session:
        await knowledge.ingest(
            session, business.tenant_id, title="Menu", text="Soup.", kind="general", embedder=EvenEmbedder()
        )
        await session.rollback()
    assert await _versions(database, agent) == before

    other = await _agent(database, business.tenant_id)
    await _put(database, business.tenant_id, "For one", "Soup is $9.", other.agent_id)
    async with database.tenant_session(business.tenant_id) as session:
        await delete_agent(session, other.agent_id)
    assert (await _versions(database, agent)).knowledge == before.knowledge + 2
    await _put(database, business.tenant_id, "For all", "Soup is $9.")
    async with database.tenant_session(business.tenant_id) as session:
        await create_resource(session, business.tenant_id, kind=Bookable.TABLE, name="1", place="", capacity=2)
    async with database.tenant_session(business.tenant_id) as session:
        await delete_tenant(session)
    async with database.tenant_session(business.tenant_id) as session:
        assert (await session.execute(text("SELECT count(*) FROM knowledge_documents"))).scalar_one() == 0


async def test_little_knowledge_is_given_whole_in_the_same_order_until_it_changes(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    business, stranger = await make_business(database), await make_business(database)
    agent, other = await _agent(database, business.tenant_id), await _agent(database, business.tenant_id)
    whole = AgentKnowledge(KnowledgePrefixes(database), business.tenant_id, agent.agent_id)
    assert await whole.whole() is None, "nothing is known"

    await _put(database, business.tenant_id, "Menu", "# Starters\n\nTomato soup is $9.\n\n# Mains\n\nCod is $20.")
    await _put(database, business.tenant_id, "House rules", "Dogs are welcome on the terrace.", agent.agent_id)
    await _put(database, business.tenant_id, "Secrets of another agent", "The vault is open.", other.agent_id)
    await _put(database, stranger.tenant_id, "Secrets of another house", "The safe is open.")
    first = await whole.whole()
    assert first is not None
    assert [passage.text for passage in first.passages] == [
        "Dogs are welcome on the terrace.",
        "Tomato soup is $9.",
        "Cod is $20.",
    ]
    assert [passage.document for passage in first.passages] == ["House rules", "Menu", "Menu"]

    replica = Database(postgres.runtime_url)
    elsewhere = AgentKnowledge(KnowledgePrefixes(replica), business.tenant_id, agent.agent_id)
    assert (await elsewhere.whole()) == first
    assert (await whole.whole()) is first, "read from the database once"
    await _put(database, business.tenant_id, "Menu", "# Starters\n\nTomato soup is $10.")
    for each in (whole, elsewhere):
        changed = await each.whole()
        assert changed is not None
        assert [passage.text for passage in changed.passages if passage.document == "Menu"] == ["Tomato soup is $10."]
    await replica.dispose()


async def test_knowledge_beyond_the_budget_is_not_given_whole(database: Database) -> None:
    business = await make_business(database)
    agent = await _agent(database, business.tenant_id)
    whole = AgentKnowledge(KnowledgePrefixes(database, budget_tokens=60), business.tenant_id, agent.agent_id)
    await _put(database, business.tenant_id, "Menu", "Tomato soup is $9.")
    assert await whole.whole() is not None
    await _put(database, business.tenant_id, "Story", "The house was built by a sailor. " * 12)
    assert await whole.whole() is None
    nobody = AgentKnowledge(KnowledgePrefixes(database), business.tenant_id, uuid7())
    assert await nobody.whole() is None
