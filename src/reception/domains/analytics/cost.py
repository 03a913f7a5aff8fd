"""What providers were used, and what that cost by list prices."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.calls import CallFigures, count_calls
from reception.domains.analytics.period import BEFORE, Period
from reception.domains.analytics.report import Report, report

_COSTS = text(
    """
    SELECT width_bucket(starts_at, CAST(:bounds AS timestamptz[])) AS bucket, part, provider,
        sum(requests)::bigint AS requests, sum(units) AS units, sum(cost_usd) AS cost_usd,
        sum(unpriced)::bigint AS unpriced
    FROM usage_hours
    WHERE starts_at >= :since AND starts_at < :until
        AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
    GROUP BY 1, 2, 3
    """
)


@dataclass(frozen=True, slots=True)
class CostFigures:
    """`unpriced` are the uses whose price is not known, which `cost_usd` leaves out; `parts` is the cost of each of
    stt, tts, llm and the like. `cost_usd_each` is by the `conversations` that began in the time."""

    cost_usd: float = 0.0
    cost_usd_each: float | None = None
    conversations: int = 0
    requests: int = 0
    unpriced: int = 0
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProviderCost:
    """`units` are seconds of audio for `stt`, characters for `tts`, tokens otherwise."""

    part: str
    provider: str
    requests: int
    units: float
    cost_usd: float
    unpriced: int


async def add_up_cost(
    session: AsyncSession, period: Period, agent_id: UUID | None = None, calls: Report[CallFigures] | None = None
) -> tuple[Report[CostFigures], list[ProviderCost]]:
    """The figures, and those of each provider in the period, the dearest first. `calls` are the period's, where they
    are known."""
    rows = (await session.execute(_COSTS, period.parameters(agent_id))).all()
    spent = report(period, rows, _figures)
    calls = calls or await count_calls(session, period, agent_id)
    each = Report(
        totals=_shared(spent.totals, calls.totals),
        before=_shared(spent.before, calls.before),
        series=[
            (start, _shared(figures, those))
            for (start, figures), (_, those) in zip(spent.series, calls.series, strict=True)
        ],
    )
    return each, _by_provider([row for row in rows if row.bucket > BEFORE])


def _shared(spent: CostFigures, calls: CallFigures) -> CostFigures:
    each = round(spent.cost_usd / calls.conversations, 6) if calls.conversations else None
    return replace(spent, conversations=calls.conversations, cost_usd_each=each)


def _figures(rows: Sequence[Sequence[Any]]) -> CostFigures:
    cost_usd, requests, unpriced = 0.0, 0, 0
    parts: dict[str, float] = defaultdict(float)
    for _, part, _, asked, _, spent_usd, unknown in rows:
        cost_usd += spent_usd
        requests += asked
        unpriced += unknown
        parts[part] += spent_usd
    return CostFigures(
        cost_usd=round(cost_usd, 6),
        requests=requests,
        unpriced=unpriced,
        parts={part: round(spent_usd, 6) for part, spent_usd in sorted(parts.items())},
    )


def _by_provider(rows: Sequence[Sequence[Any]]) -> list[ProviderCost]:
    used: dict[tuple[str, str], list[tuple[int, float, float, int]]] = defaultdict(list)
    for _, part, provider, *amounts in rows:
        used[part, provider].append((amounts[0], amounts[1], amounts[2], amounts[3]))
    found = []
    for (part, provider), those in used.items():
        requests, units, cost_usd, unpriced = map(sum, zip(*those, strict=True))
        found.append(ProviderCost(part, provider, requests, units, round(cost_usd, 6), unpriced))
    return sorted(found, key=lambda one: (-one.cost_usd, one.part, one.provider))
