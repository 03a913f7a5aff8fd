"""Reservations that were made, and those that were due."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.period import Period
from reception.domains.analytics.report import Report, ratio, report

_STATUSES = ("cancelled", "confirmed", "no_show", "seated")
_BY_STATUS = ", ".join(f"count(*) FILTER (WHERE status = '{status}') AS {status}" for status in _STATUSES)
_OF = """
    status NOT IN ('held', 'expired') AND (CAST(:agent_id AS uuid) IS NULL OR agent_id = CAST(:agent_id AS uuid))
"""
_COUNTS = text(
    f"""
    SELECT width_bucket(created_at, CAST(:bounds AS timestamptz[])) AS bucket, true AS made, count(*) AS reservations,
        sum(party_size) AS guests, count(conversation_id) AS by_agent, {_BY_STATUS}
    FROM reservations WHERE created_at >= :since AND created_at < :until AND {_OF}
    GROUP BY 1
    UNION ALL
    SELECT width_bucket(starts_at, CAST(:bounds AS timestamptz[])), false,
        count(*) FILTER (WHERE status <> 'cancelled'),
        coalesce(sum(party_size) FILTER (WHERE status <> 'cancelled'), 0), 0, {_BY_STATUS}
    FROM reservations WHERE starts_at >= :since AND starts_at < :until AND {_OF}
    GROUP BY 1
    """  # noqa: S608
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
    due = [row for row in rows if not row.made]
    statuses = {status: sum(getattr(row, status) for row in made) for status in _STATUSES}
    seated, missed = sum(row.seated for row in due), sum(row.no_show for row in due)
    total, by_agent = sum(row.reservations for row in made), sum(row.by_agent for row in made)
    return ReservationFigures(
        made=total,
        made_guests=sum(row.guests for row in made),
        by_agent=by_agent,
        by_staff=total - by_agent,
        statuses={status: times for status, times in statuses.items() if times},
        due=sum(row.reservations for row in due),
        due_guests=sum(row.guests for row in due),
        seated=seated,
        no_shows=missed,
        no_show_share=ratio(missed, seated + missed),
    )
