"""Interval algebra on plain values: opening spans, who is at work, what is free.

Instants are aware UTC; local days and wall times enter with a zone and are resolved here only.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reception.ports.booking import Refusal
from reception.ports.business import BookingRules, OpeningHours
from reception.ports.staff import Absence, WorkingHours

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
    """Something that takes one party at a time. `resource_no` is what its use blocks: the table, the room, or the
    person who shows a listing or gives an appointment; several units may share one.

    `joined` are the further tables of which it is made, `hours` when the person works, None for things, and `services`
    what they do, empty for all.
    """

    resource_no: int
    name: str
    place: str
    capacity: int
    smallest_party: int = 1
    joined: tuple[int, ...] = ()
    hours: WorkingHours | None = None
    services: tuple[str, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """All that its use blocks."""
        return (self.resource_no, *self.joined)


@dataclass(frozen=True, slots=True)
class Offer:
    """A place in time that can be had, with the resources that it would take, and for how long beyond its end. `staff`
    is the person who was asked for, if any."""

    span: Span
    party_size: int
    place: str
    resource_nos: tuple[int, ...]
    service: str = ""
    staff: str = ""
    buffer: timedelta = timedelta()

    @property
    def blocks(self) -> Span:
        """The time in which nobody else can have its resources."""
        return Span(self.span.start, self.span.end + self.buffer)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search came to; as `ports.booking.Availability`."""

    exact: Offer | None
    refusal: Refusal | None
    alternatives: tuple[Offer, ...] = ()
    reason: str = ""
    nights: int = 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that decides what is free: rules, units, the spans in which each resource is busy, and how many guests begin
    in each quarter of an hour, by its beginning. `now` is UTC."""

    hours: OpeningHours
    rules: BookingRules
    zone: ZoneInfo
    units: tuple[Unit, ...]
    busy: Mapping[int, Sequence[Span]]
    now: datetime
    covers: Mapping[datetime, int] = field(default_factory=dict)

    def fitting(self, party_size: int, place: str = "", service: str = "", staff: str = "") -> tuple[Unit, ...]:
        """Units that can take the party, single ones first, of these the smallest sufficient."""
        units = (
            unit for unit in self.able(place, service, staff) if unit.smallest_party <= party_size <= unit.capacity
        )
        return tuple(sorted(units, key=lambda unit: (bool(unit.joined), unit.capacity, unit.resource_no)))

    def able(self, place: str = "", service: str = "", staff: str = "") -> Iterator[Unit]:
        """Units that are or do what is asked for, whatever the party."""
        for unit in self.units:
            if (place and unit.place != place) or (staff and unit.name != staff):
                continue
            if not service or not unit.services or service in unit.services:
                yield unit

    def refuse_party(self, party_size: int, place: str = "", service: str = "", staff: str = "") -> Refusal | None:
        """Whether the party is too large or small for all that could be had, or who was asked for does not do it."""
        if self.fitting(party_size, place, service, staff) and party_size <= self.rules.largest_party:
            return None
        able = tuple(self.able(place, service, staff))
        if staff and not able:
            return Refusal.STAFF_UNABLE
        largest = max((unit.capacity for unit in able), default=0)
        return (
            Refusal.PARTY_TOO_LARGE if party_size > min(largest, self.rules.largest_party) else Refusal.PARTY_TOO_SMALL
        )

    def first_free(self, units: Iterable[Unit], span: Span, buffer: timedelta = timedelta()) -> Unit | None:
        """The first of `units` that nothing blocks within `span` and `buffer` after it, and whose person works then."""
        end = span.end + buffer
        for unit in units:
            if self._is_free(unit, span.start, end) and self.works(unit, span):
                return unit
        return None

    def _is_free(self, unit: Unit, start: datetime, end: datetime) -> bool:
        # Asked thousands of times in a search: loops instead of `Span.overlaps` and generators.
        for number in unit.numbers if unit.joined else (unit.resource_no,):
            for taken in self.busy.get(number, ()):
                if start < taken.end and taken.start < end:
                    return False
        return True

    def works(self, unit: Unit, span: Span) -> bool:
        """Whether the unit's person is there for all of `span`; things always are."""
        return unit.hours is None or is_at_work(unit.hours, span, self.zone)

    def place_called(self, name: str) -> str | None:
        """The place that a caller's `name` means, whatever its case; None when there is none, empty for empty."""
        return _called(name, (unit.place for unit in self.units))

    def staff_called(self, name: str) -> str | None:
        """Likewise for the person who is asked for."""
        return _called(name, (unit.name for unit in self.units if unit.hours is not None))

    def service_called(self, name: str) -> str | None:
        """Likewise for a service. None, too, for empty where services are named: no appointment is for nothing."""
        if not name.strip() and self.rules.services:
            return None
        return _called(name, (service.name for service in self.rules.services))


def _called(name: str, known: Iterable[str]) -> str | None:
    wanted = name.strip().casefold()
    return next((one for one in known if one.casefold() == wanted), None) if wanted else ""


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


def is_at_work(hours: WorkingHours, span: Span, zone: ZoneInfo) -> bool:
    """Whether somebody with these working hours is there for all of `span`."""
    first, last = (instant.astimezone(zone).date() for instant in (span.start, span.end))
    if hours.weekly:
        at_work = open_spans(OpeningHours(hours.weekly), first - _DAY, last, zone)
        if not any(one.start <= span.start and span.end <= one.end for one in at_work):
            return False
    return not any(
        away.overlaps(span)
        for absence in hours.absences
        for away in _away(absence, max(first, absence.first), min(last, absence.last), zone)
    )


def _away(absence: Absence, first: date, last: date, zone: ZoneInfo) -> Iterator[Span]:
    for offset in range((last - first).days + 1):
        day = first + offset * _DAY
        starts = at_wall(day, absence.starts or time(), zone)
        ends = at_wall(day, absence.ends, zone) if absence.ends else at_wall(day + _DAY, time(), zone)
        yield Span(starts, ends)


def turn_time(steps: Sequence[tuple[int, timedelta]], party_size: int) -> timedelta:
    """How long a party stays, by (largest party, length) in ascending order."""
    return next((length for largest, length in steps if party_size <= largest), steps[-1][1])
