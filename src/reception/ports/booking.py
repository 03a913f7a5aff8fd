"""Availability and reservations as values that flows can speak of."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class ReservationStatus(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """What a caller wants. Times are local to the business and aware.

    For a table or a viewing `starts_at` is wanted and `nights` is 0; for a room `starts_at` is the arrival day at
    check-in and `nights` at least 1. `place` narrows to one room type or listing; empty means any. What the
    reservation `moving` takes counts as free.
    """

    starts_at: datetime
    party_size: int
    nights: int = 0
    place: str = ""
    moving: UUID | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A bookable place in time. `slot_id` is opaque: a flow picks one, and never composes it.

    `place` is what a caller would call it (room type, listing), empty for tables.
    """

    slot_id: str
    starts_at: datetime
    ends_at: datetime
    party_size: int
    place: str = ""


class Refusal(StrEnum):
    """Why nothing can be booked as asked."""

    CLOSED = "closed"
    """The business is not open then."""
    FULL = "full"
    PAST = "past"
    TOO_SOON = "too_soon"
    """Within the lead time."""
    TOO_FAR = "too_far"
    """Beyond the horizon."""
    PARTY_TOO_LARGE = "party_too_large"
    STAY_TOO_LONG = "stay_too_long"
    UNKNOWN_PLACE = "unknown_place"


@dataclass(frozen=True, slots=True)
class Availability:
    """The answer to a `SlotQuery`: `exact` when it can be had as asked, else `refusal` says why and `alternatives`
    holds the nearest that can, best first."""

    exact: Slot | None
    refusal: Refusal | None
    alternatives: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Guest:
    """Who a reservation is for. `phone` is E.164."""

    name: str
    phone: str
    email: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A committed row, its times local to the business and aware. `reference` is what a caller can quote."""

    reservation_id: UUID
    reference: str
    status: ReservationStatus
    starts_at: datetime
    ends_at: datetime
    party_size: int
    guest: Guest
    place: str = ""
    resource_names: tuple[str, ...] = ()
    hold_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReservationQuery:
    """Finds a caller's own reservations: by reference, or by phone (E.164), or by name and local day."""

    reference: str = ""
    phone: str = ""
    name: str = ""
    day: date | None = None
