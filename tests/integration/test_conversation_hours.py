"""Figures read from hours that were added up are those of the conversations themselves, whatever changes, in any
zone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Row, text

from reception.core.clock import FixedClock
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.analytics.calls import busy_hours, count_calls, count_intents, count_questions
from reception.domains.analytics.cost import add_up_cost
from reception.domains.analytics.period import Bucket, Period
from reception.domains.analytics.tally import ProviderUse, add_usage
from reception.domains.conversations.archive import delete_conversation
from reception.jobs.rollups import Rollups
from reception.ports.business import Business
from tests.support.postgres import make_business

_NOW = datetime(2027, 3, 20, tzinfo=UTC)
_OUTCOMES = ("booked", "answered", "handed_over", "abandoned", "message")
_INTENTS = ((), ("question",), ("new_reservation", "question"), ("person",))
_PUT_CONVERSATION = text(
    "INSERT INTO conversations (id, tenant_id, channel, started_at, ended_at) VALUES (:id, :tenant, :channel, :at, :at)"
)
_PUT_FACTS = text(
    """
    INSERT INTO conversation_facts VALUES (
        :id, :tenant, :agent, :channel, :at, 60, true, '', :outcome, :handed_over, :booked, false, :turns, :intents,
        :questions, 1, 1, 0, 0, 2, 1
    )
    """
)
_CHANGE = text(
    "UPDATE conversation_facts SET outcome = :outcome, handed_over = :handed_over, has_reservation = :booked,"
    " turns = :turns, questions = :questions, intents = :intents WHERE id = :id"
)
_ALL = text("SELECT * FROM conversation_facts")
_ZONES = ("America/New_York", "Asia/Kolkata", "Asia/Kathmandu")


@dataclass(frozen=True, slots=True)
class Told:
    """What the reports say of a period."""

    conversations: Sequence[int]
    before: int
    outcomes: dict[str, int]
    contained: int
    call_seconds: float
    intents: dict[str, tuple[int, int]]
    hours: dict[tuple[int, int], int]
    questions: int


class House:
    """A business whose conversations are made, changed and deleted at random."""

    def __init__(self, database: Database, business: Business, seed: int) -> None:
        self.database = database
        self.business = business
        self.random = Random(seed)
        self.agents = (None, uuid7(), uuid7())
        self.known: list[UUID] = []

    async def change(self, times: int) -> None:
        async with self.database.tenant_session(self.business.tenant_id) as session:
            for _ in range(times):
                outcome = self.random.choice(_OUTCOMES)
                new = {
                    "outcome": outcome,
                    "handed_over": outcome == "handed_over",
                    "booked": outcome == "booked",
                    "turns": 0 if outcome == "abandoned" else 3,
                    "intents": list(self.random.choice(_INTENTS)),
                    "questions": self.random.randrange(4),
                }
                kind = self.random.random()
                if kind < 0.6 or not self.known:
                    own: dict[str, Any] = {
                        "id": uuid7(),
                        "tenant": self.business.tenant_id,
                        "channel": self._either("voice", "chat"),
                    }
                    own["at"] = datetime(2027, 3, 9, tzinfo=UTC) + timedelta(minutes=self.random.randrange(8 * 1440))
                    await session.execute(_PUT_CONVERSATION, own)
                    await session.execute(_PUT_FACTS, {**own, **new, "agent": self.random.choice(self.agents)})
                    self.known.append(own["id"])
                elif kind < 0.9:
                    await session.execute(_CHANGE, {**new, "id": self.random.choice(self.known)})
                else:
                    gone = self.known.pop(self.random.randrange(len(self.known)))
                    await delete_conversation(session, gone, _NOW)

    def _either(self, *those: str) -> str:
        return self.random.choice(those)

    async def told(self, period: Period, agent_id: UUID | None) -> Told:
        async with self.database.tenant_session(self.business.tenant_id) as session:
            calls = await count_calls(session, period, agent_id)
            intents = await count_intents(session, period, agent_id)
            hours = await busy_hours(session, period, agent_id)
            questions = await count_questions(session, period, agent_id)
        return Told(
            [figures.conversations for _, figures in calls.series],
            calls.before.conversations,
            dict(calls.totals.outcomes),
            calls.totals.contained,
            calls.totals.call_seconds,
            {one.intent: (one.times, one.before) for one in intents},
            {(one.weekday, one.hour): one.conversations for one in hours},
            questions.totals.questions,
        )

    async def counted(self, period: Period, agent_id: UUID | None) -> Told:
        """The same, of each conversation by itself."""
        async with self.database.tenant_session(self.business.tenant_id) as session:
            rows = [row for row in await session.execute(_ALL) if agent_id in (None, row.agent_id)]
        here = [row for row in rows if period.start <= row.started_at < period.end]
        before = [row for row in rows if period.before <= row.started_at < period.start]
        ends = [*period.starts()[1:], period.end]
        spans = zip(period.starts(), ends, strict=True)
        times, former = _intents(here), _intents(before)
        local = [row.started_at.astimezone(period.zone) for row in here]
        return Told(
            [sum(start <= row.started_at < end for row in here) for start, end in spans],
            len(before),
            dict(sorted(Counter(row.outcome for row in here).items())),
            sum(bool(row.turns) and not row.handed_over for row in here),
            60.0 * sum(row.channel != "chat" for row in here),
            {intent: (times[intent], former[intent]) for intent in {*times, *former}},
            dict(Counter((at.isoweekday(), at.hour) for at in local)),
            sum(row.questions for row in here),
        )


def _intents(rows: Sequence[Row[Any]]) -> Counter[str]:
    return Counter(intent for row in rows for intent in row.intents)


async def _hours_read(house: House) -> tuple[int, int]:
    """How many hours are added up, and how many are to be."""
    async with house.database.tenant_session(house.business.tenant_id) as session:
        kept = await session.execute(text("SELECT count(*) FROM conversation_hours"))
        stale = await session.execute(text("SELECT count(*) FROM stale_conversation_hours"))
        return kept.scalar_one(), stale.scalar_one()


@pytest.mark.parametrize("seed", [1, 2])
async def test_hours_that_were_added_up_tell_what_the_conversations_do(database: Database, seed: int) -> None:
    house = House(database, await make_business(database), seed)
    other = House(database, await make_business(database), seed)
    await other.change(20)
    adding_up = Rollups(database, FixedClock(_NOW))
    for _ in range(2):
        await house.change(60)
        for zone in _ZONES:
            days = Period(date(2027, 3, 13), date(2027, 3, 15), Bucket.DAY, ZoneInfo(zone))
            for period, agent_id in ((days, house.agents[1]), (replace(days, bucket=Bucket.HOUR), None)):
                assert await house.told(period, agent_id) == await house.counted(period, agent_id), period
        await adding_up.add_up()
        kept, stale = await _hours_read(house)
        assert kept > 0
        assert stale == 0
        for zone in _ZONES:
            period = Period(date(2027, 3, 13), date(2027, 3, 15), Bucket.DAY, ZoneInfo(zone))
            assert await house.told(period, None) == await house.counted(period, None), zone


async def test_a_conversation_that_is_deleted_counts_as_before_and_its_hour_stays_added_up(database: Database) -> None:
    house = House(database, await make_business(database), 3)
    await house.change(10)
    await Rollups(database, FixedClock(_NOW)).add_up()
    period = Period(date(2027, 3, 9), date(2027, 3, 17), Bucket.DAY, ZoneInfo("UTC"))
    before = await house.told(period, None)
    async with database.tenant_session(house.business.tenant_id) as session:
        for conversation_id in house.known:
            await delete_conversation(session, conversation_id, _NOW)
    assert (await _hours_read(house))[1] == 0
    assert await house.told(period, None) == before
    assert sum(before.conversations) > 0


async def test_cost_is_told_by_the_conversation(database: Database) -> None:
    house = House(database, await make_business(database), 4)
    await house.change(1)
    async with database.tenant_session(house.business.tenant_id) as session:
        at = (await session.execute(text("SELECT started_at FROM conversation_facts"))).scalar_one()
        spent = ProviderUse(at, None, "tts", "deepgram:aura-2", 2, 900.0, 0.5)
        await add_usage(session, house.business.tenant_id, [spent])
        period = Period(at.date(), at.date() + timedelta(days=1), Bucket.DAY, ZoneInfo("UTC"))
        told, _ = await add_up_cost(session, period)
    assert (told.totals.conversations, told.totals.cost_usd_each) == (1, 0.5)
    assert [figures.cost_usd_each for _, figures in told.series] == [0.5, None]
