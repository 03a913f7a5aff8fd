"""Joined tables, pacing, people with calendars, hotels with rates, and dates that clocks make strange, on real rows."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from reception.core.errors import Conflict, NotFound, SlotTaken, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.domains.tenants.service import get_business, update_tenant
from reception.ports.booking import Availability, Guest, Price, Refusal, Reservation, Slot, SlotQuery
from reception.ports.business import (
    Bookable,
    BookingRules,
    Business,
    BusinessKind,
    Closure,
    OpeningHours,
    OpenSpan,
    PublicHolidays,
    ResourceKind,
)
from reception.ports.rules import RoomRate, Service, Shift, StayRule
from reception.ports.staff import Absence, WorkingHours
from tests.support.postgres import EVENINGS, make_business
from tests.support.reservations import ALWAYS, ANN, BOB, EVENING, NEW_YORK, NOW, ask, book, counts, refusal


async def with_rules(database: Database, *resources: dict[str, Any], **changes: Any) -> Business:
    business = await make_business(database, **changes)
    async with database.tenant_session(business.tenant_id) as session:
        for resource in resources:
            await service.create_resource(session, business.tenant_id, **resource)
        return await get_business(session)


def table(name: str, capacity: int, **more: Any) -> dict[str, Any]:
    return {"kind": ResourceKind.TABLE, "name": name, "capacity": capacity, **more}


async def search(database: Database, business: Business, query: SlotQuery, now: datetime = NOW) -> Availability:
    async with database.tenant_session(business.tenant_id) as session:
        return await service.availability(session, business, query, now)


async def try_to_book(
    database: Database, business: Business, slot: Slot, guest: Guest = ANN, now: datetime = NOW
) -> Reservation | SlotTaken:
    try:
        return await book(database, business, slot, guest, now)
    except SlotTaken as taken:
        return taken


def booked(results: Sequence[object]) -> list[Reservation]:
    return [result for result in results if isinstance(result, Reservation)]


JOINED = (table("T1", 4), table("T2", 4), table("T1+T2", 8, smallest_party=5, joins=("T1", "T2")))


async def test_joined_tables_are_taken_together_or_not_at_all(database: Database) -> None:
    business = await with_rules(database, *JOINED)
    six, four = await ask(database, business, party=6), await ask(database, business, party=4)
    done = await book(database, business, six)
    assert done.resource_names == ("T1", "T2")
    assert (await counts(database, business))["blocking"] == 2
    assert (await refusal(database, business, SlotQuery(EVENING, 4)))[0] is Refusal.FULL
    assert isinstance(await try_to_book(database, business, four), SlotTaken)
    async with database.tenant_session(business.tenant_id) as session:
        await service.cancel(session, business, done.reservation_id, NOW)
    await book(database, business, four)
    assert isinstance(await try_to_book(database, business, six), SlotTaken)
    assert (await counts(database, business))["blocking"] == 1


async def test_callers_who_race_for_joined_and_single_tables_share_none(database: Database) -> None:
    business = await with_rules(
        database, *JOINED, table("T3", 4), table("T2+T3", 8, smallest_party=5, joins=("T3", "T2"))
    )
    slots = [await ask(database, business, party=party) for party in (6, 4, 5, 2)]
    results = await asyncio.gather(*(try_to_book(database, business, slots[number % 4]) for number in range(20)))
    names = [name for done in booked(results) for name in done.resource_names]
    assert len(names) == len(set(names))
    assert set(names) == {"T1", "T2", "T3"}
    assert (await counts(database, business))["blocking"] == 3


async def test_a_table_in_a_joining_is_not_deleted(database: Database) -> None:
    business = await with_rules(database, *JOINED)
    async with database.tenant_session(business.tenant_id) as session:
        one, _, both = await service.list_resources(session)
        assert both.joins == ("T1", "T2")
        with pytest.raises(Conflict, match="joined"):
            await service.delete_resource(session, one.resource_id, NOW)
        await service.delete_resource(session, both.resource_id, NOW)
        await service.delete_resource(session, one.resource_id, NOW)
    assert (await search(database, business, SlotQuery(EVENING, 6))).refusal is Refusal.PARTY_TOO_LARGE


async def test_twenty_callers_do_not_overrun_the_kitchen(database: Database) -> None:
    rules = BookingRules(covers_per_quarter=6, lead_time=timedelta())
    business = await with_rules(database, *(table(f"T{number}", 2) for number in range(20)), rules=rules)
    slot = await ask(database, business)
    results = await asyncio.gather(
        *(try_to_book(database, business, slot, Guest(f"Guest {n}", f"+121255502{n:02d}")) for n in range(20))
    )
    assert len(booked(results)) == 3
    found = await search(database, business, SlotQuery(EVENING, 2))
    assert found.refusal is Refusal.FULL
    assert [slot.starts_at for slot in found.alternatives[:2]] == [
        EVENING - timedelta(minutes=15),
        EVENING + timedelta(minutes=15),
    ]
    moved = await asyncio.gather(*(_move(database, business, one, found.alternatives[0]) for one in booked(results)))
    assert len(booked(moved)) == 3, "who moves makes room where they were"


async def _move(database: Database, business: Business, made: Reservation, slot: Slot) -> Reservation | SlotTaken:
    try:
        async with database.tenant_session(business.tenant_id) as session:
            return await service.move(session, business, made.reservation_id, slot, made.guest, NOW)
    except SlotTaken as taken:
        return taken


async def test_a_hold_that_lapsed_does_not_overrun_the_kitchen_when_it_is_confirmed(database: Database) -> None:
    rules = BookingRules(covers_per_quarter=2, lead_time=timedelta())
    business = await with_rules(database, table("T1", 2), table("T2", 2), rules=rules)
    slot, ours = await ask(database, business), uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        await service.hold(session, business, slot, ours, NOW)
    assert isinstance(await try_to_book(database, business, slot, BOB), SlotTaken)
    later = NOW + timedelta(minutes=6)
    await book(database, business, await ask(database, business, now=later), BOB, later)
    with pytest.raises(SlotTaken):
        async with database.tenant_session(business.tenant_id) as session:
            await service.commit_reservation(session, business, slot, ANN, ours, later)
    assert (await counts(database, business))["confirmed"] == 1


async def test_shifts_closures_and_holidays_hold(database: Database) -> None:
    rules = BookingRules(shifts=(Shift("Dinner", time(18), time(21)),), horizon=timedelta(days=400))
    hours = replace(
        EVENINGS,
        closures=(Closure(date(2027, 3, 20), date(2027, 3, 22), "a private event"),),
        holidays=PublicHolidays("", names=("Thanksgiving Day",)),
    )
    business = await with_rules(database, table("T1", 2), rules=rules, hours=hours)
    assert business.hours.holidays == PublicHolidays("US", names=("Thanksgiving Day",))
    closed = await search(database, business, SlotQuery(datetime(2027, 3, 21, 19, tzinfo=NEW_YORK), 2))
    assert (closed.refusal, closed.reason) == (Refusal.CLOSED, "a private event")
    holiday = await search(database, business, SlotQuery(datetime(2027, 11, 25, 19, tzinfo=NEW_YORK), 2))
    assert (holiday.refusal, holiday.reason) == (Refusal.CLOSED, "Thanksgiving Day")
    too_late = await search(database, business, SlotQuery(EVENING.replace(hour=21, minute=30), 2))
    assert (too_late.refusal, too_late.reason) == (Refusal.CLOSED, "")


SERVICES = (
    Service("Cut", timedelta(minutes=45), timedelta(minutes=15), Decimal("55")),
    Service("Colour", timedelta(hours=2)),
)


async def salon(database: Database) -> Business:
    rules = BookingRules(
        bookable=Bookable.APPOINTMENT, services=SERVICES, largest_party=1, slot_minutes=15, currency="EUR"
    )
    mornings = WorkingHours(
        ((OpenSpan(time(9), time(13)),),) * 7, (Absence(date(2027, 3, 13), date(2027, 3, 14), reason="holiday"),)
    )
    hours = OpeningHours(weekly=((OpenSpan(time(9), time(18)),),) * 7)
    return await with_rules(
        database,
        {"kind": ResourceKind.STAFF, "name": "Mia"},
        {"kind": ResourceKind.STAFF, "name": "Leo", "hours": mornings, "attributes": {"services": ["Cut"]}},
        rules=rules,
        hours=hours,
        kind=BusinessKind.SALON,
    )


async def test_a_salon_books_a_service_with_a_person(database: Database) -> None:
    business = await salon(database)
    assert (business.staff, business.services) == (("Mia", "Leo"), ("Cut", "Colour"))
    ten = datetime(2027, 3, 12, 10, tzinfo=NEW_YORK)
    found = await search(database, business, SlotQuery(ten, 1, service="cut", staff="leo"))
    assert found.exact is not None
    assert (found.exact.service, found.exact.staff, found.exact.price) == ("Cut", "Leo", Price(Decimal(55), "EUR"))
    done = await book(database, business, found.exact)
    assert (done.service, done.resource_names, done.ends_at - done.starts_at) == (
        "Cut",
        ("Leo",),
        timedelta(minutes=45),
    )
    assert done.price == Price(Decimal("55.00"), "EUR")
    buffer = await search(database, business, SlotQuery(ten + timedelta(minutes=45), 1, service="Cut", staff="Leo"))
    assert buffer.refusal is Refusal.FULL
    anybody = await search(database, business, SlotQuery(ten, 1, service="Cut"))
    assert anybody.exact is not None
    assert anybody.exact.staff == "Mia"
    afternoon = await search(database, business, SlotQuery(ten.replace(hour=15), 1, service="Cut", staff="Leo"))
    assert afternoon.refusal is Refusal.STAFF_AWAY
    away = await search(database, business, SlotQuery(ten + timedelta(days=1), 1, service="Cut", staff="Leo"))
    assert (away.refusal, away.reason) == (Refusal.STAFF_AWAY, ""), "why somebody is away is nobody's business"
    late = await search(database, business, SlotQuery(ten.replace(hour=16, minute=15), 1, service="Colour"))
    assert late.refusal is Refusal.CLOSED
    results = await asyncio.gather(*(try_to_book(database, business, anybody.exact) for _ in range(8)))
    assert [one.resource_names for one in booked(results)] == [("Mia",)]


async def test_who_falls_ill_is_not_booked_any_more(database: Database) -> None:
    business = await salon(database)
    ten = datetime(2027, 3, 12, 10, tzinfo=NEW_YORK)
    found = await search(database, business, SlotQuery(ten, 1, service="Cut", staff="Leo"))
    assert found.exact is not None
    async with database.tenant_session(business.tenant_id) as session:
        leo = next(one for one in await service.list_resources(session) if one.name == "Leo")
        ill = replace(leo.hours, absences=(Absence(date(2027, 3, 12), date(2027, 3, 12)),))
        changed = service.NewResource(leo.kind, leo.name, hours=ill, attributes=leo.attributes)
        assert (await service.change_resource(session, business.tenant_id, leo.resource_id, changed)).hours == ill
    assert isinstance(await try_to_book(database, business, found.exact), SlotTaken)
    anybody = await search(database, business, SlotQuery(ten, 1, service="Cut"))
    assert anybody.exact is not None
    assert anybody.exact.staff == "Mia"


async def test_whoever_shows_listings_is_a_resource_of_their_own(database: Database) -> None:
    rules = BookingRules(
        bookable=Bookable.VIEWING, turn_times=((9, timedelta(minutes=45)),), travel=timedelta(minutes=30)
    )
    listings = [
        {"kind": Bookable.VIEWING, "name": name, "place": name, "capacity": 6, "attributes": {"staff": "Dana"}}
        for name in ("12 Elm Row", "4 Quay Lofts")
    ]
    business = await with_rules(database, *listings, rules=rules, kind=BusinessKind.REAL_ESTATE)
    assert (business.places, business.staff) == (("12 Elm Row", "4 Quay Lofts"), ("Dana",))
    elm = await search(database, business, SlotQuery(EVENING, 2, place="12 Elm Row"))
    assert elm.exact is not None
    assert (await book(database, business, elm.exact)).resource_names == ("Dana",)
    quay = await search(database, business, SlotQuery(EVENING + timedelta(hours=1), 2, place="4 Quay Lofts"))
    assert quay.refusal is Refusal.FULL, "she is on her way"
    async with database.tenant_session(business.tenant_id) as session:
        dana = next(one for one in await service.list_resources(session) if one.kind is ResourceKind.STAFF)
        with pytest.raises(Conflict, match="shows"):
            await service.delete_resource(session, dana.resource_id, NOW)
        away = WorkingHours(absences=(Absence(date(2027, 3, 13), date(2027, 3, 13)),))
        changed = service.NewResource(dana.kind, "Dana", hours=away)
        await service.change_resource(session, business.tenant_id, dana.resource_id, changed)
    tomorrow = await search(database, business, SlotQuery(EVENING + timedelta(days=1), 2, place="4 Quay Lofts"))
    assert tomorrow.refusal is Refusal.FULL
    assert all(slot.starts_at.date() != date(2027, 3, 13) for slot in tomorrow.alternatives)


async def test_a_hotel_with_rates_and_stay_rules(database: Database) -> None:
    rules = BookingRules(
        bookable=Bookable.ROOM,
        rates=(RoomRate("Queen", Decimal("179"), (4, 5)), RoomRate("Queen", Decimal("149"))),
        stay_rules=(StayRule(date(2027, 3, 12), date(2027, 3, 13), minimum_nights=2),),
    )
    room = {"kind": ResourceKind.ROOM, "name": "101", "place": "Queen", "capacity": 2}
    business = await with_rules(database, room, rules=rules, hours=ALWAYS, kind=BusinessKind.HOTEL)
    friday = datetime(2027, 3, 12, 15, tzinfo=NEW_YORK)
    short = await search(database, business, SlotQuery(friday, 2, 1))
    assert (short.refusal, short.nights) == (Refusal.STAY_TOO_SHORT, 2)
    longer = short.alternatives[0]
    assert (longer.starts_at, longer.ends_at.date()) == (friday, date(2027, 3, 14))
    assert longer.price == Price(Decimal("358"), "USD")
    done = await book(database, business, longer)
    assert done.price == Price(Decimal("358.00"), "USD")
    too_long = await search(database, business, SlotQuery(friday, 2, 20))
    assert (too_long.refusal, too_long.nights) == (Refusal.STAY_TOO_LONG, 14)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Unprocessable) as refused:
            await update_tenant(session, rules=replace(rules, rates=(RoomRate("Quene", Decimal(1)),)))
    assert [problem.pointer for problem in refused.value.problems] == ["/rules/rates/0/place"]


async def test_times_that_the_clocks_skip_or_repeat(database: Database) -> None:
    always = replace(BookingRules(), last_seating_before_close=timedelta(), horizon=timedelta(days=400))
    business = await with_rules(database, table("T1", 2), rules=always, hours=ALWAYS)
    skipped = datetime(2027, 3, 14, 2, 30, tzinfo=NEW_YORK)
    found = await search(database, business, SlotQuery(skipped, 2))
    assert found.exact is not None
    assert found.exact.starts_at.strftime("%H:%M %z") == "03:30 -0400", "it is said as the clocks show it"
    assert found.exact.starts_at == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    done = await book(database, business, found.exact)
    assert done.ends_at - done.starts_at == timedelta(minutes=90)
    twice = datetime(2027, 11, 7, 1, 30, tzinfo=NEW_YORK)
    first, second = [await search(database, business, SlotQuery(twice.replace(fold=fold), 2)) for fold in (0, 1)]
    assert first.exact is not None
    assert second.exact is not None
    assert second.exact.starts_at.astimezone(UTC) - first.exact.starts_at.astimezone(UTC) == timedelta(hours=1)
    one = await book(database, business, first.exact)
    other = await try_to_book(database, business, second.exact, BOB)
    assert one.starts_at.fold == 0
    assert isinstance(other, SlotTaken), "an hour later by the clocks of the world the table is still taken"


async def test_a_stay_over_the_change_of_clocks_has_its_nights(database: Database) -> None:
    rules = BookingRules(bookable=Bookable.ROOM, rates=(RoomRate("Queen", Decimal(100)),))
    room = {"kind": ResourceKind.ROOM, "name": "101", "place": "Queen", "capacity": 2}
    business = await with_rules(database, room, rules=rules, hours=ALWAYS, kind=BusinessKind.HOTEL)
    found = await search(database, business, SlotQuery(datetime(2027, 3, 13, 15, tzinfo=NEW_YORK), 2, 2))
    assert found.exact is not None
    assert found.exact.ends_at == datetime(2027, 3, 15, 11, tzinfo=NEW_YORK)
    assert found.exact.price == Price(Decimal(200), "USD")


async def test_leap_days_past_days_and_parties_of_none_and_hundreds(database: Database) -> None:
    rules = replace(BookingRules(), horizon=timedelta(days=400))
    business = await with_rules(database, table("T1", 2), rules=rules)
    leap = datetime(2028, 2, 29, 19, tzinfo=NEW_YORK)
    found = await search(database, business, SlotQuery(leap, 2))
    assert found.exact is not None
    assert (await book(database, business, found.exact)).starts_at == leap
    past = await search(database, business, SlotQuery(EVENING - timedelta(days=30), 2))
    assert past.refusal is Refusal.PAST
    assert all(slot.starts_at > NOW for slot in past.alternatives)
    crowd = await search(database, business, SlotQuery(EVENING, 400))
    assert (crowd.refusal, crowd.alternatives) == (Refusal.PARTY_TOO_LARGE, ())
    for nobody in (0, -1):
        with pytest.raises(Unprocessable) as refused:
            await search(database, business, SlotQuery(EVENING, nobody))
        assert refused.value.problems[0].pointer == "/party_size"


@pytest.mark.parametrize(
    ("resource", "pointer"),
    [
        (table("T9", 2, smallest_party=3), "/smallest_party"),
        (table("T9", 8, joins=("T1",)), "/joins"),
        (table("T9", 8, joins=("T1", "T1")), "/joins"),
        (table("T9", 8, joins=("T1", "T7")), "/joins/1"),
        (table("T9", 8, joins=("T1", "T1+T2")), "/joins/1"),
        ({"kind": ResourceKind.ROOM, "name": "1", "capacity": 2, "joins": ("T1", "T2")}, "/joins"),
        (table("T9", 8, hours=WorkingHours(((),) * 7)), "/hours"),
        ({"kind": ResourceKind.STAFF, "name": "Mia", "hours": WorkingHours(((),) * 3)}, "/hours/weekly"),
        (
            {
                "kind": ResourceKind.STAFF,
                "name": "Mia",
                "hours": WorkingHours((), (Absence(date(2027, 3, 2), date(2027, 3, 1)),)),
            },
            "/hours/absences/0/last",
        ),
        ({"kind": ResourceKind.STAFF, "name": "Mia", "attributes": {"services": ["Cut"]}}, "/attributes/services/0"),
    ],
)
async def test_bad_resources_are_refused_with_a_pointer(
    database: Database, resource: dict[str, Any], pointer: str
) -> None:
    business = await with_rules(database, *JOINED)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Unprocessable) as refused:
            await service.create_resource(session, business.tenant_id, **resource)
        assert [problem.pointer for problem in refused.value.problems] == [pointer]
        with pytest.raises(NotFound):
            await service.change_resource(
                session, business.tenant_id, uuid7(), service.NewResource(ResourceKind.TABLE, "T")
            )
