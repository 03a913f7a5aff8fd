"""What is refused and why, rooms by the night, viewings, and finding one's own, on real rows."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from reception.core.errors import Conflict, TimePassed, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.domains.tenants.service import delete_tenant, get_business
from reception.ports.booking import (
    Guest,
    Refusal,
    ReservationQuery,
    SlotQuery,
)
from reception.ports.business import Bookable, BookingRules, Business, BusinessKind
from tests.support.postgres import make_business
from tests.support.reservations import ALWAYS, ANN, BOB, EVENING, NEW_YORK, NOW, ask, book, counts, refusal, restaurant


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
    with pytest.raises(TimePassed, match="already passed"):
        await book(database, business, own, now=NOW + timedelta(days=30))
    assert await counts(database, business) == {"blocking": 0}


async def test_what_is_held_is_not_booked_once_its_time_has_passed(database: Database) -> None:
    business, ours = await restaurant(database, 2), uuid7()
    soon = EVENING - timedelta(minutes=1)
    slot = await ask(database, business)
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, slot, ours, soon - timedelta(hours=2))
        with pytest.raises(TimePassed):
            await service.commit_reservation(session, business, slot, ANN, ours, EVENING)
        done = await service.commit_reservation(session, business, slot, ANN, ours, soon)
        again = await service.commit_reservation(session, business, slot, ANN, ours, EVENING)
    assert again == done, "what was booked in time stays booked"


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
