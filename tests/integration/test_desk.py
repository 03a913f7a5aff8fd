"""What people at the desk do: seat who comes, booked or not, note who does not; and the waitlist's own jobs."""

import asyncio
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.clock import FixedClock
from reception.core.errors import Conflict, NotFound, SlotTaken, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.reservations import service
from reception.jobs.waitlist import WaitlistAdvance
from reception.jobs.worker import JobWorker
from reception.ports.booking import Guest, GuestChange, Refusal, ReservationStatus, SlotQuery, WaitlistStatus
from tests.support.reservations import ANN, BOB, EVENING, NOW, ask, book, counts, refusal, restaurant

ARRIVAL = EVENING.astimezone(UTC)


async def test_guests_are_seated_when_they_come(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Conflict, match="not for now"):
            await service.seat(session, business, made.reservation_id, NOW)
        for _ in range(2):
            seated = await service.seat(session, business, made.reservation_id, ARRIVAL - timedelta(minutes=10))
            assert seated.status is ReservationStatus.SEATED
        with pytest.raises(NotFound):
            await service.mark_no_show(session, business, made.reservation_id, ARRIVAL)
    assert (await counts(database, business))["blocking"] == 1
    assert (await refusal(database, business, SlotQuery(EVENING, 2)))[0] is Refusal.FULL


async def test_who_does_not_come_frees_the_table_for_who_waits(database: Database) -> None:
    business = await restaurant(database, 2)
    business = replace(business, rules=replace(business.rules, lead_time=timedelta()))
    made = await book(database, business, await ask(database, business))
    late = ARRIVAL + timedelta(minutes=20)
    wanted = EVENING + timedelta(minutes=30)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Conflict, match="begun"):
            await service.mark_no_show(session, business, made.reservation_id, NOW)
        waiting = await service.join_waitlist(session, business, SlotQuery(wanted, 2), wanted, wanted, BOB, late)
        assert waiting.status is WaitlistStatus.WAITING
        for _ in range(2):
            missed = await service.mark_no_show(session, business, made.reservation_id, late)
            assert missed.status is ReservationStatus.NO_SHOW
        offered = await service.get_entry(session, business, waiting.entry_id)
        assert offered.status is WaitlistStatus.OFFERED
        known = await service.guest_history(session, business, ANN.phone, late + timedelta(hours=9))
        assert (known.visits, known.no_shows) == (0, 1)


async def test_who_walks_in_gets_a_table_that_is_free_for_long_enough(database: Database) -> None:
    business = await restaurant(database, 2, 4)
    await book(database, business, await ask(database, business))
    await book(database, business, await ask(database, business), BOB)
    hour_before = ARRIVAL - timedelta(hours=1)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(SlotTaken, match="60 minutes only"):
            await service.walk_in(session, business, service.WalkIn(2), hour_before)
        short = service.WalkIn(2, "Cat", stays=timedelta(minutes=45))
        seated = await service.walk_in(session, business, short, hour_before)
        assert (seated.status, seated.resource_names, seated.guest) == (
            ReservationStatus.SEATED, ("T0",), Guest("Cat", ""),
        )  # fmt: skip
        assert seated.ends_at - seated.starts_at == timedelta(minutes=45)
        named = await service.walk_in(session, business, replace(short, table="T1"), hour_before)
        assert named.resource_names == ("T1",)
        with pytest.raises(SlotTaken, match="No table"):
            await service.walk_in(session, business, short, hour_before)
        for bad in (
            service.WalkIn(0),
            service.WalkIn(2, table="T9"),
            service.WalkIn(2, phone="555"),
            service.WalkIn(9),
        ):
            with pytest.raises((Unprocessable, SlotTaken)):
                await service.walk_in(session, business, bad, NOW)


async def test_the_line_is_advanced_when_a_hold_lapses(database: Database, postgres: EmbeddedPostgres) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    past = NOW.replace(year=2020)
    clock = FixedClock(NOW + timedelta(minutes=5))
    async with database.tenant_session(business.tenant_id) as session:
        waiting = await service.join_waitlist(
            session, business, SlotQuery(EVENING - timedelta(days=1), 2), EVENING - timedelta(days=1), EVENING, BOB, NOW
        )
        assert waiting.status is WaitlistStatus.OFFERED
        await service.leave_waitlist(session, business, waiting.entry_id, NOW)
        await service.hold(session, business, slot, uuid7(), NOW)
        again = await service.join_waitlist(session, business, SlotQuery(EVENING, 2), EVENING, EVENING, BOB, NOW)
        assert again.status is WaitlistStatus.WAITING
        # The database's own clock decides when a job is due: this one is.
        await service.advance_at(session, business.tenant_id, past)
    worker = JobWorker(postgres.runtime_url, database, (WaitlistAdvance(database, clock).task,))
    await worker.run_waiting()
    async with database.tenant_session(business.tenant_id) as session:
        assert (await service.get_entry(session, business, again.entry_id)).status is WaitlistStatus.OFFERED


async def test_giving_up_a_hold_serves_the_line(database: Database) -> None:
    business = await restaurant(database, 2)
    slot, ours = await ask(database, business), uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, slot, ours, NOW)
        waiting = await service.join_waitlist(session, business, SlotQuery(EVENING, 2), EVENING, EVENING, BOB, NOW)
        assert waiting.status is WaitlistStatus.WAITING
        await service.release_hold(session, business, ours, NOW)
        assert (await service.get_entry(session, business, waiting.entry_id)).status is WaitlistStatus.OFFERED


_KEEPS_WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


async def _somebody_waits(session: AsyncSession) -> None:
    """Until another transaction waits for that of `session`."""
    async with asyncio.timeout(30):
        while not (await session.execute(_KEEPS_WAITING)).scalar_one():
            pass


async def test_a_move_at_the_desk_keeps_what_was_noted_while_it_waited(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    later = await ask(database, business, EVENING + timedelta(hours=2))

    async def move() -> None:
        async with database.tenant_session(business.tenant_id) as session:
            await service.move_at_desk(session, business, made.reservation_id, later.slot_id, None, NOW)

    allergic = replace(ANN, notes="ANAPHYLAXIS: nuts")
    async with database.tenant_session(business.tenant_id) as session:
        await service.change_guest(session, business, made.reservation_id, allergic, NOW)
        moving = asyncio.create_task(move())
        await _somebody_waits(session)
    await moving
    async with database.tenant_session(business.tenant_id) as session:
        stands = await service.get_reservation(session, business, made.reservation_id)
    assert (stands.starts_at, stands.guest) == (later.starts_at, allergic)


async def test_a_change_of_the_guest_is_made_to_whom_the_row_has(database: Database) -> None:
    business = await restaurant(database, 2)
    made = await book(database, business, await ask(database, business))
    later = await ask(database, business, EVENING + timedelta(hours=2))
    allergic = replace(ANN, notes="ANAPHYLAXIS: nuts")
    async with database.tenant_session(business.tenant_id) as session:
        await service.change_guest(session, business, made.reservation_id, allergic, NOW)
        change = GuestChange(phone=BOB.phone, notes="a candle")
        moved = await service.move(session, business, made.reservation_id, later, change, NOW)
    assert moved.guest == replace(allergic, phone=BOB.phone, notes="ANAPHYLAXIS: nuts; a candle")
