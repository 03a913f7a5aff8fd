"""Figures over time, in the business's own days, beside those of the period before. docs/ANALYTICS.md says what each
means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Query, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.schemas import LocalDay, Response
from reception.api.services import ServicesDep
from reception.api.tables import columns_of, write_csv
from reception.api.unanswered import Unanswered
from reception.domains.analytics import bookings, calls, cost, leads, overview, times
from reception.domains.analytics.bookings import ReservationFigures
from reception.domains.analytics.calls import BusyHour, CallFigures, Intent, KnowledgeFigures
from reception.domains.analytics.cost import CostFigures, ProviderCost
from reception.domains.analytics.leads import LeadFigures
from reception.domains.analytics.overview import OverviewFigures
from reception.domains.analytics.period import Bucket, Period
from reception.domains.analytics.report import Report
from reception.domains.analytics.times import LatencyFigures
from reception.domains.knowledge import unanswered
from reception.domains.tenants.service import get_business
from reception.runtime.principal import Scope

router = APIRouter(prefix="/analytics", tags=["analytics"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.ANALYTICS_READ))]
_Figures = TypeVar("_Figures")
_CSV = "text/csv"
_DAYS = 30
_MOST_QUESTIONS = 20


class Interval(Response, Generic[_Figures]):
    starts_at: datetime
    figures: _Figures


class ReportRead(Response, Generic[_Figures]):
    """`before` is of as many days before the period, and `change` how much each plain figure differs from it, as a
    share of it: 0.25 is a quarter more. `series` has every bucket, empty ones too."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    timezone: str
    bucket: Bucket
    totals: _Figures
    before: _Figures
    change: dict[str, float | None]
    series: list[Interval[_Figures]]

    @classmethod
    def values(cls, asked: "Asked", report: Report[Any]) -> dict[str, Any]:
        period = asked.period
        return {
            "first": period.first,
            "last": period.last,
            "timezone": period.zone.key,
            "bucket": period.bucket,
            "totals": report.totals,
            "before": report.before,
            "change": dict(report.changes()),
            "series": [{"starts_at": start, "figures": figures} for start, figures in report.series],
        }


class CallsRead(ReportRead[CallFigures]):
    """`busiest_hours` are the hours of the week in which most conversations begin."""

    intents: list[Intent]
    busiest_hours: list[BusyHour]


class KnowledgeRead(ReportRead[KnowledgeFigures]):
    """`top_unanswered` are the questions that most often found no answer in the period."""

    top_unanswered: list[Unanswered]


class LatencyRead(ReportRead[LatencyFigures]):
    """`switches` are fallbacks to another provider, by the part that it does."""

    switches: dict[str, int]
    switches_before: dict[str, int]


