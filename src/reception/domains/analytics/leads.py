"""Leads and messages that came in, and what has become of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.period import Period
from reception.domains.analytics.report import Report, ratio, report

_COUNTS = text(
    """
    SELECT width_bucket(created_at, CAST(:bounds AS timestamptz[])) AS bucket, kind, stage, count(*) AS leads
    FROM leads WHERE created_at >= :since AND created_at < :until
        AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
    GROUP BY 1, 2, 3
    """
)
_MESSAGES = frozenset({"message", "callback", "waitlist_offer"})


@dataclass(frozen=True, slots=True)
class LeadFigures:
    """`messages` are messages and callbacks, which count among the `leads` but are not `won` or `lost`; `conversion` is
    the share of won ones in those that are won or lost."""

    leads: int = 0
    messages: int = 0
    kinds: Mapping[str, int] = field(default_factory=dict)
    stages: Mapping[str, int] = field(default_factory=dict)
    won: int = 0
    lost: int = 0
    conversion: float | None = None


async def count_leads(session: AsyncSession, period: Period, agent_id: UUID | None = None) -> Report[LeadFigures]:
    """Those of an agent are those that it took first."""
    return report(period, (await session.execute(_COUNTS, period.parameters(agent_id))).all(), _figures)


def _figures(rows: Sequence[Sequence[Any]]) -> LeadFigures:
    kinds: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for _, kind, stage, leads in rows:
        kinds[kind] += leads
        stages[stage] += leads
        if kind not in _MESSAGES:
            ends[stage] += leads
    return LeadFigures(
        leads=sum(kinds.values()),
        messages=sum(times for kind, times in kinds.items() if kind in _MESSAGES),
        kinds=dict(sorted(kinds.items())),
        stages=dict(sorted(stages.items())),
        won=ends["won"],
        lost=ends["lost"],
        conversion=ratio(ends["won"], ends["won"] + ends["lost"]),
    )
