"""When the people who are booked are at work."""

from dataclasses import dataclass
from datetime import date, time

from reception.ports.business import OpenSpan


@dataclass(frozen=True, slots=True)
class Absence:
    """Away on the days `first` to `last`, both included: all day, or from `starts` to `ends`, local times."""

    first: date
    last: date
    starts: time | None = None
    ends: time | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """`weekly[0]` is Monday; empty means whenever the business is open."""

    weekly: tuple[tuple[OpenSpan, ...], ...] = ()
    absences: tuple[Absence, ...] = ()
