"""What can be had by the night: rooms, from check-in to check-out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from reception.domains.reservations.availability import (
    ALTERNATIVES,
    Calendar,
    Finding,
    Offer,
    Span,
    at_wall,
)
from reception.ports.booking import Price, Refusal, SlotQuery
from reception.ports.business import BookingRules
from reception.ports.rules import RoomRate, StayRule

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
    """Look for exactly what is wanted, else for other room types on the same dates, then for dates up to a week off. A
    stay that is too short or too long for its dates is first looked for with the nights that they allow."""
    place = calendar.place_called(query.place)
    if place is None:
        return Finding(None, Refusal.UNKNOWN_PLACE)
    query = replace(query, place=place, nights=max(query.nights, 1))
    refusal = refuse(calendar, query)
    rules = calendar.rules
    too_long = query.nights > rules.longest_stay_nights
    if calendar.refuse_party(query.party_size) is not None or refusal is Refusal.TOO_FAR or too_long:
        return Finding(None, refusal, nights=rules.longest_stay_nights if too_long else 0)
    if refusal is None:
        exact = _offer(calendar, query, _arrival(calendar, query))
        if exact is not None:
            return Finding(exact, None)
    return Finding(
        None,
        refusal or Refusal.FULL,
        _alternatives(calendar, query),
        _reason(calendar, query) if refusal is Refusal.CLOSED else "",
        _allowed_nights(calendar, query, refusal) or 0,
    )


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
    refusal = calendar.refuse_party(query.party_size, query.place)
    if refusal is not None:
        return refusal
    if query.nights > rules.longest_stay_nights:
        return Refusal.STAY_TOO_LONG
    if query.starts_at > calendar.now + rules.horizon:
        return Refusal.TOO_FAR
    if query.starts_at < calendar.now - 2 * _DAY:
        return Refusal.PAST
    arrival = _arrival(calendar, query)
    refusal = _refuse_dates(calendar, arrival, query.nights)
    if refusal is not None:
        return refusal
    refusals = [_refuse_stay(rules, place, arrival, query.nights) for place in _places(calendar, query)]
    return None if None in refusals else refusals[0]


def _places(calendar: Calendar, query: SlotQuery) -> tuple[str, ...]:
    """The room types that would do, the smallest first."""
    return tuple(dict.fromkeys(unit.place for unit in calendar.fitting(query.party_size, query.place)))


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
    return Refusal.CLOSED if _closed_night(calendar, arrival, nights) is not None else None


def _closed_night(calendar: Calendar, arrival: date, nights: int) -> str | None:
    """Why the house is closed on one of the nights, None when it is not."""
    reasons = (calendar.hours.closed_for(arrival + night * _DAY) for night in range(nights))
    return next((reason for reason in reasons if reason is not None), None)


def _reason(calendar: Calendar, query: SlotQuery) -> str:
    return _closed_night(calendar, _arrival(calendar, query), query.nights) or ""


def _refuse_stay(rules: BookingRules, place: str, arrival: date, nights: int) -> Refusal | None:
    shortest, longest = limits_of(rules, place, arrival)
    if nights < shortest:
        return Refusal.STAY_TOO_SHORT
    if nights > longest:
        return Refusal.STAY_TOO_LONG
    departure = arrival + nights * _DAY
    if any(arrival.weekday() in rule.no_arrival for rule in _holding(rules, place, arrival)):
        return Refusal.NO_ARRIVAL
    if any(departure.weekday() in rule.no_departure for rule in _holding(rules, place, departure)):
        return Refusal.NO_DEPARTURE
    return None


def limits_of(rules: BookingRules, place: str, arrival: date) -> tuple[int, int]:
    """The fewest and the most nights of a stay that begins on `arrival`: of all rules that hold the strictest."""
    holding = _holding(rules, place, arrival)
    shortest = max([rules.shortest_stay_nights, *(rule.minimum_nights for rule in holding)])
    most = [rule.maximum_nights for rule in holding if rule.maximum_nights is not None]
    return shortest, min([rules.longest_stay_nights, *most])


def _holding(rules: BookingRules, place: str, day: date) -> list[StayRule]:
    return [
        rule
        for rule in rules.stay_rules
        if (rule.first or day) <= day <= (rule.last or day) and (not rule.places or place in rule.places)
    ]


def price_of(rules: BookingRules, place: str, arrival: date, nights: int) -> Price | None:
    """What a stay costs; None unless there is a rate for each of its nights."""
    total = Decimal()
    for night in (arrival + offset * _DAY for offset in range(nights)):
        rate = next((rate for rate in rules.rates if _holds(rate, place, night)), None)
        if rate is None:
            return None
        total += rate.nightly
    return Price(total, rules.currency)


def _holds(rate: RoomRate, place: str, night: date) -> bool:
    in_dates = (rate.first or night) <= night <= (rate.last or night)
    return rate.place == place and night.weekday() in rate.weekdays and in_dates


def _allowed_nights(calendar: Calendar, query: SlotQuery, refusal: Refusal | None) -> int | None:
    """The nights nearest to those asked for that the arrival allows, where it is these that were refused."""
    if refusal not in (Refusal.STAY_TOO_SHORT, Refusal.STAY_TOO_LONG):
        return None
    limits = [limits_of(calendar.rules, place, _arrival(calendar, query)) for place in _places(calendar, query)]
    if refusal is Refusal.STAY_TOO_SHORT:
        return min(shortest for shortest, _ in limits)
    return max(longest for _, longest in limits)


def _offer(calendar: Calendar, query: SlotQuery, arrival: date) -> Offer | None:
    span = span_of(calendar, arrival, query.nights)
    allowed: dict[str, bool] = {}
    for unit in calendar.fitting(query.party_size, query.place):
        if unit.place not in allowed:
            allowed[unit.place] = _refuse_stay(calendar.rules, unit.place, arrival, query.nights) is None
        if allowed[unit.place] and calendar.first_free((unit,), span) is not None:
            return Offer(span, query.party_size, unit.place, unit.numbers)
    return None


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
    nights = _allowed_nights(calendar, query, refuse(calendar, query))
    if nights is not None and nights <= calendar.rules.longest_stay_nights:
        yield replace(query, nights=nights), arrival
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
