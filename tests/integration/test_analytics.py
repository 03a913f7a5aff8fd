"""Figures over time: in the business's own days, beside the period before, and never another's."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import text

from reception.core.errors import Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.analytics.bookings import count_reservations
from reception.domains.analytics.calls import busy_hours, count_calls, count_intents, count_questions
from reception.domains.analytics.cost import add_up_cost
from reception.domains.analytics.leads import count_leads
from reception.domains.analytics.overview import look_over
from reception.domains.analytics.period import Bucket, Period
from reception.domains.analytics.tally import ProviderUse, StageTime, add_stage_times, add_usage
from reception.domains.analytics.times import measure_latency
from reception.domains.leads.service import Stage, create_lead, update_lead
from reception.ports.business import Business
from reception.ports.tools import CreateLead
from tests.support.postgres import make_business

NEW_YORK = ZoneInfo("America/New_York")
_PUT = text(
    """
    INSERT INTO conversation_facts VALUES (
        :id, :tenant_id, NULL, :channel, :at, 60, true, 'goodbye', :outcome, :handed_over, :booked, false, :turns,
        :intents, :questions, :unanswered, 1, 2, 0, 3, 1
    )
    """
)


async def took_place(
    database: Database,
    business: Business,
    at: datetime,
    outcome: str = "answered",
    *,
    channel: str = "voice",
    turns: int = 4,
    intents: Sequence[str] = ("question",),
    questions: int = 2,
    unanswered: int = 1,
) -> None:
    """A conversation that began at `at`."""
    values = {
        "id": uuid7(),
        "tenant_id": business.tenant_id,
        "channel": channel,
        "at": at,
        "outcome": outcome,
        "handed_over": outcome == "handed_over",
        "booked": outcome == "booked",
        "turns": turns,
        "intents": list(intents),
        "questions": questions,
        "unanswered": unanswered,
    }
    async with database.tenant_session(business.tenant_id) as session:
        await session.execute(_PUT, values)


def march(first: int, last: int, bucket: Bucket = Bucket.DAY) -> Period:
    """New York's clocks go forward on the 14th of March 2027."""
    return Period(date(2027, 3, first), date(2027, 3, last), bucket, NEW_YORK)


def new_york(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=NEW_YORK)


def test_days_have_the_hours_that_their_clocks_show() -> None:
    assert len(march(14, 14, Bucket.HOUR).starts()) == 23
    november = Period(date(2027, 11, 7), date(2027, 11, 7), Bucket.HOUR, NEW_YORK)
    assert [f"{start:%H%z}" for start in november.starts()][:4] == ["00-0400", "01-0400", "01-0500", "02-0500"]
    assert len(november.starts()) == 25
    assert march(13, 15).starts() == (new_york(13, 0), new_york(14, 0), new_york(15, 0))
    assert march(15, 15).start - march(14, 14).start == timedelta(hours=23)


def test_weeks_begin_on_mondays_and_months_on_their_first() -> None:
    assert [start.day for start in march(3, 16, Bucket.WEEK).starts()] == [3, 8, 15]
    year = Period(date(2027, 1, 20), date(2027, 3, 2), Bucket.MONTH, NEW_YORK)
    assert [(start.month, start.day) for start in year.starts()] == [(1, 20), (2, 1), (3, 1)]


def test_a_day_without_a_midnight_begins_when_it_does() -> None:
    beirut = Period(date(2027, 3, 28), date(2027, 3, 28), Bucket.HOUR, ZoneInfo("Asia/Beirut"))
    assert f"{beirut.starts()[0]:%d %H}" == "28 01"
    assert len(beirut.starts()) == 23


@pytest.mark.parametrize(("first", "last", "bucket"), [(5, 4, "day"), (1, 31, "hour")])
def test_a_period_is_neither_empty_nor_endless(first: int, last: int, bucket: str) -> None:
    with pytest.raises(Unprocessable):
        Period(date(2027, 3, first), date(2027, 3 if last < first else 4, last - 1), Bucket(bucket), NEW_YORK)


async def test_conversations_fall_on_the_days_that_the_business_had(database: Database) -> None:
    business, other = await make_business(database), await make_business(database)
    await took_place(database, business, new_york(13, 23, 59))
    await took_place(database, business, new_york(14, 0), "booked", intents=("new_reservation", "question"))
    await took_place(database, business, new_york(14, 23, 59), "handed_over", intents=("person",))
    await took_place(database, business, new_york(15, 0), "abandoned", turns=0, questions=0, unanswered=0, intents=())
    await took_place(database, business, new_york(15, 9), channel="chat")
    await took_place(database, business, new_york(12, 9))
    await took_place(database, other, new_york(14, 12), "handed_over")
    async with database.tenant_session(business.tenant_id) as session:
        told = await count_calls(session, march(14, 15))
        intents = await count_intents(session, march(14, 15))
        hours = await busy_hours(session, march(14, 15))
        questions = await count_questions(session, march(14, 15))
    assert [figures.conversations for _, figures in told.series] == [2, 2]
    totals = told.totals
    assert (totals.conversations, totals.calls, totals.chats, totals.engaged) == (4, 3, 1, 3)
    assert totals.outcomes == {"abandoned": 1, "answered": 1, "booked": 1, "handed_over": 1}
    assert (totals.contained, totals.containment) == (2, 0.6667), "who never spoke was neither"
    assert (totals.interruptions, totals.switches, totals.call_seconds) == (4, 8, 180.0)
    assert (told.before.conversations, told.before.containment) == (2, 1.0)
    assert told.changes()["conversations"] == 1.0
    assert [(one.intent, one.times, one.before) for one in intents] == [
        ("question", 2, 2),
        ("new_reservation", 1, 0),
        ("person", 1, 0),
    ]
    assert {(one.weekday, one.hour): one.conversations for one in hours} == {
        (7, 0): 1,
        (7, 23): 1,
        (1, 0): 1,
        (1, 9): 1,
    }
    assert (questions.totals.questions, questions.totals.unanswered, questions.totals.answered_share) == (6, 3, 0.5)
    assert questions.totals.cache_share == 0.75