class CostRead(ReportRead[CostFigures]):
    providers: list[ProviderCost]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be told, and how."""

    tenant_id: UUID
    period: Period
    as_csv: bool


async def asked(
    services: ServicesDep,
    where: _Reader,
    first: Annotated[LocalDay | None, Query(alias="from", description="First local day; 30 days by default")] = None,
    last: Annotated[LocalDay | None, Query(alias="to", description="Last local day; today by default")] = None,
    bucket: Annotated[
        Bucket, Query(description="At most 14 days by the hour, 400 by the day, 1100 by the week or month")
    ] = Bucket.DAY,
    format: Annotated[Literal["json", "csv"] | None, Query(description="The series as a table")] = None,  # noqa: A002
    accept: Annotated[str, Header(max_length=500)] = "application/json",
) -> Asked:
    async with services.database.tenant_session(where.tenant_id) as session:
        zone = ZoneInfo((await get_business(session)).timezone)
    last = last or services.clock.now().astimezone(zone).date()
    first = first or last - timedelta(days=_DAYS - 1)
    as_csv = format == "csv" or (format is None and _CSV in accept)
    return Asked(where.tenant_id, Period(first, last, bucket, zone), as_csv)


_Asked = Annotated[Asked, Depends(asked)]
_Agent = Annotated[UUID | None, Query(description="Of one agent only")]
_TOLD: dict[int | str, dict[str, Any]] = {status.HTTP_200_OK: {"content": {_CSV: {"schema": {"type": "string"}}}}}


@router.get(
    "/overview", summary="The figures to look at first", response_model=ReportRead[OverviewFigures], responses=_TOLD
)
async def read_overview(
    services: ServicesDep, what: _Asked, agent_id: _Agent = None
) -> ReportRead[OverviewFigures] | Answer:
    async with services.database.tenant_session(what.tenant_id) as session:
        report = await overview.look_over(session, what.period, agent_id)
    if what.as_csv:
        return _table("overview", what, report)
    return ReportRead[OverviewFigures](**ReportRead.values(what, report))


@router.get("/calls", summary="Conversations and what came of them", response_model=CallsRead, responses=_TOLD)
async def read_calls(services: ServicesDep, what: _Asked, agent_id: _Agent = None) -> CallsRead | Answer:
    async with services.database.tenant_session(what.tenant_id) as session:
        report = await calls.count_calls(session, what.period, agent_id)
        if what.as_csv:
            return _table("calls", what, report)
        intents = await calls.count_intents(session, what.period, agent_id)
        hours = await calls.busy_hours(session, what.period, agent_id)
    return CallsRead(**CallsRead.values(what, report), intents=intents, busiest_hours=hours)


@router.get(
    "/reservations",
    summary="Reservations made, and those due",
    response_model=ReportRead[ReservationFigures],
    responses=_TOLD,
)
async def read_reservations(
    services: ServicesDep, what: _Asked, agent_id: _Agent = None
) -> ReportRead[ReservationFigures] | Answer:
    async with services.database.tenant_session(what.tenant_id) as session:
        report = await bookings.count_reservations(session, what.period, agent_id)
    if what.as_csv:
        return _table("reservations", what, report)
    return ReportRead[ReservationFigures](**ReportRead.values(what, report))


@router.get("/leads", summary="Leads and messages", response_model=ReportRead[LeadFigures], responses=_TOLD)
async def read_leads(services: ServicesDep, what: _Asked, agent_id: _Agent = None) -> ReportRead[LeadFigures] | Answer:
    async with services.database.tenant_session(what.tenant_id) as session:
        report = await leads.count_leads(session, what.period, agent_id)
    if what.as_csv:
        return _table("leads", what, report)
    return ReportRead[LeadFigures](**ReportRead.values(what, report))


@router.get("/knowledge", summary="Questions, and what found no answer", response_model=KnowledgeRead, responses=_TOLD)
async def read_knowledge(services: ServicesDep, what: _Asked, agent_id: _Agent = None) -> KnowledgeRead | Answer:
    period = what.period
    async with services.database.tenant_session(what.tenant_id) as session:
        report = await calls.count_questions(session, period, agent_id)
        if what.as_csv:
            return _table("knowledge", what, report)
        open_questions = await unanswered.list_unanswered(
            session, agent_id=agent_id, since=period.start, until=period.end, limit=_MOST_QUESTIONS
        )
    return KnowledgeRead(
        **KnowledgeRead.values(what, report), top_unanswered=[Unanswered.of(one) for one in open_questions]
    )


@router.get("/latency", summary="How long callers wait, by stage", response_model=LatencyRead, responses=_TOLD)
async def read_latency(services: ServicesDep, what: _Asked, agent_id: _Agent = None) -> LatencyRead | Answer:
    async with services.database.tenant_session(what.tenant_id) as session:
        report = await times.measure_latency(session, what.period, agent_id)
        if what.as_csv:
            return _table("latency", what, report)
        now, before = await times.count_switches(session, what.period, agent_id)
    return LatencyRead(**LatencyRead.values(what, report), switches=dict(now), switches_before=dict(before))


@router.get("/cost", summary="What providers cost, by list prices", response_model=CostRead, responses=_TOLD)
async def read_cost(services: ServicesDep, what: _Asked, agent_id: _Agent = None) -> CostRead | Answer:
    async with services.database.tenant_session(what.tenant_id) as session:
        report, providers = await cost.add_up_cost(session, what.period, agent_id)
    if what.as_csv:
        return _table("cost", what, report)
    return CostRead(**CostRead.values(what, report), providers=providers)


def _table(name: str, what: Asked, report: Report[Any]) -> Answer:
    """A row for each bucket; a column that only some buckets have is 0 in the others, or empty."""
    rows = [(start.isoformat(), columns_of(figures)) for start, figures in report.series]
    columns = list(dict.fromkeys(column for _, row in rows for column in row))
    body = write_csv(("starts_at", *columns), [_cells(start, row, columns) for start, row in rows])
    file = f"{name}-{what.period.first}-{what.period.last}.csv"
    return Answer(body, media_type=_CSV, headers={"Content-Disposition": f'attachment; filename="{file}"'})


def _cells(start: str, row: Any, columns: Sequence[str]) -> list[object]:
    return [start, *(row.get(column, 0 if "." in column else "") for column in columns)]
