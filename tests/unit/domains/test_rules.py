"""What rules forbid is never offered: shifts, closures, pacing, joined tables, people's hours, buffers, stays."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reception.domains.reservations import stays, visits
from reception.domains.reservations.availability import Calendar, Offer, Span, Unit, at_wall, is_at_work, open_spans
from reception.domains.reservations.seatings import quarter_of
from reception.ports.booking import Price, Refusal, SlotQuery
from reception.ports.business import Bookable, BookingRules, Closure, OpeningHours, OpenSpan, PublicHolidays
from reception.ports.rules import RoomRate, Service, Shift, StayRule
from reception.ports.staff import Absence, WorkingHours

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
ORIGIN = datetime(2027, 3, 10, tzinfo=UTC)
QUARTERS = st.integers(0, 4 * 24 * 12).map(lambda number: ORIGIN + timedelta(minutes=15 * number))
LENGTHS = st.integers(1, 16).map(lambda number: timedelta(minutes=15 * number))
SPANS = st.builds(lambda start, length: Span(start, start + length), QUARTERS, LENGTHS)
BUSY = st.dictionaries(st.integers(1, 4), st.lists(SPANS, max_size=5))
TIMES = st.integers(0, 95).map(lambda number: time(number // 4, number % 4 * 15))
WEEKDAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
DAYS = st.integers(0, 12).map(lambda number: date(2027, 3, 10) + timedelta(days=number))
TWICE = OpeningHours(weekly=((OpenSpan(time(11, 30), time(14, 30)), OpenSpan(time(17), time(23))),) * 7)
ALWAYS = OpeningHours(weekly=((OpenSpan(time(0), time(0)),),) * 7)
TABLES = (Unit(1, "T1", "", 2), Unit(2, "T2", "", 4, 2), Unit(3, "T3", "", 4), Unit(2, "T2+T3", "", 8, 5, (3,)))
LUNCH = Shift("Lunch", time(11, 45), time(13, 30), (1, 2, 3, 4))
DINNER = Shift("Dinner", time(17, 30), time(21, 45), turn_times=((99, timedelta(hours=3)),), covers=6)


def board(
    hours: OpeningHours = TWICE,
    rules: BookingRules | None = None,
    units: tuple[Unit, ...] = TABLES,
    busy: Mapping[int, Sequence[Span]] | None = None,
    covers: Mapping[datetime, int] | None = None,
    now: datetime = NOW,
) -> Calendar:
    return Calendar(hours, rules or BookingRules(), NEW_YORK, units, busy or {}, now, covers or {})


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=NEW_YORK)


def offers_of(calendar: Calendar, query: SlotQuery) -> list[Offer]:
    found = visits.search(calendar, query)
    assert (found.exact is None) == (found.refusal is not None)
    return [found.exact] if found.exact else list(found.alternatives)


SHIFTS = st.lists(st.builds(Shift, st.just("Shift"), TIMES, TIMES, WEEKDAYS, covers=st.integers(0, 6)), max_size=3).map(
    tuple
)
CLOSURES = st.lists(st.builds(lambda day, more: Closure(day, day + timedelta(days=more)), DAYS, st.integers(0, 3))).map(
    tuple
)


@settings(deadline=None)
@given(busy=BUSY, shifts=SHIFTS, closures=CLOSURES, start=QUARTERS, party=st.integers(1, 8), covers=st.data())
def test_tables_are_offered_within_shifts_hours_and_what_the_kitchen_can_do(
    busy: dict[int, list[Span]],
    shifts: tuple[Shift, ...],
    closures: tuple[Closure, ...],
    start: datetime,
    party: int,
    covers: st.DataObject,
) -> None:
    begin_with = covers.draw(st.dictionaries(QUARTERS.map(quarter_of), st.integers(0, 8), max_size=20))
    rules = BookingRules(shifts=shifts, covers_per_quarter=8)
    hours = replace(TWICE, closures=closures)
    calendar = board(hours, rules, busy=busy, covers=begin_with)
    for offer in offers_of(calendar, SlotQuery(start, party)):
        local = offer.span.start.astimezone(NEW_YORK)
        spans = open_spans(hours, local.date() - timedelta(days=1), local.date(), NEW_YORK)
        assert any(span.start <= offer.span.start < span.end for span in spans)
        assert not any(closure.first <= local.date() <= closure.last for closure in closures)
        own = [shift for shift in shifts if _runs(shift, offer.span.start)]
        assert own or not shifts
        limit = max((shift.covers or 8 for shift in own), default=8)
        before = begin_with.get(quarter_of(offer.span.start), 0)
        assert not before or before + party <= limit
        unit = next(unit for unit in TABLES if unit.numbers == offer.resource_nos)
        assert unit.smallest_party <= party <= unit.capacity
        assert not any(offer.blocks.overlaps(taken) for number in unit.numbers for taken in busy.get(number, []))


def _runs(shift: Shift, start: datetime) -> bool:
    """Whether `start` is in a shift that begins on its own day or on the one before."""
    for back in (0, 1):
        day = start.astimezone(NEW_YORK).date() - timedelta(days=back)
        last_day = day if shift.last_seating >= shift.opens else day + timedelta(days=1)
        first, last = at_wall(day, shift.opens, NEW_YORK), at_wall(last_day, shift.last_seating, NEW_YORK)
        if day.weekday() in shift.weekdays and first <= start <= last:
            return True
    return False


WEEKS = st.lists(
    st.builds(lambda one, other: (OpenSpan(min(one, other), max(one, other)),) if one != other else (), TIMES, TIMES),
    min_size=7,
    max_size=7,
).map(tuple)
ABSENCES = st.lists(
    st.builds(
        lambda day, more, one, other: Absence(day, day + timedelta(days=more), *_in_order(one, other)),
        DAYS,
        st.integers(0, 2),
        st.none() | TIMES,
        st.none() | TIMES,
    ),
    max_size=3,
).map(tuple)


def _in_order(one: time | None, other: time | None) -> tuple[time | None, time | None]:
    return (min(one, other), max(one, other)) if one and other and one != other else (one, None)


@given(week=st.just(()) | WEEKS, absences=ABSENCES, span=SPANS)
def test_somebody_is_at_work_who_is_there_at_every_minute(
    week: tuple[tuple[OpenSpan, ...], ...], absences: tuple[Absence, ...], span: Span
) -> None:
    def there(moment: datetime) -> bool:
        local = moment.astimezone(NEW_YORK)
        day, clock = local.date(), local.time()
        if week and not any(one.opens <= clock < one.closes for one in week[day.weekday()]):
            return False
        return not any(
            absence.first <= day <= absence.last
            and (absence.starts or time()) <= clock
            and (absence.ends is None or clock < absence.ends)
            for absence in absences
        )

    quarters = int((span.end - span.start) / timedelta(minutes=15))
    every = all(there(span.start + timedelta(minutes=15 * number)) for number in range(quarters))
    assert is_at_work(WorkingHours(week, absences), span, NEW_YORK) == every


SALON = BookingRules(
    bookable=Bookable.APPOINTMENT,
    services=(
        Service("Cut", timedelta(minutes=45), timedelta(minutes=15), Decimal("55.00")),
        Service("Colour", timedelta(hours=2)),
    ),
    lead_time=timedelta(),
)
MORNINGS = WorkingHours(((OpenSpan(time(9), time(13)),),) * 5 + ((),) * 2)
MIA = Unit(1, "Mia", "", 1, hours=WorkingHours(absences=(Absence(date(2027, 3, 12), date(2027, 3, 12), time(14)),)))
LEO = Unit(2, "Leo", "", 1, hours=MORNINGS, services=("Cut",))


@settings(deadline=None)
@given(busy=BUSY, start=QUARTERS, service=st.sampled_from(["cut", "Colour"]), staff=st.sampled_from(["", "mia", "LEO"]))
def test_appointments_fit_the_service_and_the_person(
    busy: dict[int, list[Span]], start: datetime, service: str, staff: str
) -> None:
    calendar = board(TWICE, SALON, (MIA, LEO), busy)
    for offer in offers_of(calendar, SlotQuery(start, 1, service=service, staff=staff)):
        wanted = next(one for one in SALON.services if one.name == offer.service)
        assert offer.span.end - offer.span.start == wanted.length
        assert offer.blocks.end - offer.span.end == wanted.buffer
        (unit,) = (unit for unit in (MIA, LEO) if unit.numbers == offer.resource_nos)
        assert not staff or unit.name.lower() == staff.lower()
        assert not unit.services or offer.service in unit.services
        assert unit.hours is not None
        assert is_at_work(unit.hours, offer.span, NEW_YORK)
        assert not any(offer.blocks.overlaps(taken) for taken in busy.get(unit.resource_no, []))


STAYS = st.lists(
    st.builds(
        lambda first, more, shortest, longest, arrival, departure, places: StayRule(
            first, first + timedelta(days=more), places, shortest, shortest + longest, arrival, departure
        ),
        DAYS,
        st.integers(0, 6),
        st.integers(1, 3),
        st.integers(0, 3),
        st.lists(st.integers(0, 6), max_size=2, unique=True).map(tuple),
        st.lists(st.integers(0, 6), max_size=2, unique=True).map(tuple),
        st.sampled_from([(), ("Queen",), ("King",)]),
    ),
    max_size=3,
).map(tuple)


@settings(deadline=None)
@given(rules=STAYS, arrival=DAYS, nights=st.integers(1, 6), place=st.sampled_from(["", "Queen", "King"]))
def test_stays_are_offered_within_every_rule(
    rules: tuple[StayRule, ...], arrival: date, nights: int, place: str
) -> None:
    units = (Unit(1, "101", "Queen", 2), Unit(2, "201", "King", 2))
    calendar = board(ALWAYS, BookingRules(bookable=Bookable.ROOM, stay_rules=rules), units)
    query = SlotQuery(at_wall(arrival, time(15), NEW_YORK), 2, nights, place)
    found = stays.search(calendar, query)
    assert (found.exact is None) == (found.refusal is not None)
    for offer in [found.exact] if found.exact else found.alternatives:
        day, length = stays.nights_of(calendar, offer.span)
        leaves = day + timedelta(days=length)
        for rule in rules:
            assert rule.first is not None
            assert rule.last is not None
            if rule.places and offer.place not in rule.places:
                continue
            if rule.first <= day <= rule.last:
                assert rule.minimum_nights <= length <= (rule.maximum_nights or length)
                assert day.weekday() not in rule.no_arrival
            if rule.first <= leaves <= rule.last:
                assert leaves.weekday() not in rule.no_departure
    if found.refusal in (Refusal.STAY_TOO_SHORT, Refusal.STAY_TOO_LONG):
        assert found.nights > 0
        assert (found.nights > nights) == (found.refusal is Refusal.STAY_TOO_SHORT)


def test_a_shift_ends_with_its_own_last_seating() -> None:
    calendar = board(rules=BookingRules(shifts=(LUNCH, DINNER)))
    refused = {
        at(12, 13, 30): None,
        at(12, 13, 45): Refusal.CLOSED,
        at(12, 11, 30): Refusal.CLOSED,
        at(12, 21, 45): None,
        at(12, 22, 0): Refusal.CLOSED,
        at(13, 12, 0): Refusal.CLOSED,
        at(13, 17, 30): None,
    }
    for start, why in refused.items():
        assert visits.search(calendar, SlotQuery(start, 2)).refusal is why, start
    (dinner,), (lunch,) = offers_of(calendar, SlotQuery(at(12, 18), 2)), offers_of(calendar, SlotQuery(at(12, 12), 2))
    assert dinner.span.end - dinner.span.start == timedelta(hours=3)
    assert lunch.span.end - lunch.span.start == timedelta(minutes=90)


def test_a_shift_is_cut_by_special_hours() -> None:
    short = OpeningHours(TWICE.weekly, exceptions=((date(2027, 3, 12), (OpenSpan(time(18, 10), time(20)),)),))
    calendar = board(short, BookingRules(shifts=(DINNER,)))
    found = {minute: visits.search(calendar, SlotQuery(at(12, 18, minute), 2)).refusal for minute in (0, 10, 15)}
    assert found == {0: Refusal.CLOSED, 10: Refusal.CLOSED, 15: None}
    assert visits.search(calendar, SlotQuery(at(12, 19), 2)).exact is not None
    assert visits.search(calendar, SlotQuery(at(12, 19, 15), 2)).refusal is Refusal.CLOSED


def test_a_large_party_begins_when_nobody_else_does() -> None:
    rules = BookingRules(covers_per_quarter=4)
    start = at(12, 18)
    for others, refusal in ((0, None), (1, Refusal.FULL)):
        found = visits.search(board(rules=rules, covers={quarter_of(start): others}), SlotQuery(start, 6))
        assert found.refusal is refusal


def test_tables_are_joined_when_no_single_one_does() -> None:
    calendar = board()
    (six,), (four,) = offers_of(calendar, SlotQuery(at(12, 18), 6)), offers_of(calendar, SlotQuery(at(12, 18), 4))
    assert (six.resource_nos, four.resource_nos) == ((2, 3), (2,))
    taken = board(busy={3: [Span(at(12, 17), at(12, 19))]})
    assert visits.search(taken, SlotQuery(at(12, 18), 6)).refusal is Refusal.FULL
    assert visits.search(calendar, SlotQuery(at(12, 18), 9)).refusal is Refusal.PARTY_TOO_LARGE
    only_pairs = board(units=(Unit(1, "Booth", "", 4, 2),))
    assert visits.search(only_pairs, SlotQuery(at(12, 18), 1)).refusal is Refusal.PARTY_TOO_SMALL


def test_closures_and_holidays_say_why() -> None:
    hours = OpeningHours(
        TWICE.weekly,
        exceptions=((date(2027, 12, 24), (OpenSpan(time(12), time(15)),)), (date(2027, 8, 2), ())),
        closures=(Closure(date(2027, 8, 1), date(2027, 8, 14), "our summer break"),),
        holidays=PublicHolidays("US"),
    )
    assert hours.on(date(2027, 12, 24)) == (OpenSpan(time(12), time(15)),)
    assert hours.closed_for(date(2027, 12, 24)) is None, "hours of its own, although Christmas is observed on it"
    assert hours.closed_for(date(2027, 11, 25)) == "Thanksgiving Day"
    assert [hours.closed_for(date(2027, 8, day)) for day in (1, 2, 14)] == ["our summer break"] * 3
    assert hours.closed_for(date(2027, 8, 15)) is None
    named = replace(hours, holidays=PublicHolidays("US", names=("Christmas Day",)))
    assert named.closed_for(date(2027, 12, 25)) == "Christmas Day"
    assert named.on(date(2027, 11, 25)) == TWICE.weekly[3]
    calendar = board(hours, now=datetime(2027, 7, 30, 12, tzinfo=UTC))
    found = visits.search(calendar, SlotQuery(datetime(2027, 8, 5, 18, tzinfo=NEW_YORK), 2))
    assert (found.refusal, found.reason) == (Refusal.CLOSED, "our summer break")
    assert found.alternatives[0].span.start.astimezone(NEW_YORK).date() == date(2027, 8, 15)


def test_who_is_asked_for_must_be_there() -> None:
    calendar = board(TWICE, SALON, (MIA, LEO))
    asked = {
        SlotQuery(at(12, 12), 1, service="Cut", staff="Leo"): None,
        SlotQuery(at(12, 13), 1, service="Cut", staff="Leo"): Refusal.STAFF_AWAY,
        SlotQuery(at(12, 13), 1, service="Cut", staff="Mia"): None,
        SlotQuery(at(12, 13, 30), 1, service="Cut"): Refusal.FULL,
        SlotQuery(at(12, 12), 1, service="Colour", staff="Leo"): Refusal.STAFF_UNABLE,
        SlotQuery(at(12, 12), 1, service="Massage"): Refusal.UNKNOWN_SERVICE,
        SlotQuery(at(12, 12), 1): Refusal.UNKNOWN_SERVICE,
        SlotQuery(at(12, 12), 1, service="Cut", staff="Zoe"): Refusal.UNKNOWN_STAFF,
    }
    for query, why in asked.items():
        assert visits.search(calendar, query).refusal is why, query


def test_travel_keeps_viewings_apart() -> None:
    rules = BookingRules(
        bookable=Bookable.VIEWING, turn_times=((9, timedelta(minutes=45)),), travel=timedelta(minutes=30)
    )
    units = tuple(Unit(1, "Dana", place, 6, hours=WorkingHours()) for place in ("12 Elm Row", "4 Quay Lofts"))
    first = offers_of(board(ALWAYS, rules, units), SlotQuery(at(12, 10), 2, place="12 elm row"))[0]
    assert first.blocks == Span(first.span.start, first.span.end + timedelta(minutes=30))
    taken = board(ALWAYS, rules, units, {1: [first.blocks]})
    free = {
        (hour, minute): visits.search(taken, SlotQuery(at(12, hour, minute), 2, place="4 quay lofts")).refusal is None
        for hour, minute in ((8, 45), (9, 0), (11, 0), (11, 15))
    }
    assert free == {(8, 45): True, (9, 0): False, (11, 0): False, (11, 15): True}


def test_a_stay_costs_what_its_nights_cost() -> None:
    weekend = (4, 5)
    rules = BookingRules(
        bookable=Bookable.ROOM,
        currency="EUR",
        rates=(
            RoomRate("Queen", Decimal("300"), first=date(2027, 3, 20), last=date(2027, 3, 20)),
            RoomRate("Queen", Decimal("179.50"), weekend),
            RoomRate("Queen", Decimal("149"), (0, 1, 2, 3, 6)),
        ),
    )
    assert stays.price_of(rules, "Queen", date(2027, 3, 11), 3) == Price(Decimal("508.00"), "EUR")
    assert stays.price_of(rules, "Queen", date(2027, 3, 20), 1) == Price(Decimal(300), "EUR")
    assert stays.price_of(rules, "King", date(2027, 3, 11), 1) is None


@pytest.mark.parametrize(
    ("nights", "arrival", "refusal", "limit", "offered"),
    [
        (1, 13, Refusal.STAY_TOO_SHORT, 2, (13, 2)),
        (5, 13, Refusal.STAY_TOO_LONG, 3, (13, 3)),
        (2, 14, Refusal.NO_ARRIVAL, 0, (15, 2)),
        (2, 12, Refusal.NO_DEPARTURE, 0, (13, 2)),
        (2, 13, None, 0, (13, 2)),
    ],
)
def test_stay_rules_say_what_would_do(
    nights: int, arrival: int, refusal: Refusal | None, limit: int, offered: tuple[int, int]
) -> None:
    rule = StayRule(date(2027, 3, 12), date(2027, 3, 16), (), 2, 3, no_arrival=(6,), no_departure=(6,))
    rules = BookingRules(bookable=Bookable.ROOM, stay_rules=(rule,))
    calendar = board(ALWAYS, rules, (Unit(1, "101", "Queen", 2),))
    found = stays.search(calendar, SlotQuery(at(arrival, 15), 2, nights))
    assert (found.refusal, found.nights) == (refusal, limit)
    best = found.exact or found.alternatives[0]
    day, length = stays.nights_of(calendar, best.span)
    assert (day.day, length) == offered
