"""Adds up what is measured as it comes in, by the hour and by the day of the tenant's zone.

A time is counted in a bin that is 7 % wide, so that a percentile read from the bins is at most 3.5 % off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from math import floor, log, sqrt
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

STAGES = (
    "endpointing", "stt", "understanding", "retrieval", "llm_first_token", "tts_first_audio", "voice_to_voice",
)  # fmt: skip
_WIDTH = 1.07
_LEAST_MS = 0.1
BINS = 221

_ADD_TIMES = text(
    """
    INSERT INTO stage_times AS kept (tenant_id, grain, starts_at, stage, bin, agent_id, turns, total_ms)
    SELECT t.id, g.grain, date_trunc(g.grain, m.at, t.timezone), m.stage, m.bin, m.agent_id, count(*), sum(m.ms)
    FROM tenants t
    CROSS JOIN (VALUES ('hour'), ('day')) AS g (grain)
    CROSS JOIN unnest(
        CAST(:ats AS timestamptz[]), CAST(:agents AS uuid[]), CAST(:stages AS text[]), CAST(:bins AS smallint[]),
        CAST(:times AS float8[])
    ) AS m (at, agent_id, stage, bin, ms)
    WHERE t.id = :tenant_id
    GROUP BY 1, 2, 3, 4, 5, 6
    ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT ON CONSTRAINT stage_times_once
        DO UPDATE SET turns = kept.turns + excluded.turns, total_ms = kept.total_ms + excluded.total_ms
    """
)
_ADD_USAGE = text(
    """
    INSERT INTO usage_hours AS kept (
        tenant_id, starts_at, part, provider, agent_id, requests, units, cost_usd, unpriced
    )
    SELECT t.id, date_trunc('hour', m.at, t.timezone), m.part, m.provider, m.agent_id, sum(m.requests), sum(m.units),
        coalesce(sum(m.cost_usd), 0), count(*) FILTER (WHERE m.cost_usd IS NULL)
    FROM tenants t
    CROSS JOIN unnest(
        CAST(:ats AS timestamptz[]), CAST(:agents AS uuid[]), CAST(:parts AS text[]), CAST(:providers AS text[]),
        CAST(:requests AS bigint[]), CAST(:units AS float8[]), CAST(:costs AS float8[])
    ) AS m (at, agent_id, part, provider, requests, units, cost_usd)
    WHERE t.id = :tenant_id
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT ON CONSTRAINT usage_hours_once
        DO UPDATE SET requests = kept.requests + excluded.requests, units = kept.units + excluded.units,
            cost_usd = kept.cost_usd + excluded.cost_usd, unpriced = kept.unpriced + excluded.unpriced
    """
)


@dataclass(frozen=True, slots=True)
class StageTime:
    """One stage, of `STAGES`, of one turn that ended `at` (aware)."""

    at: datetime
    agent_id: UUID | None
    stage: str
    ms: float


@dataclass(frozen=True, slots=True)
class ProviderUse:
    """What a turn used of a provider; `cost_usd` is None where the price is not known."""

    at: datetime
    agent_id: UUID | None
    part: str
    provider: str
    requests: int
    units: float
    cost_usd: float | None


async def add_stage_times(session: AsyncSession, tenant_id: UUID, times: Sequence[StageTime]) -> None:
    """Count them; nothing for a tenant that is gone."""
    if not times:
        return
    await session.execute(
        _ADD_TIMES,
        {
            "tenant_id": tenant_id,
            "ats": [one.at for one in times],
            "agents": [one.agent_id for one in times],
            "stages": [one.stage for one in times],
            "bins": [bin_of(one.ms) for one in times],
            "times": [one.ms for one in times],
        },
    )


async def add_usage(session: AsyncSession, tenant_id: UUID, used: Sequence[ProviderUse]) -> None:
    """Add it up; nothing for a tenant that is gone."""
    if not used:
        return
    await session.execute(
        _ADD_USAGE,
        {
            "tenant_id": tenant_id,
            "ats": [one.at for one in used],
            "agents": [one.agent_id for one in used],
            "parts": [one.part for one in used],
            "providers": [one.provider for one in used],
            "requests": [one.requests for one in used],
            "units": [one.units for one in used],
            "costs": [one.cost_usd for one in used],
        },
    )


def bin_of(ms: float) -> int:
    """The bin in which a time is counted."""
    return min(max(floor(log(max(ms, _LEAST_MS) / _LEAST_MS) / log(_WIDTH)), 0), BINS - 1)


@cache
def time_of(number: int) -> float:
    """The middle of a bin, in milliseconds."""
    return round(_LEAST_MS * _WIDTH**number * sqrt(_WIDTH), 1)
