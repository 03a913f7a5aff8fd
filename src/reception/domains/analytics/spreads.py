"""Times of stages, packed: a spread says how many turns took each bin, and of an hour or day that is over one row holds
a whole spread, so that a report reads a thirtieth of the rows.

What comes in is counted a row a bin (`tally`), and is packed once its hour or day is over. What comes later for such a
time is a row of its own again until the next packing; a report reads both in one statement, so that each time counts
once at every moment.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.tally import BINS

SPANS_AT_ONCE = 200
_OVER_AFTER = {"hour": timedelta(hours=1, minutes=10), "day": timedelta(hours=25, minutes=10)}
"""A day on which the clocks go back has 25 hours, and what a process holds back comes within seconds."""
_PAIR = np.dtype([("bin", "u1"), ("turns", ">u4")])

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:tenant_id, 5109))")
_LOOSE_TENANTS = text("SELECT tenants_with_loose_times(:hour, :day)")
_TAKE = text(
    """
    WITH spans AS (
        SELECT DISTINCT grain, starts_at FROM stage_times
        WHERE starts_at < CASE grain WHEN 'hour' THEN CAST(:hour AS timestamptz) ELSE CAST(:day AS timestamptz) END
        ORDER BY 2, 1 LIMIT :at_once
    )
    DELETE FROM stage_times AS loose USING spans
    WHERE loose.grain = spans.grain AND loose.starts_at = spans.starts_at
    RETURNING loose.grain, loose.stage, loose.starts_at, loose.agent_id, loose.bin, loose.turns, loose.total_ms
    """
)
_KEPT = text(
    """
    SELECT grain, stage, starts_at, agent_id, turns, total_ms FROM stage_spreads
    WHERE grain = ANY(CAST(:grains AS text[])) AND stage = ANY(CAST(:stages AS text[]))
        AND starts_at = ANY(CAST(:starts AS timestamptz[]))
    """
)
_KEEP = text(
    """
    INSERT INTO stage_spreads (tenant_id, grain, stage, starts_at, agent_id, turns, total_ms)
    SELECT CAST(:tenant_id AS uuid), packed.*
    FROM unnest(
        CAST(:grains AS text[]), CAST(:stages AS text[]), CAST(:starts AS timestamptz[]), CAST(:agents AS uuid[]),
        CAST(:turns AS bytea[]), CAST(:totals AS float8[])
    ) AS packed
    ON CONFLICT ON CONSTRAINT stage_spreads_once
        DO UPDATE SET turns = excluded.turns, total_ms = excluded.total_ms
    """
)

_Key = tuple[str, str, datetime, UUID | None]


class _Spread:
    """Of one stage in one hour or day."""

    def __init__(self) -> None:
        self.turns = np.zeros(BINS, np.int64)
        self.total_ms = 0.0


def pack(turns: NDArray[np.int64]) -> bytes:
    """`turns` has `BINS` counts, of which those that are not 0 are kept."""
    bins = turns.nonzero()[0]
    pairs = np.empty(bins.size, _PAIR)
    pairs["bin"], pairs["turns"] = bins, turns[bins]
    return pairs.tobytes()


def add_packed(into: NDArray[np.float64], rows: Sequence[int], packed: Sequence[bytes]) -> None:
    """Add packed spreads to the rows of `into` that `rows` names one by one; `into` is (rows, BINS)."""
    pairs = np.frombuffer(b"".join(packed), _PAIR)
    where = np.repeat(np.asarray(rows, np.int64), [len(one) // _PAIR.itemsize for one in packed])
    counted = np.bincount(where * BINS + pairs["bin"], pairs["turns"], into.size)
    into += counted.reshape(into.shape)


async def tenants_with_loose_times(session: AsyncSession, now: datetime) -> list[UUID]:
    """Whose times are to be packed; `session` may be of no tenant."""
    return list((await session.execute(_LOOSE_TENANTS, _over(now))).scalars())


async def pack_times(session: AsyncSession, tenant_id: UUID, now: datetime) -> int:
    """Pack the oldest hours and days that are over, in the tenant's own session. Returns how many they were,
    `SPANS_AT_ONCE` at most; none while another process is at it."""
    if not (await session.execute(_LOCK, {"tenant_id": str(tenant_id)})).scalar_one():
        return 0
    spreads: dict[_Key, _Spread] = defaultdict(_Spread)
    for grain, stage, starts_at, agent_id, number, turns, total_ms in await session.execute(
        _TAKE, {**_over(now), "at_once": SPANS_AT_ONCE}
    ):
        spread = spreads[grain, stage, starts_at, agent_id]
        spread.turns[number] += turns
        spread.total_ms += total_ms
    spans = {(grain, starts_at) for grain, _, starts_at, _ in spreads}
    if spans:
        await _add_kept(session, spreads)
        await session.execute(_KEEP, {"tenant_id": tenant_id, **_columns(spreads)})
    return len(spans)


async def _add_kept(session: AsyncSession, spreads: Mapping[_Key, _Spread]) -> None:
    """What was packed of them before. Nobody else changes it while the lock is held."""
    grains, stages, starts, _ = map(set, zip(*spreads, strict=True))
    found = {"grains": list(grains), "stages": list(stages), "starts": list(starts)}
    for grain, stage, starts_at, agent_id, packed, total_ms in await session.execute(_KEPT, found):
        spread = spreads.get((grain, stage, starts_at, agent_id))
        if spread is not None:
            pairs = np.frombuffer(packed, _PAIR)
            spread.turns[pairs["bin"]] += pairs["turns"]
            spread.total_ms += total_ms


def _columns(spreads: Mapping[_Key, _Spread]) -> dict[str, list[object]]:
    grains, stages, starts, agents = zip(*spreads, strict=True)
    return {
        "grains": list(grains),
        "stages": list(stages),
        "starts": list(starts),
        "agents": list(agents),
        "turns": [pack(spread.turns) for spread in spreads.values()],
        "totals": [spread.total_ms for spread in spreads.values()],
    }


def _over(now: datetime) -> dict[str, datetime]:
    """Before when an hour and a day must have begun to be over."""
    return {grain: now - after for grain, after in _OVER_AFTER.items()}
