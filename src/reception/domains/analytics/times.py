"""How long callers wait, stage by stage, and when a fallback stood in."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.period import BEFORE, Bucket, Period
from reception.domains.analytics.report import Report
from reception.domains.analytics.tally import BINS, STAGES, time_of

_WHOLE = 0
_TIMES = text(
    """
    SELECT width_bucket(starts_at, CAST(:bounds AS timestamptz[])) AS bucket, stage,
        array_agg(bin::int) AS bins, array_agg(turns::int) AS turns, sum(total_ms) AS total_ms
    FROM stage_times
    WHERE grain = :grain AND starts_at >= :since AND starts_at < :until
        AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
        AND stage = ANY(CAST(:stages AS text[]))
    GROUP BY 1, 2
    """
)
_IN_MEMORY = text("SET LOCAL work_mem = '64MB'")
_SHARES = np.array((0.5, 0.9, 0.95, 0.99))
_SWITCHES = text(
    """
    SELECT CASE WHEN e.created_at >= :start THEN :whole ELSE :before END AS bucket, e.data->>'part' AS part,
        count(*) AS times
    FROM conversation_events e JOIN conversations c ON c.id = e.conversation_id
    WHERE e.kind = 'switch' AND e.created_at >= :since AND e.created_at < :until
        AND (CAST(:agent_id AS uuid) IS NULL OR c.agent_id = CAST(:agent_id AS uuid))
    GROUP BY 1, 2
    """
)


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Milliseconds; percentiles are at most 3.5 % off."""

    turns: int
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """Of turns of calls. `voice_to_voice` is what the caller waits: from the end of their speech to the first sound of
    the reply; the other stages are parts of it, and partly go on at once."""

    turns: int = 0
    stages: Mapping[str, StageFigures] = field(default_factory=dict)


@dataclass(slots=True)
class _Spread:
    """Times of one stage: how many turns took each bin."""

    turns: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BINS))
    total_ms: float = 0.0

    def add(self, other: "_Spread") -> None:
        self.turns += other.turns
        self.total_ms += other.total_ms

    def figures(self) -> StageFigures:
        up_to = self.turns.cumsum()
        turns = int(up_to[-1])
        percentiles = map(time_of, up_to.searchsorted(_SHARES * turns).tolist())
        return StageFigures(turns, round(self.total_ms / turns, 1), *percentiles)


_Spreads = Mapping[int, Mapping[str, _Spread]]


async def measure_latency(
    session: AsyncSession, period: Period, agent_id: UUID | None = None, stages: Sequence[str] = STAGES
) -> Report[LatencyFigures]:
    shared = {"until": period.end, "agent_id": agent_id, "stages": list(stages)}
    if period.bucket is Bucket.HOUR:
        # The rows of days are a tenth of those of hours, and the period before is told as a whole.
        days = {"bounds": [period.before, period.start], "since": period.before, "grain": "day"}
        before = (await _spreads(session, {**days, **shared, "until": period.start})).get(BEFORE)
        each = await _spreads(session, {"bounds": period.bounds(), "since": period.start, "grain": "hour", **shared})
    else:
        each = await _spreads(session, {"bounds": period.bounds(), "since": period.before, "grain": "day", **shared})
        before = each.get(BEFORE)
    return Report(
        totals=_figures(_together(each)),
        before=_figures(before),
        series=[(start, _figures(each.get(number))) for number, start in enumerate(period.starts(), start=BEFORE + 1)],
    )


async def _spreads(session: AsyncSession, values: Mapping[str, Any]) -> _Spreads:
    by_bucket: dict[int, dict[str, _Spread]] = defaultdict(dict)
    # The lists are guessed to be much longer than they are, and all rows would be sorted first.
    await session.execute(_IN_MEMORY)
    for bucket, stage, bins, turns, total_ms in await session.execute(_TIMES, values):
        by_bucket[bucket][stage] = _Spread(np.bincount(bins, turns, BINS).astype(np.float64, copy=False), total_ms)
    return by_bucket


def _together(spreads: _Spreads) -> Mapping[str, _Spread]:
    """Of the whole period."""
    whole: dict[str, _Spread] = defaultdict(_Spread)
    for bucket, stages in spreads.items():
        if bucket > BEFORE:
            for stage, spread in stages.items():
                whole[stage].add(spread)
    return whole


async def count_switches(
    session: AsyncSession, period: Period, agent_id: UUID | None = None
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """How often another provider stood in, by the part it does: in the period, and in the one before."""
    values = {**period.parameters(agent_id), "start": period.start, "before": BEFORE, "whole": _WHOLE}
    del values["bounds"]
    found: dict[int, dict[str, int]] = {_WHOLE: {}, BEFORE: {}}
    for row in await session.execute(_SWITCHES, values):
        found[row.bucket][row.part or "other"] = row.times
    return found[_WHOLE], found[BEFORE]


def _figures(stages: Mapping[str, _Spread] | None) -> LatencyFigures:
    known = {stage: spread.figures() for stage, spread in sorted((stages or {}).items())}
    return LatencyFigures(max((one.turns for one in known.values()), default=0), known)
