"""Create, read, change and delete agents."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, cast
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.db.violations import is_violation
from reception.domains.agents.models import AgentRow
from reception.ports.business import Agent, AgentKind, AgentSettings
from reception.ports.dialogue import Json

MOST_WORDS = 100
LONGEST_WORD = 60
"""Of the vocabulary; characters."""
_RANGES = {
    "voice_speed": (0.5, 2.0),
    "patience": (0.5, 3.0),
    "silence_prompt_s": (2.0, 60.0),
    "silence_prompts": (0, 5),
    "filler_after_ms": (200, 5000),
    "max_call_s": (30, 14_400),
    "recording_days": (1, 3650),
}
_LENGTHS = {"greeting": 500, "persona_name": 60, "voice": 60, "handoff_phone": 32, "recording_notice": 300}


async def create_agent(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    name: str,
    kind: AgentKind,
    settings: AgentSettings,
    agent_id: UUID | None = None,
) -> Agent:
    """Store a new agent, version 1.

    Raises:
        Unprocessable: a field is not valid.
        NotFound: there is no such tenant.
        Conflict: `agent_id` is taken.
    """
    agent = Agent(
        agent_id=agent_id or uuid7(),
        tenant_id=tenant_id,
        name=bounded(name, "/name", shortest=1, longest=120),
        kind=kind,
        settings=_validated(settings),
    )
    try:
        async with session.begin_nested():
            await session.execute(
                insert(AgentRow).values(
                    id=agent.agent_id,
                    tenant_id=tenant_id,
                    name=agent.name,
                    kind=kind.value,
                    settings=_settings_json(agent.settings),
                    version=agent.version,
                )
            )
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such business") from error
        if is_violation(error, UniqueViolation):
            raise Conflict("There is already an agent with this id") from error
        raise
    return agent


async def get_agent(session: AsyncSession, agent_id: UUID, *, to_change: bool = False) -> Agent:
    """One agent of the session's tenant; `to_change` keeps others from changing it until the session ends.

    Raises:
        NotFound: the tenant has no such agent.
    """
    wanted = select(AgentRow).where(AgentRow.id == agent_id).execution_options(populate_existing=True)
    found = await session.execute(wanted.with_for_update(key_share=True) if to_change else wanted)
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such agent")
    return _agent(row)


async def list_agents(session: AsyncSession) -> list[Agent]:
    """The tenant's agents, oldest first."""
    rows = await session.execute(select(AgentRow).order_by(AgentRow.id).execution_options(populate_existing=True))
    return [_agent(row) for row in rows.scalars()]


async def update_agent(
    session: AsyncSession, agent_id: UUID, *, name: str | None = None, settings: AgentSettings | None = None
) -> Agent:
    """Change an agent; its version goes up by one.

    Raises:
        NotFound: the tenant has no such agent.
        Unprocessable: a field is not valid.
    """
    changes: dict[str, object] = {"version": AgentRow.version + 1}
    if name is not None:
        changes["name"] = bounded(name, "/name", shortest=1, longest=120)
    if settings is not None:
        changes["settings"] = _settings_json(_validated(settings))
    await session.execute(
        update(AgentRow).where(AgentRow.id == agent_id).values(**changes).execution_options(synchronize_session=False)
    )
    return await get_agent(session, agent_id)


async def delete_agent(session: AsyncSession, agent_id: UUID) -> None:
    """Delete an agent and its own documents. Its conversations stay, without it.

    Raises:
        NotFound: the tenant has no such agent.
    """
    await get_agent(session, agent_id)
    await session.execute(delete(AgentRow).where(AgentRow.id == agent_id).execution_options(synchronize_session=False))


def _validated(settings: AgentSettings) -> AgentSettings:
    for name, (lowest, highest) in _RANGES.items():
        if not lowest <= getattr(settings, name) <= highest:
            raise refuse(f"/settings/{name}", f"must be {lowest} to {highest}")
    texts = {name: bounded(getattr(settings, name), f"/settings/{name}", longest=n) for name, n in _LENGTHS.items()}
    if len(settings.vocabulary) > MOST_WORDS:
        raise refuse("/settings/vocabulary", f"must have at most {MOST_WORDS} words")
    vocabulary = tuple(
        bounded(word, f"/settings/vocabulary/{index}", shortest=1, longest=LONGEST_WORD)
        for index, word in enumerate(settings.vocabulary)
    )
    return replace(settings, **cast("dict[str, Any]", texts), vocabulary=vocabulary)


def _settings_json(settings: AgentSettings) -> dict[str, Json]:
    return {**asdict(settings), "vocabulary": list(settings.vocabulary)}


def _settings_from(stored: Mapping[str, Json]) -> AgentSettings:
    known = {name: stored[name] for name in AgentSettings.__slots__ if name in stored}
    vocabulary = tuple(cast("Sequence[str]", known.pop("vocabulary", ())))
    return AgentSettings(**cast("dict[str, Any]", known), vocabulary=vocabulary)


def _agent(row: AgentRow) -> Agent:
    return Agent(
        agent_id=row.id,
        tenant_id=row.tenant_id,
        name=row.name,
        kind=AgentKind(row.kind),
        settings=_settings_from(row.settings),
        version=row.version,
    )
