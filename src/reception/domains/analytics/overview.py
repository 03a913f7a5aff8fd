"""The figures that one looks at first, of everything."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.analytics.bookings import ReservationFigures, count_reservations
from reception.domains.analytics.calls import CallFigures, count_calls
from reception.domains.analytics.cost import CostFigures, add_up_cost
from reception.domains.analytics.leads import LeadFigures, count_leads
from reception.domains.analytics.period import Period
from reception.domains.analytics.report import Report
from reception.domains.analytics.times import LatencyFigures, measure_latency

_WAIT = "voice_to_voice"


@dataclass(frozen=True, slots=True)
class OverviewFigures:
    """See the figures of the same names in the other reports."""

    conversations: int
    calls: int
    chats: int
    containment: float | None
    handed_over: int
    duration_s_each: float | None
    reservations: int
    guests: int
    no_shows: int
    leads: int
    messages: int
    voice_to_voice_p50_ms: float | None
    voice_to_voice_p95_ms: float | None
    cost_usd: float
    cost_usd_each: float | None


async def look_over(session: AsyncSession, period: Period, agent_id: UUID | None = None) -> Report[OverviewFigures]:
    calls = await count_calls(session, period, agent_id)
    booked = await count_reservations(session, period, agent_id)
    leads = await count_leads(session, period, agent_id)
    waits = await measure_latency(session, period, agent_id, stages=(_WAIT,))
    cost, _ = await add_up_cost(session, period, agent_id, calls)
    series = zip(calls.series, booked.series, leads.series, waits.series, cost.series, strict=True)
    return Report(
        totals=_together(calls.totals, booked.totals, leads.totals, waits.totals, cost.totals),
        before=_together(calls.before, booked.before, leads.before, waits.before, cost.before),
        series=[
            (one[0], _together(one[1], booking[1], lead[1], wait[1], spent[1]))
            for one, booking, lead, wait, spent in series
        ],
    )


def _together(
    calls: CallFigures, booked: ReservationFigures, leads: LeadFigures, waits: LatencyFigures, cost: CostFigures
) -> OverviewFigures:
    waited = waits.stages.get(_WAIT)
    return OverviewFigures(
        conversations=calls.conversations,
        calls=calls.calls,
        chats=calls.chats,
        containment=calls.containment,
        handed_over=calls.handed_over,
        duration_s_each=calls.duration_s_each,
        reservations=booked.made,
        guests=booked.made_guests,
        no_shows=booked.no_shows,
        leads=leads.leads,
        messages=leads.messages,
        voice_to_voice_p50_ms=waited.p50_ms if waited else None,
        voice_to_voice_p95_ms=waited.p95_ms if waited else None,
        cost_usd=cost.cost_usd,
        cost_usd_each=cost.cost_usd_each,
    )
