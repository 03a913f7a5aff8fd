"""Availability, holds, confirmation, moving, cancelling and finding, on real rows."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from reception.core.errors import Conflict, NotFound, SlotTaken, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.domains.tenants.service import delete_tenant, get_business
from reception.ports.booking import (
    Guest,
    Refusal,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Slot,
    SlotQuery,
)
from reception.ports.business import Bookable, BookingRules, Business, BusinessKind, OpeningHours, OpenSpan
from tests.support.postgres import make_business

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
EVENING = datetime(2027, 3, 12, 19, 30, tzinfo=NEW_YORK)
ANN = Guest("Ann Example", "+12125550101", "ann@example.com", "window seat")
BOB = Guest("Bob Sample", "+12125550102")
ALWAYS = OpeningHours(weekly=((OpenSpan(time(0), time(0)),),) * 7)


async def restaurant(database: Database, *capacities: int) -> Business:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        for index, capacity in enumerate(capacities):
            await service.create_resource(
                session, business.tenant_id, kind=Bookable.TABLE, name=f"T{index}", place="", capacity=capacity
            )
    return business


async def ask(
    database: Database,
    business: Business,
    starts_at: datetime = EVENING,
    party: int = 2,
    now: datetime = NOW,
    *,
    conversation_id: UUID | None = None,
) -> Slot:
    async with database.tenant_session(business.tenant_id) as session:
        found = await service.availability(
            session, business, SlotQuery(starts_at, party), now, conversation_id=conversation_id
        )
    assert found.exact is not None, found
    return found.exact


async def book(
    database: Database, business: Business, slot: Slot, guest: Guest = ANN, now: datetime = NOW
) -> Reservation:
    async with database.tenant_session(business.tenant_id) as session:
        return await service.commit_reservation(session, business, slot, guest, uuid7(), now)


async def refusal(
    database: Database, business: Business, query: SlotQuery, now: datetime = NOW
) -> tuple[Refusal | None, Sequence[Slot]]:
    async with database.tenant_session(business.tenant_id) as session:
        found = await service.availability(session, business, query, now)
    assert found.exact is None
    return found.refusal, found.alternatives


async def counts(database: Database, business: Business) -> dict[str, int]:
    async with database.tenant_session(business.tenant_id) as session:
        rows = await session.execute(text("SELECT status, count(*) FROM reservations GROUP BY status"))
        found = {str(status): int(number) for status, number in rows}
        blocking = await session.execute(text("SELECT count(*) FROM allocations WHERE blocking"))
        return {**found, "blocking": blocking.scalar_one()}


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
        await service.release_hold(session, ours)
        await service.release_hold(session, ours)
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


async def test_finding_ones_own(database: Database) -> None:
    business = await restaurant(database, 2, 2)
    slot = await ask(database, business)
    ann, bob = await book(database, business, slot), await book(database, business, slot, BOB)
    day = EVENING.date()
    queries = {
        ReservationQuery(reference=f"{ann.reference[:3].lower()} - {ann.reference[3:]}"): [ann],
        ReservationQuery(phone=BOB.phone): [bob],
        ReservationQuery(name="example", day=day): [ann],
        ReservationQuery(name="SAMPLE bob", day=day): [bob],
        ReservationQuery(name="bob", day=day + timedelta(days=1)): [],
        ReservationQuery(name="%", day=day): [],
        ReservationQuery(name="bob"): [],
        ReservationQuery(): [],
    }
    async with database.tenant_session(business.tenant_id) as session:
        for query, expected in queries.items():
            assert await service.find(session, business, query, NOW) == expected, query
        over = ann.ends_at.astimezone(UTC)
        assert await service.find(session, business, ReservationQuery(phone=ANN.phone), over) == []
        await service.cancel(session, business, bob.reservation_id, NOW)
        assert await service.find(session, business, ReservationQuery(phone=BOB.phone), NOW) == []


@pytest.mark.parametrize(
    ("guest", "pointer"),
    [
        (replace(ANN, phone="555-0101"), "/guest/phone"),
        (replace(ANN, name=" "), "/guest/name"),
        (replace(ANN, name="x" * 121), "/guest/name"),
        (replace(ANN, notes="x" * 1001), "/guest/notes"),
        (replace(ANN, notes="\x00"), "/guest/notes"),
        (replace(ANN, email="ann"), "/guest/email"),
    ],
)
async def test_bad_guests_are_refused_with_a_pointer(database: Database, guest: Guest, pointer: str) -> None:
    business = await restaurant(database, 2)
    slot = await ask(database, business)
    with pytest.raises(Unprocessable) as refused:
        await book(database, business, slot, guest)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]
    assert await counts(database, business) == {"blocking": 0}


async def test_slots_are_not_believed(database: Database) -> None:
    business, other = await restaurant(database, 2), await restaurant(database, 2)
    own, foreign = await ask(database, business), await ask(database, other)
    bent = [
        foreign,
        replace(own, slot_id="rubbish"),
        replace(own, slot_id=own.slot_id[:-4]),
        replace(own, slot_id="W10"),
        replace(own, slot_id="ü" * 3000),
        replace(own, party_size=3),
        replace(own, starts_at=own.starts_at + timedelta(hours=1)),
    ]
    for slot in bent:
        with pytest.raises(Unprocessable):
            await book(database, business, slot)
    with pytest.raises(SlotTaken, match="past"):
        await book(database, business, own, now=NOW + timedelta(days=30))
    assert await counts(database, business) == {"blocking": 0}


async def test_why_nothing_can_be_booked(database: Database) -> None:
    business = await restaurant(database, 2, 4)
    expected = {
        SlotQuery(EVENING, 9): Refusal.PARTY_TOO_LARGE,
        SlotQuery(EVENING, 5): Refusal.PARTY_TOO_LARGE,
        SlotQuery(EVENING, 2, place="Roof"): Refusal.UNKNOWN_PLACE,
        SlotQuery(EVENING - timedelta(days=5), 2): Refusal.PAST,
        SlotQuery(EVENING.replace(year=9999), 2): Refusal.TOO_FAR,
        SlotQuery(EVENING.replace(hour=12), 2): Refusal.CLOSED,
        SlotQuery(EVENING.replace(hour=22, minute=15), 2): Refusal.CLOSED,
        SlotQuery(EVENING.replace(minute=40), 2): Refusal.FULL,
    }
    for query, why in expected.items():
        assert (await refusal(database, business, query))[0] is why, query
    at_seven = datetime(2027, 3, 10, 18, 50, tzinfo=NEW_YORK)
    why_not, alternatives = await refusal(
        database, business, SlotQuery(at_seven.replace(hour=19, minute=0), 2), at_seven.astimezone(UTC)
    )
    assert why_not is Refusal.TOO_SOON
    assert [slot.starts_at.time() for slot in alternatives] == [time(19, 30), time(19, 45), time(20, 0)]
    for bad in (SlotQuery(EVENING, 0), SlotQuery(EVENING, 2, nights=-1), SlotQuery(EVENING, 2, place="x" * 201)):
        with pytest.raises(Unprocessable):
            await refusal(database, business, bad)
    last = await ask(database, business, EVENING.replace(hour=22, minute=0))
    assert last.starts_at.time() == time(22)


async def hotel(database: Database) -> Business:
    rules = BookingRules(bookable=Bookable.ROOM, largest_party=4)
    business = await make_business(database, kind=BusinessKind.HOTEL, rules=rules, hours=ALWAYS)
    async with database.tenant_session(business.tenant_id) as session:
        for name, place, capacity in (("101", "Garden Double", 2), ("102", "Harbor Family", 4)):
            await service.create_resource(
                session, business.tenant_id, kind=Bookable.ROOM, name=name, place=place, capacity=capacity
            )
        return await get_business(session)


async def test_rooms_by_the_night(database: Database) -> None:
    business = await hotel(database)
    assert business.places == ("Garden Double", "Harbor Family")
    arrival = datetime(2027, 3, 13, 15, 0, tzinfo=NEW_YORK)
    query = SlotQuery(arrival, 2, nights=2, place="garden double")
    async with database.tenant_session(business.tenant_id) as session:
        found = await service.availability(session, business, query, NOW)
        assert found.exact is not None
        assert found.exact.place == "Garden Double"
        assert found.exact.ends_at == datetime(2027, 3, 15, 11, 0, tzinfo=NEW_YORK)
        done = await service.commit_reservation(session, business, found.exact, ANN, uuid7(), NOW)
        assert (done.place, done.resource_names) == ("Garden Double", ("101",))
        again = await service.availability(session, business, query, NOW)
        assert again.refusal is Refusal.FULL
        assert [(slot.place, slot.starts_at.date().day) for slot in again.alternatives] == [
            ("Harbor Family", 13),
            ("Garden Double", 15),
            ("Garden Double", 11),
        ]
        for slot in again.alternatives:
            await service.hold(session, business, slot, uuid7(), NOW)
        too_many = await service.availability(session, business, replace(query, party_size=3), NOW)
        assert too_many.refusal is Refusal.PARTY_TOO_LARGE
        assert {slot.place for slot in too_many.alternatives} == {"Harbor Family"}
        whys = {
            replace(query, nights=15): Refusal.STAY_TOO_LONG,
            replace(query, nights=10**9): Refusal.STAY_TOO_LONG,
            replace(query, party_size=5): Refusal.PARTY_TOO_LARGE,
            replace(query, starts_at=arrival - timedelta(days=4)): Refusal.PAST,
            replace(query, starts_at=arrival.replace(year=2028)): Refusal.TOO_FAR,
            replace(query, place="Tower Suite"): Refusal.UNKNOWN_PLACE,
        }
        for asked, why in whys.items():
            assert (await service.availability(session, business, asked, NOW)).refusal is why, asked
    tonight = SlotQuery(datetime(2027, 3, 10, 15, 0, tzinfo=NEW_YORK), 4, nights=1)
    async with database.tenant_session(business.tenant_id) as session:
        late = datetime(2027, 3, 10, 22, 0, tzinfo=NEW_YORK).astimezone(UTC)
        assert (await service.availability(session, business, tonight, late)).exact is not None


async def test_a_person_shows_one_listing_at_a_time(database: Database) -> None:
    rules = BookingRules(
        bookable=Bookable.VIEWING, slot_minutes=15, turn_times=((99, timedelta(minutes=45)),), largest_party=6
    )
    business = await make_business(database, kind=BusinessKind.REAL_ESTATE, rules=rules)
    async with database.tenant_session(business.tenant_id) as session:
        for place, staff in (("12 Elm Row", "Dana"), ("4 Quay Lofts", "Dana"), ("9 Mill Lane", "Eli")):
            await service.create_resource(
                session,
                business.tenant_id,
                kind=Bookable.VIEWING,
                name=place,
                place=place,
                capacity=6,
                attributes={"staff": staff},
            )
        elm = await service.availability(session, business, SlotQuery(EVENING, 2, place="12 Elm Row"), NOW)
        assert elm.exact is not None
        assert elm.exact.ends_at - elm.exact.starts_at == timedelta(minutes=45)
        done = await service.commit_reservation(session, business, elm.exact, ANN, uuid7(), NOW)
        assert (done.place, done.resource_names) == ("12 Elm Row", ("Dana",))
        quay = await service.availability(session, business, SlotQuery(EVENING, 2, place="4 quay lofts"), NOW)
        assert quay.refusal is Refusal.FULL
        assert {slot.place for slot in quay.alternatives} == {"4 Quay Lofts"}
        assert quay.alternatives[0].starts_at == EVENING - timedelta(minutes=45)
        mill = await service.availability(session, business, SlotQuery(EVENING, 2, place="9 Mill Lane"), NOW)
        assert mill.exact is not None
        closing = SlotQuery(EVENING.replace(hour=22, minute=30), 2, place="9 Mill Lane")
        assert (await service.availability(session, business, closing, NOW)).refusal is Refusal.CLOSED
        last = replace(closing, starts_at=EVENING.replace(hour=22, minute=15))
        assert (await service.availability(session, business, last, NOW)).exact is not None


async def test_a_business_with_bookings_can_be_deleted(database: Database) -> None:
    business = await restaurant(database, 2)
    await book(database, business, await ask(database, business))
    async with database.tenant_session(business.tenant_id) as session:
        await delete_tenant(session)
    assert await counts(database, business) == {"blocking": 0}


async def test_resources_are_checked(database: Database) -> None:
    business = await restaurant(database, 2)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Conflict):
            await service.create_resource(
                session, business.tenant_id, kind=Bookable.TABLE, name="T0", place="", capacity=4
            )
        with pytest.raises(Unprocessable):
            await service.create_resource(
                session, business.tenant_id, kind=Bookable.TABLE, name="T9", place="", capacity=0
            )
        assert [(one.name, one.capacity) for one in await service.list_resources(session)] == [("T0", 2)]
