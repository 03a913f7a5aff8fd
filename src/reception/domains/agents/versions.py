"""An agent's life in versions: drafts, publishing, and going back.

Versions only ever go up. What a version was stays stored, so that a conversation can be read, and go on, with the
version it began with; going back publishes an old content anew.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import null, select
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.domains.agents.content import AgentContent
from reception.domains.agents.models import AgentVersionRow
from reception.domains.agents.service import StoredAgent, content_of, publish, read_agent, write
from reception.ports.business import Agent, AgentSettings
from reception.ports.definition import AgentDefinition


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """When a version was published (aware UTC), what was noted of it, and which older one it `restores`, if it does."""

    version: int
    published_at: datetime
    note: str
    restores: int | None


async def save_draft(
    session: AsyncSession,
    agent_id: UUID,
    *,
    name: str | None = None,
    settings: AgentSettings | None = None,
    definition: AgentDefinition | None = None,
) -> StoredAgent:
    """Change the draft, which begins as what is published. Calls are not affected.

    Raises:
        NotFound: the tenant has no such agent.
        Unprocessable: a field is not valid.
    """
    stored = await read_agent(session, agent_id, to_change=True)
    content = content_of(stored.draft or stored.agent).changed(name, settings, definition)
    await write(session, agent_id, draft=content.validated(stored.agent.kind).columns())
    return await read_agent(session, agent_id)


async def discard_draft(session: AsyncSession, agent_id: UUID) -> None:
    """Raises `NotFound` for an agent that the tenant does not have. Nothing happens where there is no draft."""
    stored = await read_agent(session, agent_id, to_change=True)
    if stored.draft is not None:
        await write(session, agent_id, draft=null())


async def publish_draft(session: AsyncSession, agent_id: UUID, *, note: str = "") -> Agent:
    """Make the draft the version that takes calls.

    Raises:
        NotFound: the tenant has no such agent.
        Conflict: there is no draft.
        Unprocessable: the note is too long.
    """
    stored = await read_agent(session, agent_id, to_change=True)
    if stored.draft is None:
        raise Conflict("There is no draft to publish: make one with PATCH /agents/{id}?draft=true.")
    content = content_of(stored.draft).validated(stored.agent.kind)
    return await publish(session, stored, content, note=note, draft=null())


async def roll_back(session: AsyncSession, agent_id: UUID, version: int, *, note: str = "") -> Agent:
    """Publish the content of an older `version` again, under a new number. The draft, if there is one, stays.

    Raises:
        NotFound: the tenant has no such agent, or the agent no such version.
        Conflict: it is the version that takes calls now.
        Unprocessable: what was valid then is not now, or the note is too long.
    """
    stored = await read_agent(session, agent_id, to_change=True)
    if version == stored.agent.version:
        raise Conflict(f"Version {version} is the one that takes calls now.")
    old = await get_version(session, agent_id, version)
    content = content_of(old).validated(stored.agent.kind)
    return await publish(session, stored, content, note=note, restores=version)


async def list_versions(
    session: AsyncSession, agent_id: UUID, *, limit: int | None = None, before: int | None = None
) -> list[PublishedVersion]:
    """The versions that are kept, newest first; `before` is the last of the page before.

    Raises:
        NotFound: the tenant has no such agent.
    """
    await read_agent(session, agent_id)
    columns = (AgentVersionRow.version, AgentVersionRow.published_at, AgentVersionRow.note, AgentVersionRow.restores)
    wanted = select(*columns).where(AgentVersionRow.agent_id == agent_id)
    if before is not None:
        wanted = wanted.where(AgentVersionRow.version < before)
    rows = await session.execute(wanted.order_by(AgentVersionRow.version.desc()).limit(limit))
    return [PublishedVersion(row.version, row.published_at, row.note, row.restores) for row in rows]


async def get_version(session: AsyncSession, agent_id: UUID, version: int) -> Agent:
    """The agent as `version` was.

    Raises:
        NotFound: the tenant has no such agent, or the agent no such version.
    """
    agent = (await read_agent(session, agent_id)).agent
    if version == agent.version:
        return agent
    found = await session.execute(
        select(AgentVersionRow).where(AgentVersionRow.agent_id == agent_id, AgentVersionRow.version == version)
    )
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound(f"The agent has no version {version}")
    content = AgentContent.read({"name": row.name, "settings": row.settings, "definition": row.definition})
    return Agent(agent_id, row.tenant_id, content.name, agent.kind, content.settings, row.version, content.definition)
