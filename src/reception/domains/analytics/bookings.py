"""Reservations that were made, and those that were due."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.period import Period
from reception.domains.analytics.report import Report, ratio, report

_COUNTS = text(
    """
    SELECT width_bucket(created_at, CAST(:bounds AS timestamptz[])) AS bucket, true AS made, status,
        conversation_id IS NOT NULL AS by_agent, count(*) AS reservations, sum(party_size) AS guests
    FROM reservations
    WHERE created_at >= :since AND created_at < :until AND status NOT IN ('held', 'expired')
        AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
    GROUP BY 1, 2, 3, 4
    UNION ALL
    SELECT width_bucket(starts_at, CAST(:bounds AS timestamptz[])), false, status, conversation_id IS NOT NULL,
        count(*), sum(party_size)
    FROM reservations
    WHERE starts_at >= :since AND starts_at < :until AND status NOT IN ('held', 'expired')
        AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
    GROUP BY 1, 2, 3, 4
    """
)


@dataclass(frozen=True, slots=True)
class ReservationFigures:
    """`made` are those made in the time, `by_agent` the agent's among them, `statuses` what has become of them.
    `due` are those that begin in the time and were not cancelled, with `due_guests`; `no_show_share` is of those whose
    guests came or did not."""

    made: int = 0
    made_guests: int = 0
    by_agent: int = 0
    by_staff: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    due: int = 0
    due_guests: int = 0
    seated: int = 0
    no_shows: int = 0
    no_show_share: float | None = None


async def count_reservations(
    session: AsyncSession, period: Period, agent_id: UUID | None = None
) -> Report[ReservationFigures]:
    """Those of an agent are those that it made."""
    return report(period, (await session.execute(_COUNTS, period.parameters(agent_id))).all(), _figures)


def _figures(rows: Sequence[Row[Any]]) -> ReservationFigures:
    made = [row for row in rows if row.made]
    due = [row for row in rows if not row.made and row.status != "cancelled"]
    statuses: Counter[str] = Counter()
    for row in made:
        statuses[row.status] += row.reservations
    seated = sum(row.reservations for row in due if row.status == "seated")
    missed = sum(row.reservations for row in due if row.status == "no_show")
    total = sum(row.reservations for row in made)
    by_agent = sum(row.reservations for row in made if row.by_agent)
    return ReservationFigures(
        made=total,
        made_guests=sum(row.guests for row in made),
        by_agent=by_agent,
        by_staff=total - by_agent,
        statuses=dict(sorted(statuses.items())),
        due=sum(row.reservations for row in due),
        due_guests=sum(row.guests for row in due),
        seated=seated,
        no_shows=missed,
        no_show_share=ratio(missed, seated + missed),
    )
