"""What the booking rules of a business are made of: shifts of a restaurant, rates and stays of a hotel, services."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal

EVERY_DAY = (0, 1, 2, 3, 4, 5, 6)
"""Days of the week; Monday is 0."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A named service, such as lunch: tables are given from `opens` to `last_seating`, local times, on `weekdays`. A
    `last_seating` before `opens` is after midnight. An opening hour that is in no shift has no tables to book.

    Without `turn_times` those of the business hold, and without `covers` (0) its limit on guests a quarter of an hour.
    """

    name: str
    opens: time
    last_seating: time
    weekdays: tuple[int, ...] = EVERY_DAY
    turn_times: tuple[tuple[int, timedelta], ...] = ()
    covers: int = 0


@dataclass(frozen=True, slots=True)
class RoomRate:
    """What a night in a room of the type `place` costs, in the currency of the business. It holds for nights that begin
    on `weekdays`, from `first` to `last`, both included; None leaves that side open."""

    place: str
    nightly: Decimal
    weekdays: tuple[int, ...] = EVERY_DAY
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class StayRule:
    """A limit on stays that arrive from `first` to `last`, both included, in rooms of the types `places`; empty means
    all. `no_arrival` and `no_departure` are days of the week; the latter counts for departures within the dates."""

    first: date | None = None
    last: date | None = None
    places: tuple[str, ...] = ()
    minimum_nights: int = 1
    maximum_nights: int | None = None
    no_arrival: tuple[int, ...] = ()
    no_departure: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """What an appointment is for. Its person stays taken for `buffer` after it; `price` is in the currency of the
    business, None where it is not told."""

    name: str
    length: timedelta
    buffer: timedelta = timedelta()
    price: Decimal | None = None
