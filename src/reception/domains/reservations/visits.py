"""What can be had by the hour: tables, viewings of a listing, appointments."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from reception.core.errors import SlotTaken
from reception.domains.reservations.availability import (
    ALTERNATIVES,
    Calendar,
    Finding,
    Offer,
    Span,
    Unit,
    at_wall,
    turn_time,
)
from reception.domains.reservations.seatings import Seating, quarter_of, seatings, starts
from reception.ports.booking import Refusal, SlotQuery
from reception.ports.business import Bookable
from reception.ports.rules import Service

_HOPELESS = frozenset({Refusal.PARTY_TOO_LARGE, Refusal.PARTY_TOO_SMALL, Refusal.STAFF_UNABLE, Refusal.TOO_FAR})
"""No other time would do either."""
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
    known = as_known(calendar, query)
    if isinstance(known, Refusal):
        return Finding(None, known)
    query, refusal = known, refuse(calendar, known)
    if refusal in _HOPELESS:
        return Finding(None, refusal)
    if refusal is None:
        start = query.starts_at.astimezone(UTC)
        run = seating_at(calendar, query, start)
        exact = offer(calendar, query, _fitting(calendar, query), start, run) if run else None
        if exact is not None:
            return Finding(exact, None)
    day = query.starts_at.astimezone(calendar.zone).date()
    reason = calendar.hours.closed_for(day) if refusal is Refusal.CLOSED else None
    return Finding(None, refusal or Refusal.FULL, alternatives(calendar, query), reason or "")


def as_known(calendar: Calendar, query: SlotQuery) -> SlotQuery | Refusal:
    """`query` with the names that the business uses, or which of them it does not know."""
    place = calendar.place_called(query.place)
    if place is None:
        return Refusal.UNKNOWN_PLACE
    appointment = calendar.rules.bookable is Bookable.APPOINTMENT
    service = calendar.service_called(query.service) if appointment else ""
    if service is None:
        return Refusal.UNKNOWN_SERVICE
    staff = calendar.staff_called(query.staff)
    if staff is None:
        return Refusal.UNKNOWN_STAFF
    return replace(query, place=place, service=service, staff=staff)


def refuse(calendar: Calendar, query: SlotQuery, *, grace: timedelta = timedelta()) -> Refusal | None:
    """Why nothing can be booked as asked, whatever is free. `grace` shortens the lead time. FULL stands for a time
    between two steps of the grid."""
    rules = calendar.rules
    refusal = calendar.refuse_party(query.party_size, query.place, query.service, query.staff)
    if refusal is not None:
        return refusal
    if query.starts_at <= calendar.now:
        return Refusal.PAST
    if query.starts_at > calendar.now + rules.horizon:
        return Refusal.TOO_FAR
    if query.starts_at < calendar.now + rules.lead_time - grace:
        return Refusal.TOO_SOON
    start = query.starts_at.astimezone(UTC)
    run = seating_at(calendar, query, start)
    if run is None:
        return Refusal.CLOSED
    if not run.is_step(start, _step(calendar)):
        return Refusal.FULL
    return None if not query.staff or _at_work(calendar, query, start, run) else Refusal.STAFF_AWAY


def _at_work(calendar: Calendar, query: SlotQuery, start: datetime, run: Seating) -> bool:
    span = Span(start, start + length_of(calendar, query, run))
    return any(calendar.works(unit, span) for unit in _fitting(calendar, query))


def seating_at(calendar: Calendar, query: SlotQuery, start: datetime) -> Seating | None:
    """The run of starts that `start` lies in; where several do, one of whose steps it is."""
    runs = [
        run
        for run in _runs_around(calendar, query, start.astimezone(calendar.zone).date())
        if run.first <= start <= run.last
    ]
    step = _step(calendar)
    return next((run for run in runs if run.is_step(start, step)), runs[0] if runs else None)


def check_open(calendar: Calendar, query: SlotQuery) -> None:
    """That the opening hours, as they are now, still have a start where `query` asks for one; nights have no such.

    Raises:
        SlotTaken: they have none.
    """
    if calendar.rules.bookable is not Bookable.ROOM and seating_at(calendar, query, query.starts_at) is None:
        raise SlotTaken("That can no longer be booked: closed")


def length_of(calendar: Calendar, query: SlotQuery, run: Seating) -> timedelta:
    """How long what is asked for takes."""
    service = service_of(calendar, query.service)
    return service.length if service else turn_time(run.turn_times, query.party_size)


def service_of(calendar: Calendar, name: str) -> Service | None:
    if not name or calendar.rules.bookable is not Bookable.APPOINTMENT:
        return None
    return next((service for service in calendar.rules.services if service.name == name), None)


def buffer_of(calendar: Calendar, service: str) -> timedelta:
    """For how long after the end what was booked stays taken."""
    if calendar.rules.bookable is Bookable.VIEWING:
        return calendar.rules.travel
    known = service_of(calendar, service)
    return known.buffer if known else timedelta()


def _fitting(calendar: Calendar, query: SlotQuery) -> tuple[Unit, ...]:
    return calendar.fitting(query.party_size, query.place, query.service, query.staff)


def offer(
    calendar: Calendar, query: SlotQuery, fitting: tuple[Unit, ...], start: datetime, run: Seating
) -> Offer | None:
    """The first of the `fitting` units that is free from `start`, if there is one and the kitchen keeps up."""
    begin_with = calendar.covers.get(quarter_of(start), 0)
    if run.covers and begin_with and begin_with + query.party_size > run.covers:
        return None
    span = Span(start, start + length_of(calendar, query, run))
    buffer = buffer_of(calendar, query.service)
    unit = calendar.first_free(fitting, span, buffer)
    if unit is None:
        return None
    place = unit.place if calendar.rules.bookable is Bookable.VIEWING else query.place
    return Offer(span, query.party_size, place, unit.numbers, query.service, query.staff, buffer)


def best_between(calendar: Calendar, query: SlotQuery, earliest: datetime, latest: datetime) -> Offer | None:
    """What can be had with a start from `earliest` to `latest`, the nearest to the time that `query` asks for."""
    known = as_known(calendar, query)
    if isinstance(known, Refusal):
        return None
    first, last = (instant.astimezone(calendar.zone).date() for instant in (earliest, latest))
    runs = seatings(calendar, first - _DAY, last, _before_close(calendar, known))
    within = [(start, run) for start, run in starts(runs, _step(calendar)) if earliest <= start <= latest]
    fitting = _fitting(calendar, known)
    for start, run in sorted(within, key=lambda one: (abs(one[0] - query.starts_at), one[0])):
        if refuse(calendar, replace(known, starts_at=start)) is None:
            offered = offer(calendar, known, fitting, start, run)
            if offered is not None:
                return offered
    return None


def alternatives(calendar: Calendar, query: SlotQuery) -> tuple[Offer, ...]:
    """At most three offers, best first."""
    earliest, latest = calendar.now + calendar.rules.lead_time, calendar.now + calendar.rules.horizon
    fitting = _fitting(calendar, query)
    found: dict[datetime, Offer] = {}
    for start, run in _candidates(calendar, query):
        if len(found) == ALTERNATIVES:
            break
        if start not in found and earliest <= start <= latest:
            offered = offer(calendar, query, fitting, start, run)
            if offered is not None:
                found[start] = offered
    return tuple(found.values())


def _candidates(calendar: Calendar, query: SlotQuery) -> Iterator[tuple[datetime, Seating]]:
    wanted = query.starts_at.astimezone(UTC)
    local = wanted.astimezone(calendar.zone)
    today = calendar.now.astimezone(calendar.zone).date()
    base = max(local.date(), today)
    if base == local.date():
        near = [
            (start, run)
            for start, run in starts(_runs_around(calendar, query, base), _step(calendar))
            if start != wanted and (abs(start - wanted) <= NEAR or start.astimezone(calendar.zone).date() == base)
        ]
        yield from sorted(near, key=lambda one: (abs(one[0] - wanted), one[0]))
    for offset in range(0 if base > local.date() else 1, DAYS_AHEAD + 1):
        start = at_wall(base + offset * _DAY, local.time(), calendar.zone)
        later = seating_at(calendar, query, start)
        if later is not None and later.is_step(start, _step(calendar)):
            yield start, later


def _runs_around(calendar: Calendar, query: SlotQuery, day: date) -> tuple[Seating, ...]:
    return seatings(calendar, day - _DAY, day + _DAY, _before_close(calendar, query))


def _step(calendar: Calendar) -> timedelta:
    return timedelta(minutes=calendar.rules.slot_minutes)


def _before_close(calendar: Calendar, query: SlotQuery) -> timedelta:
    """Viewings and appointments end by closing time; a table is taken until the last seating and may then stay."""
    rules = calendar.rules
    if rules.bookable is Bookable.TABLE:
        return rules.last_seating_before_close
    service = service_of(calendar, query.service)
    return service.length if service else turn_time(rules.turn_times, query.party_size)
