"""Puts the demo businesses into the database, once, and keeps their documents current."""

from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from uuid import UUID

from reception.core.errors import Conflict, NotFound
from reception.db.database import Database
from reception.domains.agents import service as agents
from reception.domains.knowledge import service as knowledge
from reception.domains.reservations import service as reservations
from reception.domains.tenants import service as tenants
from reception.ports.business import AgentKind
from reception.ports.speech import Embedder
from reception.runtime.demo.businesses import DemoBusiness, DocumentSpec, demo_businesses
from reception.runtime.documents import take_in

_SOURCE = "demo"
"""Marks the documents that are ours to replace."""


@dataclass(frozen=True, slots=True)
class DemoAgent:
    """A demo agent as offered to visitors; `name` and `kind` as its owner may have changed them."""

    tenant_id: UUID
    agent_id: UUID
    slug: str
    name: str
    kind: AgentKind
    blurb: str
    sample_questions: tuple[str, ...]


async def seed_demo(database: Database, embedder: Embedder, now: datetime) -> list[DemoAgent]:
    """Create what is missing of the demo businesses, and say which agents there are.

    Safe on every start: a tenant that exists is left as it is, and its agents too. An agent that its owner has
    deleted, or a business whose slug another tenant has taken, is left out of the result. A document is stored again
    only when the shipped text has changed, and never over one that was ingested by somebody else under its title.

    Args:
        now: aware; the demo businesses' holidays are those of its year and the next.
    """
    offered = []
    for demo in demo_businesses(now.date()):
        try:
            await _create_once(database, demo)
        except Conflict:
            continue
        await _ingest_documents(database, embedder, demo)
        agent = await _offer(database, demo)
        if agent is not None:
            offered.append(agent)
    return offered


def document_text(slug: str, document: DocumentSpec) -> str:
    """The shipped Markdown of one document of the business `slug`."""
    return resources.files(__package__).joinpath("documents", slug, document.file).read_text(encoding="utf-8")


async def _create_once(database: Database, demo: DemoBusiness) -> None:
    """Create tenant, agent and resources in one transaction, unless the tenant exists."""
    async with database.tenant_session(demo.tenant_id) as session:
        try:
            await tenants.get_business(session)
            return
        except NotFound:
            pass
        await tenants.create_tenant(session, demo.tenant_id, demo.spec)
        await agents.create_agent(
            session,
            demo.tenant_id,
            name=demo.spec.name,
            kind=demo.agent_kind,
            settings=demo.settings,
            agent_id=demo.agent_id,
        )
        for resource in demo.resources:
            await reservations.create_resource(
                session,
                demo.tenant_id,
                kind=resource.kind,
                name=resource.name,
                place=resource.place,
                capacity=resource.capacity,
                attributes=resource.attributes,
                smallest_party=resource.smallest_party,
                joins=resource.joins,
                hours=resource.hours,
            )


async def _ingest_documents(database: Database, embedder: Embedder, demo: DemoBusiness) -> None:
    async with database.tenant_session(demo.tenant_id) as session:
        foreign = {stored.title for stored in await knowledge.list_documents(session) if stored.source != _SOURCE}
    for document in demo.documents:
        if document.title not in foreign:
            await take_in(
                database,
                embedder,
                demo.tenant_id,
                title=document.title,
                text=document_text(demo.spec.slug, document),
                kind=document.kind,
                source=_SOURCE,
            )


async def _offer(database: Database, demo: DemoBusiness) -> DemoAgent | None:
    async with database.tenant_session(demo.tenant_id) as session:
        try:
            agent = await agents.get_agent(session, demo.agent_id)
        except NotFound:
            return None
    return DemoAgent(
        tenant_id=demo.tenant_id,
        agent_id=agent.agent_id,
        slug=demo.spec.slug,
        name=agent.name,
        kind=agent.kind,
        blurb=demo.blurb,
        sample_questions=demo.sample_questions,
    )