async def test_percentiles_are_those_of_the_times_that_were_measured(database: Database) -> None:
    business = await make_business(database)
    measured = np.random.default_rng(7).lognormal(6.2, 0.5, 3000)
    at = new_york(14, 12)
    times = [
        StageTime(at + timedelta(hours=i % 30), None, "voice_to_voice", float(ms)) for i, ms in enumerate(measured)
    ]
    early = StageTime(new_york(13, 12), None, "voice_to_voice", 1000.0)
    async with database.tenant_session(business.tenant_id) as session:
        await add_stage_times(session, business.tenant_id, times[:1000])
        await add_stage_times(session, business.tenant_id, [*times[1000:], early, early])
        told = await measure_latency(session, march(14, 15))
        hourly = await measure_latency(session, march(14, 15, Bucket.HOUR))
    whole = told.totals.stages["voice_to_voice"]
    assert whole.turns == 3000
    for share, shown in ((50, whole.p50_ms), (90, whole.p90_ms), (95, whole.p95_ms), (99, whole.p99_ms)):
        assert shown == pytest.approx(float(np.percentile(measured, share)), rel=0.04)
    assert whole.mean_ms == pytest.approx(float(measured.mean()), rel=0.001)
    assert [figures.turns for _, figures in told.series] == [1200, 1800]
    assert told.before.stages["voice_to_voice"].p50_ms == pytest.approx(1000, rel=0.035)
    assert hourly.totals == told.totals
    busy = [start for start, figures in hourly.series if figures.turns]
    assert (busy[0], len(busy)) == (at, 30)


async def test_cost_is_added_up_by_provider_and_what_has_no_price_is_said(database: Database) -> None:
    business, other = await make_business(database), await make_business(database)
    spoken = ProviderUse(new_york(14, 9), None, "tts", "deepgram:aura-2", 2, 900.0, 0.027)
    heard = ProviderUse(new_york(15, 9), None, "stt", "local:whisper", 1, 12.5, None)
    async with database.tenant_session(business.tenant_id) as session:
        await add_usage(session, business.tenant_id, [spoken, spoken, heard])
    async with database.tenant_session(other.tenant_id) as session:
        assert (await add_up_cost(session, march(14, 15)))[0].totals.requests == 0
    async with database.tenant_session(business.tenant_id) as session:
        told, providers = await add_up_cost(session, march(14, 15))
        seen = await look_over(session, march(14, 15))
    assert (told.totals.cost_usd, told.totals.requests, told.totals.unpriced) == (0.054, 5, 1)
    assert [figures.cost_usd for _, figures in told.series] == [0.054, 0.0]
    assert told.totals.parts == {"stt": 0.0, "tts": 0.054}
    assert [(one.provider, one.units) for one in providers] == [("deepgram:aura-2", 1800.0), ("local:whisper", 12.5)]
    assert seen.totals.cost_usd == 0.054


async def test_reservations_are_told_by_when_they_were_made_and_when_they_are_due(database: Database) -> None:
    business = await make_business(database)
    put = text(
        """
        INSERT INTO reservations (
            id, tenant_id, conversation_id, status, reference, starts_at, ends_at, party_size, guest_name, created_at
        ) VALUES (
            :id, :tenant_id, :conversation_id, :status, :reference, :at, :at + interval '2 hours', :party, 'Ann', :made
        )
        """
    )
    made = [
        ("seated", 2, new_york(14, 19), new_york(10, 9), uuid7()),
        ("no_show", 4, new_york(14, 20), new_york(14, 9), uuid7()),
        ("cancelled", 3, new_york(15, 19), new_york(14, 9), None),
        ("confirmed", 6, new_york(25, 19), new_york(15, 9), None),
        ("expired", 6, new_york(15, 19), new_york(15, 9), uuid7()),
    ]
    async with database.tenant_session(business.tenant_id) as session:
        for number, (status, party, at, when, conversation_id) in enumerate(made):
            values = {"id": uuid7(), "tenant_id": business.tenant_id, "status": status, "party": party, "at": at}
            await session.execute(
                put, {**values, "made": when, "conversation_id": conversation_id, "reference": f"AAA{number}"}
            )
        told = await count_reservations(session, march(14, 15))
    totals = told.totals
    assert (totals.made, totals.made_guests, totals.by_agent, totals.by_staff) == (3, 13, 1, 2)
    assert totals.statuses == {"cancelled": 1, "confirmed": 1, "no_show": 1}
    assert (totals.due, totals.due_guests, totals.seated, totals.no_shows) == (2, 6, 1, 1)
    assert totals.no_show_share == 0.5
    assert [figures.made for _, figures in told.series] == [2, 1]


async def test_leads_are_told_by_kind_and_by_what_has_become_of_them(database: Database) -> None:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        for kind, stage in (("message", Stage.WON), ("viewing", Stage.WON), ("viewing", Stage.LOST)):
            lead = CreateLead(kind, "Ann", "", "", {})
            await update_lead(session, await create_lead(session, business.tenant_id, None, lead), stage=stage)
        today = datetime.now(UTC).astimezone(NEW_YORK).date()
        told = await count_leads(session, Period(today, today, Bucket.DAY, NEW_YORK))
    assert (told.totals.leads, told.totals.messages, told.totals.kinds) == (3, 1, {"message": 1, "viewing": 2})
    assert (told.totals.won, told.totals.lost, told.totals.conversion) == (1, 1, 0.5)
