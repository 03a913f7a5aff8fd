"""How long callers wait, stage by stage, and when a fallback stood in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.period import BEFORE, Bucket, Period
from reception.domains.analytics.report import Report
from reception.domains.analytics.spreads import add_packed
from reception.domains.analytics.tally import BINS, STAGES, time_of

_WHOLE = 0
_OF = """
    grain = :grain AND starts_at >= :since AND starts_at < :until
    AND stage = ANY(CAST(:stages AS text[]))
    AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
"""
_TIMES = text(
    f"""
    SELECT width_bucket(starts_at, CAST(:bounds AS timestamptz[])) AS bucket, stage, sum(total_ms) AS total_ms,
        string_agg(turns, ''::bytea) AS packed, NULL::smallint AS bin, NULL::bigint AS turns
    FROM stage_spreads WHERE {_OF} GROUP BY 1, 2
    UNION ALL
    SELECT width_bucket(starts_at, CAST(:bounds AS timestamptz[])), stage, sum(total_ms),
        NULL, bin, sum(turns)::bigint
    FROM stage_times WHERE {_OF} GROUP BY 1, 2, bin
    """  # noqa: S608
)
_SHARES = (0.5, 0.9, 0.95, 0.99)
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


class _Spreads:
    """How many turns took each bin: of each stage in each bucket, `BEFORE` the first."""

    def __init__(self, buckets: int, stages: Sequence[str]) -> None:
        self._stages = sorted(stages)
        self._buckets = buckets
        self.turns = np.zeros((buckets * len(self._stages), BINS))
        self.total_ms = np.zeros(buckets * len(self._stages))

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """What `_TIMES` yields."""
        packed: tuple[list[int], list[bytes]] = ([], [])
        for bucket, stage, total_ms, spread, number, turns in rows:
            where = (bucket - BEFORE) * len(self._stages) + self._stages.index(stage)
            self.total_ms[where] += total_ms
            if spread is None:
                self.turns[where, number] += turns
            else:
                packed[0].append(where)
                packed[1].append(spread)
        add_packed(self.turns, *packed)

    def figures(self) -> list[LatencyFigures]:
        """Of each bucket, and last of all but the first together."""
        each = self.turns.reshape(self._buckets, -1, BINS)
        totals = self.total_ms.reshape(self._buckets, -1)
        return _figures(
            self._stages,
            np.concatenate((each, each[1:].sum(axis=0, keepdims=True))),
            np.concatenate((totals, totals[1:].sum(axis=0, keepdims=True))),
        )


async def measure_latency(
    session: AsyncSession, period: Period, agent_id: UUID | None = None, stages: Sequence[str] = STAGES
) -> Report[LatencyFigures]:
    spreads = _Spreads(len(period.starts()) + 1, stages)
    shared = {"until": period.end, "agent_id": agent_id, "stages": list(stages), "bounds": period.bounds()}
    if period.bucket is Bucket.HOUR:
        # The rows of days are a tenth of those of hours, and the period before is told as a whole.
        days = {**shared, "grain": "day", "since": period.before, "until": period.start}
        spreads.add(await session.execute(_TIMES, days))
        spreads.add(await session.execute(_TIMES, {**shared, "grain": "hour", "since": period.start}))
    else:
        spreads.add(await session.execute(_TIMES, {**shared, "grain": "day", "since": period.before}))
    before, *each, totals = spreads.figures()
    return Report(totals=totals, before=before, series=list(zip(period.starts(), each, strict=True)))


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


def _figures(stages: Sequence[str], turns: NDArray[np.float64], total_ms: NDArray[np.float64]) -> list[LatencyFigures]:
    """`turns` is (buckets, stages, BINS), `total_ms` (buckets, stages)."""
    up_to = turns.cumsum(axis=2)
    counted = up_to[:, :, -1]
    means = np.round(total_ms / np.maximum(counted, 1), 1)
    # The first bin up to which there are so many turns.
    numbers = np.stack([(up_to < share * counted[..., None]).sum(axis=2) for share in _SHARES], axis=2)
    told: list[LatencyFigures] = []
    for known, mean_ms, bins in zip(counted.astype(int).tolist(), means.tolist(), numbers.tolist(), strict=True):
        those = {
            stage: StageFigures(known[at], mean_ms[at], *map(time_of, bins[at]))
            for at, stage in enumerate(stages)
            if known[at]
        }
        told.append(LatencyFigures(max(known), those))
    return told
