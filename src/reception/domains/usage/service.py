"""Record what was used, and add it up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import Row, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.violations import is_violation
from reception.domains.usage.models import UsageRow


@dataclass(frozen=True, slots=True)
class Used:
    """What one turn used of one provider.

    `units` are seconds of audio for `stt`, characters for `tts`, tokens otherwise; `cost_usd` is an estimate, None
    where the price is not known. `at` is aware UTC. `id` tells it from all others, however often it is stored.
    """

    conversation_id: UUID
    agent_id: UUID
    turn: int
    part: str
    provider: str
    requests: int
    units: float
    cost_usd: float | None
    at: datetime
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class Total:
    """What was used of one provider, in a time, by an agent, or in a turn. `unpriced` says that some has no price."""

    agent_id: UUID | None
    turn: int | None
    part: str
    provider: str
    requests: int
    units: float
    cost_usd: float
    unpriced: bool


async def record(session: AsyncSession, tenant_id: UUID, used: Sequence[Used]) -> list[Used]:
    """Store what was used, in the tenant's own session. Those that were not stored before: whether a commit that was
    broken off has been made is not known, and nothing may count twice.

    Raises:
        NotFound: the tenant is gone.
    """
    names = [name for name in Used.__slots__ if name != "at"]
    rows = [
        {
            "tenant_id": tenant_id,
            "day": one.at.date(),
            **{name: getattr(one, name) for name in names},
        }
        for one in used
    ]
    if not rows:
        return []
    else_nothing = insert(UsageRow).on_conflict_do_nothing(index_elements=[UsageRow.tenant_id, UsageRow.id])
    try:
        new = set((await session.execute(else_nothing.returning(UsageRow.id), rows)).scalars())
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such tenant") from error
        raise
    return [one for one in used if one.id in new]


async def totals(session: AsyncSession, *, since: date, until: date, agent_id: UUID | None = None) -> list[Total]:
    """The tenant's usage from the day `since` to the day `until`, both counted, by agent and provider, the dearest
    first."""
    wanted = _summed(UsageRow.agent_id).where(UsageRow.day.between(since, until))
    if agent_id is not None:
        wanted = wanted.where(UsageRow.agent_id == agent_id)
    rows = (await session.execute(wanted)).all()
    found = [_total(row, agent_id=row[0]) for row in rows]
    return sorted(found, key=lambda total: (-total.cost_usd, total.provider))


async def of_conversation(session: AsyncSession, conversation_id: UUID) -> list[Total]:
    """What each turn of a conversation used, in order."""
    wanted = _summed(UsageRow.turn).where(UsageRow.conversation_id == conversation_id).order_by(UsageRow.turn)
    rows = (await session.execute(wanted)).all()
    return [_total(row, turn=row[0]) for row in rows]


def _total(row: Row[Any], *, agent_id: UUID | None = None, turn: int | None = None) -> Total:
    return Total(
        agent_id=agent_id,
        turn=turn,
        part=row.part,
        provider=row.provider,
        requests=row.requests,
        units=row.units,
        cost_usd=row.cost or 0.0,
        unpriced=row.priced < row.counted,
    )


def _summed(by: InstrumentedAttribute[Any]) -> Select[Any]:
    return select(
        by,
        UsageRow.part,
        UsageRow.provider,
        func.sum(UsageRow.requests).label("requests"),
        func.sum(UsageRow.units).label("units"),
        func.sum(UsageRow.cost_usd).label("cost"),
        func.count(UsageRow.cost_usd).label("priced"),
        func.count().label("counted"),
    ).group_by(by, UsageRow.part, UsageRow.provider)
