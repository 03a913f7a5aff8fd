"""What a business is made of: its validation, and its form as JSON columns."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any, cast
from zoneinfo import available_timezones

from pydantic import TypeAdapter

from reception.db.bounds import bounded, refuse
from reception.ports.business import BookingRules, BusinessKind, OpeningHours, OpenSpan
from reception.ports.dialogue import Json

_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_REGION = re.compile(r"[A-Z]{2}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_DAY = timedelta(days=1)
_RULES: TypeAdapter[BookingRules] = TypeAdapter(BookingRules)


@dataclass(frozen=True, slots=True)
class TenantSpec:
    """A business as its owner describes it. `slug` is unique: lower-case letters, digits and hyphens."""

    slug: str
    name: str
    kind: BusinessKind
    timezone: str
    region: str
    locale: str
    phone: str
    address: str
    hours: OpeningHours
    rules: BookingRules


def validated(spec: TenantSpec) -> TenantSpec:
    """`spec` with its texts stripped.

    Raises:
        Unprocessable: with the pointer of the first field that is wrong.
    """
    slug = bounded(spec.slug, "/slug", shortest=1, longest=63)
    if not _SLUG.fullmatch(slug):
        raise refuse("/slug", "must be lower-case letters, digits and hyphens")
    if spec.timezone not in available_timezones():
        raise refuse("/timezone", "must be an IANA time zone such as Europe/Lisbon")
    if not _REGION.fullmatch(spec.region):
        raise refuse("/region", "must be a two-letter ISO 3166 code such as US")
    if len(spec.locale) > 35 or not _LOCALE.fullmatch(spec.locale):
        raise refuse("/locale", "must be a language tag such as en-US")
    _check_hours(spec.hours)
    _check_rules(spec.rules)
    return replace(
        spec,
        slug=slug,
        name=bounded(spec.name, "/name", shortest=1, longest=120),
        phone=bounded(spec.phone, "/phone", longest=32),
        address=bounded(spec.address, "/address", longest=300),
    )


def _check_hours(hours: OpeningHours) -> None:
    if len(hours.weekly) != 7:
        raise refuse("/hours/weekly", "must have seven days, Monday first")
    days = [(f"/hours/weekly/{index}", spans) for index, spans in enumerate(hours.weekly)]
    days += [(f"/hours/exceptions/{index}", spans) for index, (_, spans) in enumerate(hours.exceptions)]
    if len(hours.exceptions) > 400:
        raise refuse("/hours/exceptions", "must have at most 400 days")
    for pointer, spans in days:
        if len(spans) > 8:
            raise refuse(pointer, "must have at most 8 spans")
        for earlier, later in pairwise(spans):
            if later.opens < earlier.closes or earlier.closes <= earlier.opens:
                raise refuse(pointer, "spans must be in order and must not overlap")


def _check_rules(rules: BookingRules) -> None:
    checks: tuple[tuple[str, bool, str], ...] = (
        ("slot_minutes", 5 <= rules.slot_minutes <= 240, "must be 5 to 240"),
        ("turn_times", 1 <= len(rules.turn_times) <= 20, "must have 1 to 20 steps"),
        ("largest_party", 1 <= rules.largest_party <= 1000, "must be 1 to 1000"),
        ("lead_time", timedelta() <= rules.lead_time <= 365 * _DAY, "must be 0 to 365 days"),
        ("horizon", _DAY <= rules.horizon <= 1100 * _DAY, "must be 1 to 1100 days"),
        ("last_seating_before_close", timedelta() <= rules.last_seating_before_close < _DAY, "must be below a day"),
        ("hold", timedelta(minutes=1) <= rules.hold <= timedelta(hours=1), "must be 1 to 60 minutes"),
        ("late_minutes", 0 <= rules.late_minutes <= 120, "must be 0 to 120"),
        ("offer", timedelta(minutes=1) <= rules.offer <= timedelta(hours=24), "must be 1 minute to 24 hours"),
        ("longest_stay_nights", 1 <= rules.longest_stay_nights <= 365, "must be 1 to 365"),
    )
    for name, holds, detail in checks:
        if not holds:
            raise refuse(f"/rules/{name}", detail)
    parties = [party for party, _ in rules.turn_times]
    if parties != sorted(set(parties)) or parties[0] < 1:
        raise refuse("/rules/turn_times", "parties must ascend from 1 or more")
    if not all(timedelta(minutes=5) <= length <= _DAY for _, length in rules.turn_times):
        raise refuse("/rules/turn_times", "lengths must be 5 minutes to 24 hours")


def hours_json(hours: OpeningHours) -> dict[str, Json]:
    """Opening hours as stored: `{"weekly": [[["09:00", "17:00"], …], …], "exceptions": [["2027-01-01", []], …]}`."""
    return {
        "weekly": [_spans_json(spans) for spans in hours.weekly],
        "exceptions": [[day.isoformat(), _spans_json(spans)] for day, spans in hours.exceptions],
    }


def hours_from(stored: Mapping[str, Json]) -> OpeningHours:
    """The reverse of `hours_json`."""
    weekly = cast("Sequence[Sequence[Sequence[str]]]", stored["weekly"])
    exceptions = cast("Sequence[tuple[str, Sequence[Sequence[str]]]]", stored["exceptions"])
    return OpeningHours(
        weekly=tuple(_spans_from(spans) for spans in weekly),
        exceptions=tuple((date.fromisoformat(day), _spans_from(spans)) for day, spans in exceptions),
    )


def rules_json(rules: BookingRules) -> dict[str, Json]:
    """Booking rules as stored, field by field; lengths of time and times of day as ISO 8601 text."""
    return cast("dict[str, Json]", _RULES.dump_python(rules, mode="json"))


def rules_from(stored: Mapping[str, Json]) -> BookingRules:
    """The reverse of `rules_json`. A field that is not there has its default; a length may be in whole seconds, too."""
    return _RULES.validate_python(stored)


def changed(spec: TenantSpec, changes: Mapping[str, object]) -> TenantSpec:
    """`spec` with `changes` by field name.

    Raises:
        Unprocessable: a name is no field.
    """
    for name in changes:
        if name not in TenantSpec.__slots__:
            raise refuse(f"/{name[:40]}", "is no field of a business")
    return replace(spec, **cast("dict[str, Any]", dict(changes)))


def _spans_json(spans: Sequence[OpenSpan]) -> list[Json]:
    return [[span.opens.isoformat("minutes"), span.closes.isoformat("minutes")] for span in spans]


def _spans_from(spans: Sequence[Sequence[str]]) -> tuple[OpenSpan, ...]:
    return tuple(OpenSpan(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in spans)
