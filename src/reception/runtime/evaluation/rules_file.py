"""Booking rules in scenario files: those of the API, and what stands beside them, services, rates and the currency."""

import re
from dataclasses import replace
from datetime import date
from typing import TypeVar

from reception.ports.business import Bookable, BookingRules, BusinessKind
from reception.ports.rules import RoomRate, Shift, StayRule
from reception.runtime.evaluation.document import Node
from reception.runtime.evaluation.hours import days_of
from reception.runtime.evaluation.reading import Fields, items, record_of, text_of
from reception.runtime.evaluation.resources_file import rates_of, services_of

_RULE_ALIASES = {
    "slots": "slot_minutes", "slot": "slot_minutes", "max_party": "largest_party", "largest_group": "largest_party",
    "notice": "lead_time", "last_seating": "last_seating_before_close", "longest_stay": "longest_stay_nights",
    "max_nights": "longest_stay_nights", "checkin": "check_in", "checkout": "check_out", "hold_time": "hold",
    "booking_window": "horizon", "days_ahead": "horizon", "lengths": "turn_times", "turn_time": "turn_times",
    "kind": "bookable", "books": "bookable",
}  # fmt: skip
_BOOKABLE = {BusinessKind.HOTEL: Bookable.ROOM, BusinessKind.REAL_ESTATE: Bookable.VIEWING}
_CURRENCIES = {
    "US": "USD", "GB": "GBP", "CA": "CAD", "AU": "AUD", "NZ": "NZD", "CH": "CHF", "JP": "JPY", "IN": "INR",
    **dict.fromkeys(("IE", "DE", "FR", "ES", "IT", "PT", "NL", "BE", "AT", "FI", "GR"), "EUR"),
}  # fmt: skip
_RECORD_ALIASES = {
    "days": "weekdays", "from": "first", "until": "last", "room": "place", "room_type": "place", "rate": "nightly",
    "price": "nightly", "min_nights": "minimum_nights", "max_nights": "maximum_nights",
}  # fmt: skip

T = TypeVar("T")


def default_rules(found: Fields, kind: BusinessKind, region: str) -> BookingRules:
    """The rules of a business that gives none. Where people or services are named, what is booked are appointments."""
    bookable = _BOOKABLE.get(kind, Bookable.TABLE)
    if kind not in _BOOKABLE and ("services" in found or "staff" in found) and "tables" not in found:
        bookable = Bookable.APPOINTMENT
    return BookingRules(bookable=bookable, currency=_CURRENCIES.get(region, "USD"))


def rules_with_prices(found: Fields, base: BookingRules, today: date) -> BookingRules:
    """The `rules` of a business, with its `services`, the rates of its `rooms` and its `currency`."""
    rules = found.take("rules", lambda node: _rules(node, base, today), base)
    return replace(
        rules,
        services=found.take("services", services_of, ()) or rules.services,
        rates=found.take("rooms", rates_of, ()) or rules.rates,
        currency=found.take("currency", text_of, rules.currency).upper(),
    )


def _rules(node: Node, base: BookingRules, today: date) -> BookingRules:
    """Every field of `BookingRules`; lengths of time with their unit."""
    if isinstance(node.content, dict):
        content = {
            key: Node(re.sub(r"\s*(m|min|minutes|nights?)$", "", value.content), value.line, value.field)
            if isinstance(value.content, str) and _RULE_ALIASES.get(key, key) in ("slot_minutes", "longest_stay_nights")
            else value
            for key, value in node.content.items()
        }
        node = Node(content, node.line, node.field)
    return record_of(
        BookingRules,
        node,
        today,
        base=base,
        aliases=_RULE_ALIASES,
        readers={
            "services": services_of,
            "shifts": lambda inner: _records(Shift, inner, today),
            "rates": lambda inner: _records(RoomRate, inner, today),
            "stay_rules": lambda inner: _records(StayRule, inner, today),
        },
    )


def _records(cls: type[T], node: Node, today: date) -> tuple[T, ...]:
    days = dict.fromkeys(("weekdays", "no_arrival", "no_departure"), days_of)
    return tuple(record_of(cls, item, today, aliases=_RECORD_ALIASES, readers=days) for item in items(node))
