"""Holds, races, commits and moves on real rows."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound, SlotTaken
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.ports.booking import (
    Guest,
    Refusal,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Slot,
    SlotQuery,
)
from reception.ports.business import Bookable, Business
from tests.support.reservations import ANN, BOB, EVENING, NOW, ask, book, counts, refusal, restaurant


async def test_twenty_callers_race_for_the_last_table(database: Database) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    start = asyncio.Barrier(20)

    async def call(number: int) -> Reservation | SlotTaken:
        conversation_id = uuid7()
        await start.wait()
        try:
            async with database.tenant_session(business.tenant_id) as session:
                await service.hold(session, business, slot, conversation_id, NOW)
            async with database.tenant_session(business.tenant_id) as session:
                guest = Guest(f"Guest {number}", f"+121255501{number:02d}")
                return await service.commit_reservation(session, business, slot, guest, conversation_id, NOW)
        except SlotTaken as taken:
            return taken

    results = await asyncio.gather(*(call(number) for number in range(20)))
    booked = [result for result in results if isinstance(result, Reservation)]
    assert len(booked) == 1
    assert len([result for result in results if isinstance(result, SlotTaken)]) == 19
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}
    refused, alternatives = await refusal(database, business, SlotQuery(EVENING, 2))
    assert refused is Refusal.FULL
    assert [slot.starts_at.time() for slot in alternatives] == [time(18, 0), time(21, 0), time(17, 45)]


async def test_twenty_callers_who_commit_at_once_without_a_hold(database: Database) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    results = await asyncio.gather(*(book(database, business, slot) for _ in range(20)), return_exceptions=True)
    assert len([result for result in results if isinstance(result, Reservation)]) == 1
    assert len([result for result in results if isinstance(result, SlotTaken)]) == 19
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}


async def test_a_table_that_is_being_joined_is_not_deleted_meanwhile(database: Database) -> None:
    business = await restaurant(database, 2, 2)
    async with database.tenant_session(business.tenant_id) as session:
        tables = await service.list_resources(session)
    joined = {"kind": Bookable.TABLE, "name": "Both", "capacity": 4, "joins": [table.name for table in tables]}
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    async def delete() -> None:
        async with database.tenant_session(business.tenant_id) as session:
            await service.delete_resource(session, tables[0].resource_id, NOW)

    async with database.tenant_session(business.tenant_id) as joining:
        await service.create_resource(joining, business.tenant_id, **joined)  # type: ignore[arg-type]
        deleting = asyncio.create_task(delete())
        async with asyncio.timeout(10):
            while not (await joining.execute(waiting)).scalar_one() and not deleting.done():
                pass
    with pytest.raises(Conflict):
        await deleting


async def test_racing_callers_with_tables_for_all_all_get_one(database: Database) -> None:
    business = await restaurant(database, 2, 2, 4, 4, 6)
    slot = await ask(database, business)
    results = await asyncio.gather(*(book(database, business, slot) for _ in range(5)))
    assert {result.resource_names for result in results} == {("T0",), ("T1",), ("T2",), ("T3",), ("T4",)}
    assert len({result.reference for result in results}) == 5


async def test_a_held_table_is_shown_to_nobody_else_and_lapses(database: Database) -> None:
    business = await restaurant(database, 2)
    slot, ours, theirs = await ask(database, business), uuid7(), uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        held = await service.hold(session, business, slot, ours, NOW)
    assert held.status is ReservationStatus.HELD
    assert held.reference == ""
    assert held.hold_expires_at == NOW + timedelta(minutes=5)
    assert (await refusal(database, business, SlotQuery(EVENING, 2)))[0] is Refusal.FULL
    assert await ask(database, business, conversation_id=ours) == slot
    with pytest.raises(SlotTaken):
        async with database.tenant_session(business.tenant_id) as session:
            await service.hold(session, business, slot, theirs, NOW + timedelta(minutes=4))
    later = NOW + timedelta(minutes=6)
    assert await ask(database, business, now=later) == slot
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, slot, theirs, later)
    with pytest.raises(SlotTaken):
        async with database.tenant_session(business.tenant_id) as session:
            await service.commit_reservation(session, business, slot, ANN, ours, later)
    assert await counts(database, business) == {"expired": 1, "held": 1, "blocking": 1}


async def test_a_hold_that_lapsed_while_nobody_came_is_confirmed(database: Database) -> None:
    business = await restaurant(database, 2)
    slot, ours = await ask(database, business), uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, slot, ours, NOW)
    async with database.tenant_session(business.tenant_id) as session:
        done = await service.commit_reservation(session, business, slot, ANN, ours, NOW + timedelta(minutes=20))
    assert done.status is ReservationStatus.CONFIRMED
    assert done.hold_expires_at is None
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}


async def test_a_new_hold_replaces_the_old_and_a_failed_one_keeps_it(database: Database) -> None:
    business = await restaurant(database, 2)
    early, late = await ask(database, business), await ask(database, business, EVENING + timedelta(hours=2))
    ours = uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, early, ours, NOW)
        await service.hold(session, business, early, ours, NOW)
    await book(database, business, late)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(SlotTaken):
            await service.hold(session, business, late, ours, NOW)
    assert await counts(database, business) == {"held": 1, "confirmed": 1, "blocking": 2}
    async with database.tenant_session(business.tenant_id) as session:
        await service.release_hold(session, business, ours, NOW)
        await service.release_hold(session, business, ours, NOW)
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}


async def test_a_committed_reservation_is_what_was_said(database: Database) -> None:
    business = await restaurant(database, 4, 2)
    done = await book(database, business, await ask(database, business))
    assert done.starts_at == EVENING
    assert done.starts_at.utcoffset() == EVENING.utcoffset()
    assert done.ends_at - done.starts_at == timedelta(minutes=90)
    assert (done.party_size, done.guest, done.place, done.resource_names) == (2, ANN, "", ("T1",))
    assert len(done.reference) == 6
    assert not set(done.reference) & set("0O1I")


async def test_who_changes_their_mind_before_the_end_gets_what_they_said_last(database: Database) -> None:
    business = await restaurant(database, 2)
    ours = uuid7()
    early, late = await ask(database, business), await ask(database, business, EVENING + timedelta(hours=1))
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, early, ours, NOW)
    async with database.tenant_session(business.tenant_id) as session:
        done = await service.commit_reservation(session, business, late, ANN, ours, NOW)
    assert done.starts_at == late.starts_at
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}


async def test_each_hold_of_a_conversation_becomes_a_booking_of_its_own(database: Database) -> None:
    business = await restaurant(database, 2, 2, 2)
    ours, made = uuid7(), []
    for guest in (ANN, BOB, ANN):
        slot = await ask(database, business)
        async with database.tenant_session(business.tenant_id) as session:
            await service.hold(session, business, slot, ours, NOW)
        async with database.tenant_session(business.tenant_id) as session:
            made.append(await service.commit_reservation(session, business, slot, guest, ours, NOW))
    assert [row.guest.name for row in made] == [ANN.name, BOB.name, ANN.name]
    assert len({row.reference for row in made}) == 3
    assert await counts(database, business) == {"confirmed": 3, "blocking": 3}
    async with database.tenant_session(business.tenant_id) as session:
        again = await service.commit_reservation(session, business, slot, BOB, ours, NOW)
    assert again.reference == made[1].reference
    assert await counts(database, business) == {"confirmed": 3, "blocking": 3}


async def test_a_guest_is_found_by_whole_words_of_their_name(database: Database) -> None:
    business = await restaurant(database, 2)
    done = await book(
        database, business, await ask(database, business), replace(ANN, name="Ann-Marie O'Neil (Smith) Weiß")
    )

    async def found(name: str) -> list[Reservation]:
        async with database.tenant_session(business.tenant_id) as session:
            return await service.find(session, business, ReservationQuery(name=name, day=EVENING.date()), NOW)

    async def listed(name: str) -> list[Reservation]:
        async with database.tenant_session(business.tenant_id) as session:
            return await service.list_reservations(session, business, service.ReservationFilter(name=name), limit=5)

    for name in ("smith", "Ann", "ann-marie", "O'Neil Smith", "weiß", "Weiß"):
        assert [row.reference for row in await found(name)] == [done.reference], name
        assert [row.reference for row in await listed(name)] == [done.reference], name
    assert len(await listed("eiß mit")) == 1
    assert await listed("%") == []
    for name in ("mit", "a", "Marie Smit", ".*"):
        assert await found(name) == [], name


async def test_moving_is_atomic(database: Database) -> None:
    business = await restaurant(database, 2)
    first = await book(database, business, await ask(database, business))
    other = await ask(database, business, EVENING - timedelta(hours=2))
    taken = await book(database, business, other, BOB)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(SlotTaken):
            await service.move(session, business, first.reservation_id, other, ANN, NOW)
    assert await counts(database, business) == {"confirmed": 2, "blocking": 2}
    async with database.tenant_session(business.tenant_id) as session:
        half_past = await service.availability(
            session,
            business,
            SlotQuery(EVENING + timedelta(minutes=30), 2),
            NOW,
            reservation_id=first.reservation_id,
        )
        assert half_past.exact is not None
        moved = await service.move(
            session, business, first.reservation_id, half_past.exact, replace(ANN, name="Ann B. Example"), NOW
        )
    assert (moved.reservation_id, moved.reference) == (first.reservation_id, first.reference)
    assert moved.starts_at == EVENING + timedelta(minutes=30)
    assert moved.guest.name == "Ann B. Example"
    assert (await refusal(database, business, SlotQuery(EVENING + timedelta(minutes=90), 2)))[0] is Refusal.FULL
    assert await ask(database, business, EVENING + timedelta(hours=2))
    assert taken.status is ReservationStatus.CONFIRMED


async def test_moving_onto_what_the_conversation_holds(database: Database) -> None:
    business = await restaurant(database, 2)
    first = await book(database, business, await ask(database, business))
    later, ours = await ask(database, business, EVENING + timedelta(hours=2)), uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, later, ours, NOW)
        moved = await service.move(session, business, first.reservation_id, later, ANN, NOW, conversation_id=ours)
    assert moved.starts_at == later.starts_at
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}


async def _hold_half_past(session: AsyncSession, business: Business, first: Reservation, ours: UUID) -> Slot:
    """Half an hour later than `first`, held for it to move there."""
    wanted = SlotQuery(EVENING + timedelta(minutes=30), 2, moving=first.reservation_id)
    half_past = (await service.availability(session, business, wanted, NOW)).exact
    assert half_past is not None
    await service.hold(session, business, half_past, ours, NOW, moving=first.reservation_id)
    return half_past


async def test_who_moves_half_an_hour_keeps_the_old_time_and_holds_the_rest_of_the_new(database: Database) -> None:
    business = await restaurant(database, 2)
    first = await book(database, business, await ask(database, business))
    after = SlotQuery(EVENING + timedelta(minutes=90), 2)
    assert await ask(database, business, after.starts_at)
    ours = uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        half_past = await _hold_half_past(session, business, first, ours)
    assert (await refusal(database, business, SlotQuery(EVENING, 2)))[0] is Refusal.FULL
    assert (await refusal(database, business, after))[0] is Refusal.FULL
    async with database.tenant_session(business.tenant_id) as session:
        moved = await service.move(session, business, first.reservation_id, half_past, ANN, NOW, conversation_id=ours)
    assert moved.starts_at == half_past.starts_at
    assert await counts(database, business) == {"confirmed": 1, "blocking": 1}


async def test_what_is_held_for_a_move_is_no_booking_of_its_own(database: Database) -> None:
    business = await restaurant(database, 2, 2)
    first = await book(database, business, await ask(database, business))
    ours = uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        half_past = await _hold_half_past(session, business, first, ours)
        second = await service.commit_reservation(session, business, half_past, BOB, ours, NOW)
    assert second.resource_names != first.resource_names
    assert await counts(database, business) == {"confirmed": 2, "blocking": 2}
    assert (await refusal(database, business, SlotQuery(EVENING + timedelta(minutes=30), 2)))[0] is Refusal.FULL


async def test_a_second_time_that_is_taken_gives_up_the_first(database: Database) -> None:
    business = await restaurant(database, 2)
    first = await book(database, business, await ask(database, business))
    later, ours = EVENING + timedelta(hours=2), uuid7()
    others = await ask(database, business, later)
    async with database.tenant_session(business.tenant_id) as session:
        before = await ask(database, business, EVENING - timedelta(hours=2))
        await service.hold(session, business, before, ours, NOW, moving=first.reservation_id)
    await book(database, business, others, BOB)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(SlotTaken):
            await service.hold(session, business, others, ours, NOW, moving=first.reservation_id)
    assert await counts(database, business) == {"confirmed": 2, "blocking": 2}


async def test_cancelling_frees_the_place_once_and_for_all(database: Database) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    done = await book(database, business, slot)
    for _ in range(2):
        async with database.tenant_session(business.tenant_id) as session:
            cancelled = await service.cancel(session, business, done.reservation_id, NOW)
        assert cancelled.status is ReservationStatus.CANCELLED
        assert cancelled.resource_names == ("T0",)
    assert await ask(database, business) == slot
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(NotFound):
            await service.cancel(session, business, uuid7(), NOW)
        with pytest.raises(NotFound):
            await service.move(session, business, done.reservation_id, slot, ANN, NOW)
    over = await book(database, business, slot, BOB)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Conflict):
            await service.cancel(session, business, over.reservation_id, NOW + timedelta(days=9))
        with pytest.raises(Conflict):
            await service.move(session, business, over.reservation_id, slot, BOB, NOW + timedelta(days=9))
