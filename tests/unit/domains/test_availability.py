"""Interval algebra and searches, on plain values and any values."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reception.domains.reservations import stays, visits
from reception.domains.reservations.availability import (
    Calendar,
    Span,
    Unit,
    at_wall,
    open_spans,
    turn_time,
    union,
)
from reception.ports.booking import Refusal, SlotQuery
from reception.ports.business import Bookable, BookingRules, OpeningHours, OpenSpan

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
ORIGIN = datetime(2027, 3, 1, tzinfo=UTC)
EVENINGS = OpeningHours(weekly=((OpenSpan(time(17), time(23)),),) * 7)
INSTANTS = st.integers(0, 60 * 24 * 20).map(lambda minutes: ORIGIN + timedelta(minutes=minutes))
SPANS = st.tuples(INSTANTS, INSTANTS).map(lambda ends: Span(min(ends), max(ends)))


def calendar(
    hours: OpeningHours = EVENINGS,
    rules: BookingRules | None = None,
    units: tuple[Unit, ...] = (Unit(1, "T1", "", 2),),
    busy: dict[int, list[Span]] | None = None,
    now: datetime = NOW,
) -> Calendar:
    return Calendar(hours, rules or BookingRules(), NEW_YORK, units, busy or {}, now)


def test_a_skipped_time_moves_forward_and_a_repeated_one_is_the_first() -> None:
    assert at_wall(date(2027, 3, 14), time(2, 30), NEW_YORK) == datetime(2027, 3, 14, 7, 30, tzinfo=UTC)
    assert at_wall(date(2027, 3, 14), time(2, 30), NEW_YORK).astimezone(NEW_YORK).time() == time(3, 30)
    assert at_wall(date(2027, 11, 7), time(1, 30), NEW_YORK) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
    assert at_wall(date(2027, 11, 7), time(1, 30, fold=1), NEW_YORK) == datetime(2027, 11, 7, 5, 30, tzinfo=UTC)


def test_opening_past_midnight_and_exceptions() -> None:
    hours = OpeningHours(
        weekly=((OpenSpan(time(18), time(2)),),) * 7,
        exceptions=((date(2027, 3, 11), ()), (date(2027, 3, 12), (OpenSpan(time(12), time(14)),))),
    )
    spans = open_spans(hours, date(2027, 3, 10), date(2027, 3, 12), NEW_YORK)
    local = [(span.start.astimezone(NEW_YORK), span.end.astimezone(NEW_YORK)) for span in spans]
    assert [(start.day, start.hour, end.day, end.hour) for start, end in local] == [(10, 18, 11, 2), (12, 12, 12, 14)]


def test_a_house_that_never_closes_has_one_span() -> None:
    hours = OpeningHours(weekly=((OpenSpan(time(0), time(0)),),) * 7)
    assert len(open_spans(hours, date(2027, 3, 10), date(2027, 3, 20), NEW_YORK)) == 1


@given(st.lists(SPANS, max_size=8), INSTANTS)
def test_a_union_covers_the_same_instants_without_overlap(spans: list[Span], instant: datetime) -> None:
    merged = union(spans)
    assert any(s.start <= instant < s.end for s in spans) == any(s.start <= instant < s.end for s in merged)
    for earlier, later in pairwise(merged):
        assert earlier.end < later.start


@given(st.integers(1, 200))
def test_a_larger_party_never_stays_shorter(party: int) -> None:
    rules = BookingRules(turn_times=((2, timedelta(minutes=90)), (6, timedelta(minutes=120))))
    assert turn_time(rules.turn_times, party) <= turn_time(rules.turn_times, party + 1)


@settings(deadline=None)
@given(
    busy=st.dictionaries(st.integers(1, 3), st.lists(SPANS, max_size=6)),
    capacities=st.lists(st.integers(1, 8), min_size=1, max_size=3),
    minutes=st.integers(0, 60 * 24 * 20),
    party=st.integers(1, 8),
    bookable=st.sampled_from([Bookable.TABLE, Bookable.VIEWING, Bookable.ROOM]),
    nights=st.integers(1, 4),
)
def test_what_is_offered_can_be_had(
    busy: dict[int, list[Span]],
    capacities: list[int],
    minutes: int,
    party: int,
    bookable: Bookable,
    nights: int,
) -> None:
    units = tuple(Unit(number, f"U{number}", "", capacity) for number, capacity in enumerate(capacities, 1))
    board = calendar(rules=BookingRules(bookable=bookable), units=units, busy=busy)
    query = SlotQuery(ORIGIN + timedelta(minutes=minutes), party, nights if bookable is Bookable.ROOM else 0)
    found = stays.search(board, query) if bookable is Bookable.ROOM else visits.search(board, query)
    assert (found.exact is None) == (found.refusal is not None)
    assert found.exact is None or not found.alternatives
    assert len(found.alternatives) <= 3
    offers = [found.exact] if found.exact else list(found.alternatives)
    assert len({(offer.span.start, offer.place) for offer in offers}) == len(offers)
    for offer in offers:
        assert offer.party_size == party
        for number in offer.resource_nos:
            assert units[number - 1].capacity >= party
            assert not any(offer.span.overlaps(taken) for taken in busy.get(number, []))
        if bookable is not Bookable.ROOM:
            assert offer.span.start >= NOW + board.rules.lead_time
            assert time(17) <= offer.span.start.astimezone(NEW_YORK).time() <= time(22)


def test_the_smallest_sufficient_table_first() -> None:
    board = calendar(units=(Unit(1, "T1", "", 6), Unit(2, "T2", "", 4), Unit(3, "T3", "", 2)))
    found = visits.search(board, SlotQuery(datetime(2027, 3, 12, 19, 30, tzinfo=NEW_YORK), 3))
    assert found.exact is not None
    assert found.exact.resource_nos == (2,)


@pytest.mark.parametrize(("hour", "day"), [(0, 13), (1, 13)])
def test_after_midnight_belongs_to_the_evening_before(hour: int, day: int) -> None:
    hours = OpeningHours(weekly=((OpenSpan(time(18), time(3)),),) * 7)
    found = visits.search(calendar(hours), SlotQuery(datetime(2027, 3, day, hour, 30, tzinfo=NEW_YORK), 2))
    assert found.exact is not None


def test_a_full_evening_offers_the_same_time_on_the_next_days() -> None:
    wanted = datetime(2027, 3, 13, 19, 30, tzinfo=NEW_YORK)
    evening = Span(at_wall(wanted.date(), time(16), NEW_YORK), at_wall(wanted.date(), time(23, 59), NEW_YORK))
    found = visits.search(calendar(busy={1: [evening]}), SlotQuery(wanted, 2))
    assert found.refusal is Refusal.FULL
    starts = [offer.span.start.astimezone(NEW_YORK) for offer in found.alternatives]
    assert [(start.day, start.time()) for start in starts] == [
        (14, time(19, 30)),
        (15, time(19, 30)),
        (16, time(19, 30)),
    ]


def test_a_stay_over_a_clock_change_ends_at_check_out() -> None:
    board = calendar(rules=BookingRules(bookable=Bookable.ROOM))
    span = stays.span_of(board, date(2027, 3, 13), 1)
    assert span.end - span.start == timedelta(hours=19)
    assert stays.nights_of(board, span) == (date(2027, 3, 13), 1)


def test_a_closed_season_closes_rooms() -> None:
    hours = OpeningHours(weekly=EVENINGS.weekly, exceptions=((date(2027, 3, 14), ()),))
    board = calendar(hours, BookingRules(bookable=Bookable.ROOM))
    found = stays.search(board, SlotQuery(datetime(2027, 3, 13, 15, tzinfo=NEW_YORK), 2, nights=2))
    assert found.refusal is Refusal.CLOSED
    assert [offer.span.start.astimezone(NEW_YORK).day for offer in found.alternatives] == [12, 15, 11]
