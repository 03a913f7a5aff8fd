"""Create, read, change and delete agents. What is read here is what is published; see `versions` for drafts."""

from dataclasses import dataclass
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded
from reception.db.violations import is_violation
from reception.domains.agents.content import LONGEST_WORD, MOST_PRONUNCIATIONS, MOST_WORDS, AgentContent
from reception.domains.agents.models import AgentRow, AgentVersionRow
from reception.ports.business import Agent, AgentKind, AgentSettings
from reception.ports.definition import AgentDefinition

__all__ = [
    "LONGEST_NOTE", "LONGEST_WORD", "MOST_PRONUNCIATIONS", "MOST_WORDS", "StoredAgent", "content_of", "create_agent",
    "delete_agent", "get_agent", "list_agents", "list_stored", "publish", "read_agent", "update_agent", "write",
]  # fmt: skip

MOST_VERSIONS = 500
"""The oldest beyond them are dropped."""
LONGEST_NOTE = 200


@dataclass(frozen=True, slots=True)
class StoredAgent:
    """What is published of an agent, and its draft, None where there is none. `revision` counts all its changes."""

    agent: Agent
    draft: Agent | None
    revision: int


async def create_agent(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    name: str,
    kind: AgentKind,
    settings: AgentSettings,
    definition: AgentDefinition | None = None,
    agent_id: UUID | None = None,
) -> Agent:
    """Store a new agent, version 1.

    Raises:
        Unprocessable: a field is not valid.
        NotFound: there is no such tenant.
        Conflict: `agent_id` is taken.
    """
    content = AgentContent(name, settings, definition or AgentDefinition()).validated(kind)
    agent_id = agent_id or uuid7()
    try:
        async with session.begin_nested():
            await session.execute(
                insert(AgentRow).values(
                    id=agent_id, tenant_id=tenant_id, kind=kind.value, version=1, **content.columns()
                )
            )
            await session.execute(
                insert(AgentVersionRow).values(
                    agent_id=agent_id, version=1, tenant_id=tenant_id, note="", **content.columns()
                )
            )
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such business") from error
        if is_violation(error, UniqueViolation):
            raise Conflict("There is already an agent with this id") from error
        raise
    return Agent(agent_id, tenant_id, content.name, kind, content.settings, 1, content.definition)


async def get_agent(session: AsyncSession, agent_id: UUID) -> Agent:
    """One agent of the session's tenant, as it is published.

    Raises:
        NotFound: the tenant has no such agent.
    """
    return (await read_agent(session, agent_id)).agent


async def read_agent(session: AsyncSession, agent_id: UUID, *, to_change: bool = False) -> StoredAgent:
    """An agent with its draft; `to_change` keeps others from changing it until the session ends.

    Raises:
        NotFound: the tenant has no such agent.
    """
    wanted = select(AgentRow).where(AgentRow.id == agent_id).execution_options(populate_existing=True)
    found = await session.execute(wanted.with_for_update(key_share=True) if to_change else wanted)
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such agent")
    return _stored(row)


async def list_agents(session: AsyncSession) -> list[Agent]:
    """The tenant's agents, oldest first, as they are published."""
    return [stored.agent for stored in await list_stored(session)]


async def list_stored(
    session: AsyncSession, *, limit: int | None = None, after: UUID | None = None
) -> list[StoredAgent]:
    """The tenant's agents with their drafts, oldest first; `after` is the last of the page before."""
    wanted = select(AgentRow).order_by(AgentRow.id).limit(limit).execution_options(populate_existing=True)
    if after is not None:
        wanted = wanted.where(AgentRow.id > after)
    return [_stored(row) for row in (await session.execute(wanted)).scalars()]


async def update_agent(
    session: AsyncSession,
    agent_id: UUID,
    *,
    name: str | None = None,
    settings: AgentSettings | None = None,
    definition: AgentDefinition | None = None,
) -> Agent:
    """Change what is published, as a new version.

    Raises:
        NotFound: the tenant has no such agent.
        Unprocessable: a field is not valid.
        Conflict: there is a draft, which would undo the change when it is published.
    """
    stored = await read_agent(session, agent_id, to_change=True)
    if stored.draft is not None:
        raise Conflict(
            "There is a draft: change it with ?draft=true, publish it, or discard it with DELETE /agents/{id}/draft."
        )
    content = content_of(stored.agent).changed(name, settings, definition)
    return await publish(session, stored, content.validated(stored.agent.kind))


async def delete_agent(session: AsyncSession, agent_id: UUID) -> None:
    """Delete an agent, its versions and its own documents. Its conversations stay, without it.

    Raises:
        NotFound: the tenant has no such agent.
    """
    await get_agent(session, agent_id)
    await session.execute(delete(AgentRow).where(AgentRow.id == agent_id).execution_options(synchronize_session=False))


def _stored(row: AgentRow) -> StoredAgent:
    kind = AgentKind(row.kind)

    def agent(content: AgentContent) -> Agent:
        return Agent(row.id, row.tenant_id, content.name, kind, content.settings, row.version, content.definition)

    published = {"name": row.name, "settings": row.settings, "definition": row.definition}
    draft = None if row.draft is None else agent(AgentContent.read(row.draft))
    return StoredAgent(agent(AgentContent.read(published)), draft, row.revision)


async def publish(
    session: AsyncSession,
    stored: StoredAgent,
    content: AgentContent,
    *,
    note: str = "",
    restores: int | None = None,
    **changes: object,
) -> Agent:
    """Make `content`, which is valid, the next version of `stored`, which is locked, with other `changes` of its row.

    Raises:
        Unprocessable: the note is too long.
    """
    agent = stored.agent
    version = agent.version + 1
    await write(session, agent.agent_id, version=version, **content.columns(), **changes)
    await session.execute(
        insert(AgentVersionRow).values(
            agent_id=agent.agent_id,
            version=version,
            tenant_id=agent.tenant_id,
            note=bounded(note, "/note", longest=LONGEST_NOTE),
            restores=restores,
            **content.columns(),
        )
    )
    await session.execute(
        delete(AgentVersionRow)
        .where(AgentVersionRow.agent_id == agent.agent_id, AgentVersionRow.version <= version - MOST_VERSIONS)
        .execution_options(synchronize_session=False)
    )
    return Agent(
        agent.agent_id, agent.tenant_id, content.name, agent.kind, content.settings, version, content.definition
    )


async def write(session: AsyncSession, agent_id: UUID, **changes: object) -> None:
    """Change columns of an agent's row; its revision goes up."""
    await session.execute(
        update(AgentRow)
        .where(AgentRow.id == agent_id)
        .values(revision=AgentRow.revision + 1, **changes)
        .execution_options(synchronize_session=False)
    )


def content_of(agent: Agent) -> AgentContent:
    return AgentContent(agent.name, agent.settings, agent.definition)
