"""What can be had by the night: rooms, from check-in to check-out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from reception.domains.reservations.availability import (
    ALTERNATIVES,
    Calendar,
    Finding,
    Offer,
    Span,
    at_wall,
)
from reception.ports.booking import Refusal, SlotQuery

SHIFT_DAYS = 7
_DAY = timedelta(days=1)


def window(query: SlotQuery, now: datetime, longest_stay_nights: int) -> Span:
    """The time within which a search for `query` looks at what is busy."""
    middle = min(max(query.starts_at, now - _DAY), now + timedelta(days=1100)).astimezone(UTC)
    nights = min(max(query.nights, 1), longest_stay_nights)
    return Span(middle - (SHIFT_DAYS + 2) * _DAY, middle + (SHIFT_DAYS + 2 + nights) * _DAY)


def span_of(calendar: Calendar, arrival: date, nights: int) -> Span:
    """From check-in on the arrival day to check-out on the day of departure."""
    rules = calendar.rules
    return Span(
        at_wall(arrival, rules.check_in, calendar.zone),
        at_wall(arrival + nights * _DAY, rules.check_out, calendar.zone),
    )


def search(calendar: Calendar, query: SlotQuery) -> Finding:
    """Look for exactly what is wanted, else for other room types on the same dates, then for dates up to a week off."""
    place = calendar.place_called(query.place)
    if place is None:
        return Finding(None, Refusal.UNKNOWN_PLACE)
    query = replace(query, place=place, nights=max(query.nights, 1))
    refusal = refuse(calendar, query)
    hopeless = not calendar.fitting(query.party_size) or query.party_size > calendar.rules.largest_party
    if hopeless or refusal in (Refusal.TOO_FAR, Refusal.STAY_TOO_LONG):
        return Finding(None, refusal)
    if refusal is None:
        exact = _offer(calendar, query, _arrival(calendar, query))
        if exact is not None:
            return Finding(exact, None)
    return Finding(None, refusal or Refusal.FULL, _alternatives(calendar, query))


def best_between(calendar: Calendar, query: SlotQuery, earliest: datetime, latest: datetime) -> Offer | None:
    """What can be had with an arrival from the day of `earliest` to that of `latest`, nearest to the one asked for."""
    place = calendar.place_called(query.place)
    if place is None:
        return None
    query = replace(query, place=place, nights=max(query.nights, 1))
    wanted = _arrival(calendar, query)
    first, last = (instant.astimezone(calendar.zone).date() for instant in (earliest, latest))
    days = (first + offset * _DAY for offset in range((last - first).days + 1))
    for day in sorted(days, key=lambda day: (abs(day - wanted), day)):
        wish = replace(query, starts_at=at_wall(day, calendar.rules.check_in, calendar.zone))
        if refuse(calendar, wish) is None:
            offered = _offer(calendar, wish, day)
            if offered is not None:
                return offered
    return None


def refuse(calendar: Calendar, query: SlotQuery) -> Refusal | None:
    """Why nothing can be booked as asked, whatever is free."""
    rules = calendar.rules
    if query.party_size > rules.largest_party or not calendar.fitting(query.party_size, query.place):
        return Refusal.PARTY_TOO_LARGE
    if query.nights > rules.longest_stay_nights:
        return Refusal.STAY_TOO_LONG
    if query.starts_at > calendar.now + rules.horizon:
        return Refusal.TOO_FAR
    if query.starts_at < calendar.now - 2 * _DAY:
        return Refusal.PAST
    return _refuse_dates(calendar, _arrival(calendar, query), query.nights)


def _arrival(calendar: Calendar, query: SlotQuery) -> date:
    return query.starts_at.astimezone(calendar.zone).date()


def _refuse_dates(calendar: Calendar, arrival: date, nights: int) -> Refusal | None:
    """A guest may arrive until the end of the day, so the lead time counts back from midnight."""
    now, rules = calendar.now, calendar.rules
    if arrival < now.astimezone(calendar.zone).date():
        return Refusal.PAST
    if at_wall(arrival + _DAY, time(), calendar.zone) < now + rules.lead_time:
        return Refusal.TOO_SOON
    if at_wall(arrival, rules.check_in, calendar.zone) > now + rules.horizon:
        return Refusal.TOO_FAR
    closed = {day for day, spans in calendar.hours.exceptions if not spans}
    if any(arrival + night * _DAY in closed for night in range(nights)):
        return Refusal.CLOSED
    return None


def _offer(calendar: Calendar, query: SlotQuery, arrival: date) -> Offer | None:
    span = span_of(calendar, arrival, query.nights)
    unit = calendar.first_free(calendar.fitting(query.party_size, query.place), span)
    return None if unit is None else Offer(span, query.party_size, unit.place, (unit.resource_no,))


def _alternatives(calendar: Calendar, query: SlotQuery) -> tuple[Offer, ...]:
    found: dict[tuple[datetime, str], Offer] = {}
    for wish, arrival in _candidates(calendar, query):
        if len(found) == ALTERNATIVES:
            break
        if _refuse_dates(calendar, arrival, wish.nights) is None:
            offered = _offer(calendar, wish, arrival)
            if offered is not None:
                found.setdefault((offered.span.start, offered.place), offered)
    return tuple(found.values())


def _candidates(calendar: Calendar, query: SlotQuery) -> Iterator[tuple[SlotQuery, date]]:
    arrival = _arrival(calendar, query)
    for place in dict.fromkeys(unit.place for unit in calendar.fitting(query.party_size)):
        if place != query.place:
            yield replace(query, place=place), arrival
    wish = query if calendar.fitting(query.party_size, query.place) else replace(query, place="")
    for shift in range(1, SHIFT_DAYS + 1):
        yield wish, arrival + shift * _DAY
        yield wish, arrival - shift * _DAY


def nights_of(calendar: Calendar, span: Span) -> tuple[date, int]:
    """The arrival day and number of nights that `span` stands for."""
    arrival = span.start.astimezone(calendar.zone).date()
    return arrival, (span.end.astimezone(calendar.zone).date() - arrival).days


def as_query(calendar: Calendar, offer: Offer) -> SlotQuery:
    """The query that `offer` answers."""
    _, nights = nights_of(calendar, offer.span)
    return SlotQuery(offer.span.start.astimezone(UTC), offer.party_size, nights, offer.place)
