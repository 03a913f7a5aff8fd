"""What is wrong with the hours and rules of a business: every field at once, each with its JSON pointer."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from reception.core import public_holidays
from reception.core.errors import FieldProblem
from reception.ports.business import BookingRules, OpeningHours, OpenSpan, PublicHolidays
from reception.ports.rules import RoomRate, Service, Shift, StayRule

_DAY = timedelta(days=1)
_MOST_EXCEPTIONS = 400
_MOST_CLOSURES = 200
_MOST_SPANS = 8
_CURRENCY = re.compile(r"[A-Z]{3}")
_DEAREST = Decimal(10) ** 8


def hours_problems(hours: OpeningHours) -> Iterator[FieldProblem]:
    if len(hours.weekly) != 7:
        yield FieldProblem("/hours/weekly", "must have seven days, Monday first")
    for name, items, most in (
        ("exceptions", hours.exceptions, _MOST_EXCEPTIONS),
        ("closures", hours.closures, _MOST_CLOSURES),
    ):
        if len(items) > most:
            yield FieldProblem(f"/hours/{name}", f"must be at most {most}")
            return
    days = [(f"/hours/weekly/{index}", spans) for index, spans in enumerate(hours.weekly)]
    days += [(f"/hours/exceptions/{index}", spans) for index, (_, spans) in enumerate(hours.exceptions)]
    for pointer, spans in days:
        yield from _span_problems(pointer, spans)
    for index, closure in enumerate(hours.closures):
        pointer = f"/hours/closures/{index}"
        if closure.last < closure.first:
            yield FieldProblem(f"{pointer}/last", "must not be before the first day")
        yield from _text_problems(f"{pointer}/reason", closure.reason, longest=200)
    if hours.holidays is not None:
        yield from _holiday_problems(hours.holidays)


def _span_problems(pointer: str, spans: Sequence[OpenSpan]) -> Iterator[FieldProblem]:
    if len(spans) > _MOST_SPANS:
        yield FieldProblem(pointer, f"must have at most {_MOST_SPANS} spans")
    elif any(later.opens < earlier.closes or earlier.closes <= earlier.opens for earlier, later in pairwise(spans)):
        yield FieldProblem(pointer, "spans must be in order and must not overlap")


def _holiday_problems(wanted: PublicHolidays) -> Iterator[FieldProblem]:
    parts = public_holidays.countries().get(wanted.country)
    if parts is None:
        yield FieldProblem(
            "/hours/holidays/country", "must be a country whose holidays are known, by its ISO 3166 code"
        )
        return
    if wanted.subdivision and wanted.subdivision not in parts:
        known = ", ".join(parts) or "none"
        yield FieldProblem("/hours/holidays/subdivision", f"must be one of the country's parts: {known}"[:1000])
        return
    names = public_holidays.names(wanted.country, wanted.subdivision) if wanted.names else ()
    for index, name in enumerate(wanted.names):
        if name not in names:
            known = ", ".join(names)
            yield FieldProblem(f"/hours/holidays/names/{index}", f"must be the name of a holiday there: {known}"[:1000])


def rules_problems(rules: BookingRules) -> Iterator[FieldProblem]:
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    checks: tuple[tuple[str, bool, str], ...] = (
        ("slot_minutes", 5 <= rules.slot_minutes <= 240, "must be 5 to 240"),
        ("largest_party", 1 <= rules.largest_party <= 1000, "must be 1 to 1000"),
        ("lead_time", timedelta() <= rules.lead_time <= 365 * _DAY, "must be 0 to 365 days"),
        ("horizon", _DAY <= rules.horizon <= 1100 * _DAY, "must be 1 to 1100 days"),
        ("last_seating_before_close", timedelta() <= rules.last_seating_before_close < _DAY, "must be below a day"),
        ("hold", minute <= rules.hold <= hour, "must be 1 to 60 minutes"),
        ("late_minutes", 0 <= rules.late_minutes <= 120, "must be 0 to 120"),
        ("offer", minute <= rules.offer <= 24 * hour, "must be 1 minute to 24 hours"),
        ("longest_stay_nights", 1 <= rules.longest_stay_nights <= 365, "must be 1 to 365"),
        (
            "shortest_stay_nights",
            1 <= rules.shortest_stay_nights <= rules.longest_stay_nights,
            "must be 1 to the longest stay",
        ),
        ("covers_per_quarter", 0 <= rules.covers_per_quarter <= 10_000, "must be 0, for no limit, to 10000"),
        ("currency", _CURRENCY.fullmatch(rules.currency) is not None, "must be a code of ISO 4217 such as USD"),
        ("travel", timedelta() <= rules.travel <= 8 * hour, "must be 0 to 8 hours"),
    )
    yield from (FieldProblem(f"/rules/{name}", detail) for name, holds, detail in checks if not holds)
    yield from _turn_time_problems("/rules/turn_times", rules.turn_times, fewest=1)
    yield from _each("/rules/shifts", rules.shifts, 20, _shift_problems)
    yield from _each("/rules/stay_rules", rules.stay_rules, 200, _stay_problems)
    yield from _each("/rules/rates", rules.rates, 500, _rate_problems)
    yield from _each("/rules/services", rules.services, 200, _service_problems)
    yield from _repeated("/rules/services", [service.name for service in rules.services])


def _each(
    pointer: str, items: Sequence[object], most: int, check: Callable[..., Iterator[FieldProblem]]
) -> Iterator[FieldProblem]:
    if len(items) > most:
        yield FieldProblem(pointer, f"must be at most {most}")
        return
    for index, item in enumerate(items):
        yield from check(f"{pointer}/{index}", item)


def _repeated(pointer: str, names: Sequence[str]) -> Iterator[FieldProblem]:
    seen: set[str] = set()
    for index, name in enumerate(name.strip().casefold() for name in names):
        if name in seen:
            yield FieldProblem(f"{pointer}/{index}/name", "is the name of another one, too")
        seen.add(name)


def _turn_time_problems(pointer: str, steps: Sequence[tuple[int, timedelta]], *, fewest: int) -> Iterator[FieldProblem]:
    if not fewest <= len(steps) <= 20:
        yield FieldProblem(pointer, f"must have {fewest} to 20 steps")
        return
    parties = [party for party, _ in steps]
    if parties != sorted(set(parties)) or any(party < 1 for party in parties):
        yield FieldProblem(pointer, "parties must ascend from 1 or more")
    elif not all(timedelta(minutes=5) <= length <= _DAY for _, length in steps):
        yield FieldProblem(pointer, "lengths must be 5 minutes to 24 hours")


def _shift_problems(pointer: str, shift: Shift) -> Iterator[FieldProblem]:
    yield from _text_problems(f"{pointer}/name", shift.name, longest=60, shortest=1)
    yield from _weekday_problems(f"{pointer}/weekdays", shift.weekdays, fewest=1)
    yield from _turn_time_problems(f"{pointer}/turn_times", shift.turn_times, fewest=0)
    if not 0 <= shift.covers <= 10_000:
        yield FieldProblem(f"{pointer}/covers", "must be 0, for the limit of the business, to 10000")


def _stay_problems(pointer: str, rule: StayRule) -> Iterator[FieldProblem]:
    yield from _date_problems(pointer, rule.first, rule.last)
    if not 1 <= rule.minimum_nights <= 365:
        yield FieldProblem(f"{pointer}/minimum_nights", "must be 1 to 365")
    if rule.maximum_nights is not None and not rule.minimum_nights <= rule.maximum_nights <= 365:
        yield FieldProblem(f"{pointer}/maximum_nights", "must be the minimum to 365")
    yield from _weekday_problems(f"{pointer}/no_arrival", rule.no_arrival, fewest=0)
    yield from _weekday_problems(f"{pointer}/no_departure", rule.no_departure, fewest=0)


def _rate_problems(pointer: str, rate: RoomRate) -> Iterator[FieldProblem]:
    yield from _text_problems(f"{pointer}/place", rate.place, longest=200, shortest=1)
    yield from _amount_problems(f"{pointer}/nightly", rate.nightly)
    yield from _weekday_problems(f"{pointer}/weekdays", rate.weekdays, fewest=1)
    yield from _date_problems(pointer, rate.first, rate.last)


def _service_problems(pointer: str, service: Service) -> Iterator[FieldProblem]:
    yield from _text_problems(f"{pointer}/name", service.name, longest=120, shortest=1)
    if not timedelta(minutes=5) <= service.length <= _DAY:
        yield FieldProblem(f"{pointer}/length", "must be 5 minutes to 24 hours")
    if not timedelta() <= service.buffer <= timedelta(hours=8):
        yield FieldProblem(f"{pointer}/buffer", "must be 0 to 8 hours")
    if service.price is not None:
        yield from _amount_problems(f"{pointer}/price", service.price)


def _text_problems(pointer: str, text: str, *, longest: int, shortest: int = 0) -> Iterator[FieldProblem]:
    if "\x00" in text or not shortest <= len(text.strip()) <= longest:
        yield FieldProblem(pointer, f"must have {shortest} to {longest} characters")


def _weekday_problems(pointer: str, days: Sequence[int], *, fewest: int) -> Iterator[FieldProblem]:
    if len(set(days)) != len(days) or not all(0 <= day <= 6 for day in days) or len(days) < fewest:
        yield FieldProblem(pointer, "must be different days of the week, 0 for Monday to 6 for Sunday")


def _date_problems(pointer: str, first: date | None, last: date | None) -> Iterator[FieldProblem]:
    if first is not None and last is not None and last < first:
        yield FieldProblem(f"{pointer}/last", "must not be before the first day")


def _amount_problems(pointer: str, amount: Decimal) -> Iterator[FieldProblem]:
    if not amount.is_finite() or not 0 <= amount < _DEAREST or amount != amount.quantize(Decimal("0.01")):
        yield FieldProblem(pointer, "must be an amount from 0 with at most two decimals")


def place_problems(rules: BookingRules, places: Iterable[str]) -> Iterator[FieldProblem]:
    """Rules about room types that the business does not have, as long as it has any."""
    known = tuple(places)
    if not known:
        return
    named = [(f"/rules/rates/{index}/place", rate.place) for index, rate in enumerate(rules.rates)]
    for number, rule in enumerate(rules.stay_rules):
        named += [(f"/rules/stay_rules/{number}/places/{index}", place) for index, place in enumerate(rule.places)]
    for pointer, place in named:
        if place not in known:
            yield FieldProblem(pointer, f"must be one of the places of this business: {', '.join(known)}"[:1000])
