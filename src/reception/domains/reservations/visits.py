"""What can be had by the hour: tables, and viewings of a listing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from reception.domains.reservations.availability import (
    ALTERNATIVES,
    Calendar,
    Finding,
    Offer,
    Span,
    at_wall,
    grid,
    on_grid,
    open_spans,
    turn_time,
)
from reception.ports.booking import Refusal, SlotQuery
from reception.ports.business import Bookable

NEAR = timedelta(hours=2)
DAYS_AHEAD = 14
_DAY = timedelta(days=1)


def window(query: SlotQuery, now: datetime) -> Span:
    """The time within which a search for `query` looks at what is busy."""
    middle = min(max(query.starts_at, now), now + timedelta(days=1100)).astimezone(UTC)
    return Span(middle - 2 * _DAY, middle + (DAYS_AHEAD + 3) * _DAY)


def search(calendar: Calendar, query: SlotQuery) -> Finding:
    """Look for exactly what is wanted, else for the nearest: within two hours, then that day, then the same time on
    one of the next fourteen days."""
    place = calendar.place_called(query.place)
    if place is None:
        return Finding(None, Refusal.UNKNOWN_PLACE)
    query = replace(query, place=place)
    refusal = refuse(calendar, query)
    if refusal in (Refusal.PARTY_TOO_LARGE, Refusal.TOO_FAR):
        return Finding(None, refusal)
    if refusal is None:
        exact = offer(calendar, query, query.starts_at.astimezone(UTC))
        if exact is not None:
            return Finding(exact, None)
    return Finding(None, refusal or Refusal.FULL, alternatives(calendar, query))


def refuse(calendar: Calendar, query: SlotQuery, *, grace: timedelta = timedelta()) -> Refusal | None:
    """Why nothing can be booked as asked, whatever is free. `grace` shortens the lead time. FULL stands for a time
    between two steps of the grid."""
    rules, party = calendar.rules, query.party_size
    if party > rules.largest_party or not calendar.fitting(party, query.place):
        return Refusal.PARTY_TOO_LARGE
    if query.starts_at <= calendar.now:
        return Refusal.PAST
    if query.starts_at > calendar.now + rules.horizon:
        return Refusal.TOO_FAR
    if query.starts_at < calendar.now + rules.lead_time - grace:
        return Refusal.TOO_SOON
    start = query.starts_at.astimezone(UTC)
    spans = _spans_around(calendar, start.astimezone(calendar.zone).date())
    last = _before_close(calendar, party)
    if not any(span.start <= start < span.end and start <= span.end - last for span in spans):
        return Refusal.CLOSED
    return None if on_grid(spans, start, _step(calendar)) else Refusal.FULL


def offer(calendar: Calendar, query: SlotQuery, start: datetime) -> Offer | None:
    """The smallest sufficient free unit from `start`, if there is one."""
    span = Span(start, start + turn_time(calendar.rules, query.party_size))
    unit = calendar.first_free(calendar.fitting(query.party_size, query.place), span)
    if unit is None:
        return None
    place = unit.place if calendar.rules.bookable is Bookable.VIEWING else query.place
    return Offer(span, query.party_size, place, (unit.resource_no,))


def best_between(calendar: Calendar, query: SlotQuery, earliest: datetime, latest: datetime) -> Offer | None:
    """What can be had with a start from `earliest` to `latest`, the nearest to the time that `query` asks for."""
    place = calendar.place_called(query.place)
    if place is None:
        return None
    query = replace(query, place=place)
    first, last = (instant.astimezone(calendar.zone).date() for instant in (earliest, latest))
    spans = open_spans(calendar.hours, first - _DAY, last, calendar.zone)
    starts = grid(spans, _step(calendar), _before_close(calendar, query.party_size))
    within = (start for start in starts if earliest <= start <= latest)
    for start in sorted(within, key=lambda start: (abs(start - query.starts_at), start)):
        if refuse(calendar, replace(query, starts_at=start)) is None:
            offered = offer(calendar, query, start)
            if offered is not None:
                return offered
    return None


def alternatives(calendar: Calendar, query: SlotQuery) -> tuple[Offer, ...]:
    """At most three offers, best first."""
    earliest, latest = calendar.now + calendar.rules.lead_time, calendar.now + calendar.rules.horizon
    found: dict[datetime, Offer] = {}
    for start in _candidates(calendar, query):
        if len(found) == ALTERNATIVES:
            break
        if start not in found and earliest <= start <= latest:
            offered = offer(calendar, query, start)
            if offered is not None:
                found[start] = offered
    return tuple(found.values())


def _candidates(calendar: Calendar, query: SlotQuery) -> Iterator[datetime]:
    wanted = query.starts_at.astimezone(UTC)
    local = wanted.astimezone(calendar.zone)
    today = calendar.now.astimezone(calendar.zone).date()
    base = max(local.date(), today)
    before_close, step = _before_close(calendar, query.party_size), _step(calendar)
    if base == local.date():
        starts = [
            start
            for start in grid(_spans_around(calendar, base), step, before_close)
            if start != wanted and (abs(start - wanted) <= NEAR or start.astimezone(calendar.zone).date() == base)
        ]
        yield from sorted(starts, key=lambda start: (abs(start - wanted), start))
    for offset in range(0 if base > local.date() else 1, DAYS_AHEAD + 1):
        day = base + offset * _DAY
        start = at_wall(day, local.time(), calendar.zone)
        spans = _spans_around(calendar, day)
        open_then = any(span.start <= start < span.end and start <= span.end - before_close for span in spans)
        if open_then and on_grid(spans, start, step):
            yield start


def _spans_around(calendar: Calendar, day: date) -> tuple[Span, ...]:
    return open_spans(calendar.hours, day - _DAY, day + _DAY, calendar.zone)


def _step(calendar: Calendar) -> timedelta:
    return timedelta(minutes=calendar.rules.slot_minutes)


def _before_close(calendar: Calendar, party_size: int) -> timedelta:
    """A viewing ends by closing time; a table is taken until the last seating and may then stay."""
    if calendar.rules.bookable is Bookable.VIEWING:
        return turn_time(calendar.rules, party_size)
    return calendar.rules.last_seating_before_close
