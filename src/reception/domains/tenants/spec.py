"""What a business is made of: its validation, and its form as JSON columns."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any, cast
from zoneinfo import available_timezones

from pydantic import TypeAdapter

from reception.core.errors import FieldProblem, Unprocessable
from reception.db.bounds import bounded, refuse
from reception.domains.tenants import checks
from reception.ports.business import BookingRules, BusinessKind, Closure, OpeningHours, OpenSpan, PublicHolidays
from reception.ports.dialogue import Json

LONGEST_RETENTION_DAYS = 3650
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_REGION = re.compile(r"[A-Z]{2}")
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
_CLOSURES: TypeAdapter[tuple[Closure, ...]] = TypeAdapter(tuple[Closure, ...])
_HOLIDAYS: TypeAdapter[PublicHolidays | None] = TypeAdapter(PublicHolidays | None)
_RULES: TypeAdapter[BookingRules] = TypeAdapter(BookingRules)


@dataclass(frozen=True, slots=True)
class TenantSpec:
    """A business as its owner describes it. `slug` is unique: lower-case letters, digits and hyphens. What was said in
    conversations is deleted `transcript_retention_days` after they ended; never where that is None."""

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
    transcript_retention_days: int | None = None


def validated(spec: TenantSpec) -> TenantSpec:
    """`spec` with its texts stripped, and its public holidays those of its region where no country is named.

    Raises:
        Unprocessable: with the pointer of the first field that is wrong; of hours and rules, of each.
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
    if spec.transcript_retention_days is not None and not 1 <= spec.transcript_retention_days <= LONGEST_RETENTION_DAYS:
        raise refuse("/transcript_retention_days", f"must be 1 to {LONGEST_RETENTION_DAYS}, or null to keep them")
    hours = spec.hours
    if hours.holidays is not None and not hours.holidays.country:
        hours = replace(hours, holidays=replace(hours.holidays, country=spec.region))
    _raise_for((*checks.hours_problems(hours), *checks.rules_problems(spec.rules)))
    return replace(
        spec,
        slug=slug,
        name=bounded(spec.name, "/name", shortest=1, longest=120),
        phone=bounded(spec.phone, "/phone", longest=32),
        address=bounded(spec.address, "/address", longest=300),
        hours=hours,
    )


def check_places(rules: BookingRules, places: Iterable[str]) -> None:
    """Raises `Unprocessable` for rules about room types that the business does not have."""
    _raise_for(checks.place_problems(rules, places))


def _raise_for(problems: Iterable[FieldProblem]) -> None:
    found = tuple(problems)
    if found:
        detail = "; ".join(f"{problem.pointer}: {problem.detail}" for problem in found[:3])
        raise Unprocessable(detail, problems=found)


def hours_json(hours: OpeningHours) -> dict[str, Json]:
    """Opening hours as stored: `{"weekly": [[["09:00", "17:00"], …], …], "exceptions": [["2027-01-01", []], …]}`, with
    `closures` and `holidays` field by field."""
    return {
        "weekly": [_spans_json(spans) for spans in hours.weekly],
        "exceptions": [[day.isoformat(), _spans_json(spans)] for day, spans in hours.exceptions],
        "closures": _CLOSURES.dump_python(hours.closures, mode="json"),
        "holidays": _HOLIDAYS.dump_python(hours.holidays, mode="json"),
    }


def hours_from(stored: Mapping[str, Json]) -> OpeningHours:
    """The reverse of `hours_json`. Nothing but `weekly` must be there."""
    weekly = cast("Sequence[Sequence[Sequence[str]]]", stored["weekly"])
    exceptions = cast("Sequence[tuple[str, Sequence[Sequence[str]]]]", stored.get("exceptions", ()))
    return OpeningHours(
        weekly=tuple(_spans_from(spans) for spans in weekly),
        exceptions=tuple((date.fromisoformat(day), _spans_from(spans)) for day, spans in exceptions),
        closures=_CLOSURES.validate_python(stored.get("closures", ())),
        holidays=_HOLIDAYS.validate_python(stored.get("holidays")),
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
