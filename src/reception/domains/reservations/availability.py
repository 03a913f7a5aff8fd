"""Interval algebra on plain values: opening spans, grids of starts, what is free.

Instants are aware UTC; local days and wall times enter with a zone and are resolved here only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reception.ports.booking import Refusal
from reception.ports.business import BookingRules, OpeningHours

ALTERNATIVES = 3
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to, but without, `end`."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that takes one party at a time. `resource_no` is what its use blocks: the table, the room, or, for a
    listing, the person who shows it; several units may share one."""

    resource_no: int
    name: str
    place: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A place in time that can be had, with the resources that it would take."""

    span: Span
    party_size: int
    place: str
    resource_nos: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search came to; as `ports.booking.Availability`."""

    exact: Offer | None
    refusal: Refusal | None
    alternatives: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that decides what is free: rules, units, and the spans in which each resource is busy. `now` is UTC."""

    hours: OpeningHours
    rules: BookingRules
    zone: ZoneInfo
    units: tuple[Unit, ...]
    busy: Mapping[int, Sequence[Span]]
    now: datetime

    def fitting(self, party_size: int, place: str = "") -> tuple[Unit, ...]:
        """Units that can take the party, the smallest sufficient first."""
        units = (unit for unit in self.units if unit.capacity >= party_size and (not place or unit.place == place))
        return tuple(sorted(units, key=lambda unit: (unit.capacity, unit.resource_no)))

    def first_free(self, units: Iterable[Unit], span: Span) -> Unit | None:
        """The first of `units` that nothing blocks within `span`."""
        for unit in units:
            if not any(span.overlaps(taken) for taken in self.busy.get(unit.resource_no, ())):
                return unit
        return None

    def place_called(self, name: str) -> str | None:
        """The place that a caller's `name` means, whatever its case; None when there is none, empty for empty."""
        wanted = name.strip().casefold()
        if not wanted:
            return ""
        return next((unit.place for unit in self.units if unit.place.casefold() == wanted), None)


def at_wall(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, when clocks in `zone` show `wall` on `day`.

    A wall time that a clock change skips moves forward by what was skipped; of a repeated one the first is meant.
    """
    return datetime.combine(day, wall.replace(tzinfo=None, fold=0), tzinfo=zone).astimezone(UTC)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as disjoint spans in order; spans that touch become one, empty ones vanish."""
    merged: list[Span] = []
    for span in sorted(spans):
        if span.end <= span.start:
            continue
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def open_spans(hours: OpeningHours, first: date, last: date, zone: ZoneInfo) -> tuple[Span, ...]:
    """When a business is open by the hours of the local days `first` to `last`, past midnight included."""
    spans: list[Span] = []
    for offset in range((last - first).days + 1):
        day = first + offset * _DAY
        for span in hours.on(day):
            closing_day = day if span.closes > span.opens else day + _DAY
            spans.append(Span(at_wall(day, span.opens, zone), at_wall(closing_day, span.closes, zone)))
    return union(spans)


def on_grid(spans: Iterable[Span], start: datetime, step: timedelta) -> bool:
    """Whether `start` is a whole number of steps after the opening of the span that it lies in."""
    return any(span.start <= start < span.end and not (start - span.start) % step for span in spans)


def grid(spans: Iterable[Span], step: timedelta, before_close: timedelta) -> Iterator[datetime]:
    """Every start: from each opening in steps, the last one `before_close` before the end, always before the end."""
    for span in spans:
        start = span.start
        while start < span.end and start <= span.end - before_close:
            yield start
            start += step


def turn_time(rules: BookingRules, party_size: int) -> timedelta:
    """How long a party stays."""
    return next((length for largest, length in rules.turn_times if party_size <= largest), rules.turn_times[-1][1])
