"""Availability and reservations as values that flows can speak of."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class ReservationStatus(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    SEATED = "seated"
    """The guests are there, or were."""
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class RequestKind(StrEnum):
    """What a guest asks for along with a reservation."""

    ALLERGY = "allergy"
    DIET = "diet"
    OCCASION = "occasion"
    HIGH_CHAIR = "high_chair"
    ACCESSIBILITY = "accessibility"
    SEATING = "seating"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SpecialRequest:
    """One request: `text` is what the kind leaves open ("peanuts", "two of them"). It is noted, not promised."""

    kind: RequestKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """What a caller wants. Times are local to the business and aware.

    For a table or a viewing `starts_at` is wanted and `nights` is 0; for a room `starts_at` is the arrival day at
    check-in and `nights` at least 1. `place` narrows to one room type or listing, `staff` to one person; empty means
    any. An appointment needs a `service` where the business names some. What the reservation `moving` takes counts as
    free.
    """

    starts_at: datetime
    party_size: int
    nights: int = 0
    place: str = ""
    moving: UUID | None = None
    service: str = ""
    staff: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """`amount` in units of `currency` (ISO 4217), taxes as the business states its rates."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A bookable place in time. `slot_id` is opaque: a flow picks one, and never composes it.

    `place` is what a caller would call it (room type, listing), empty for tables. `staff` is the person it is with,
    where it is with one. `price` is for all of it, None where no rate is set.
    """

    slot_id: str
    starts_at: datetime
    ends_at: datetime
    party_size: int
    place: str = ""
    service: str = ""
    staff: str = ""
    price: Price | None = None


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
    PARTY_TOO_SMALL = "party_too_small"
    """Nothing takes so few."""
    STAY_TOO_LONG = "stay_too_long"
    STAY_TOO_SHORT = "stay_too_short"
    NO_ARRIVAL = "no_arrival"
    """Nobody arrives on that day of the week."""
    NO_DEPARTURE = "no_departure"
    UNKNOWN_PLACE = "unknown_place"
    UNKNOWN_SERVICE = "unknown_service"
    """No service of that name, or none was named."""
    UNKNOWN_STAFF = "unknown_staff"
    STAFF_UNABLE = "staff_unable"
    """The person asked for does not do that."""
    STAFF_AWAY = "staff_away"
    """The person asked for is not at work then."""


@dataclass(frozen=True, slots=True)
class Availability:
    """The answer to a `SlotQuery`: `exact` when it can be had as asked, else `refusal` says why and `alternatives`
    holds the nearest that can, best first.

    `reason` is what the business says of a day on which it is closed ("Thanksgiving Day"); `nights` the limit that a
    stay is too short or too long for.
    """

    exact: Slot | None
    refusal: Refusal | None
    alternatives: tuple[Slot, ...] = ()
    reason: str = ""
    nights: int = 0


@dataclass(frozen=True, slots=True)
class Guest:
    """Who a reservation is for, and what they ask for with it. `phone` is E.164."""

    name: str
    phone: str
    email: str = ""
    notes: str = ""
    requests: tuple[SpecialRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class GuestChange:
    """What is to be different of a reservation's guest: empty fields leave theirs as it is, `notes` and `requests` go
    beside those that there are."""

    name: str = ""
    phone: str = ""
    email: str = ""
    notes: str = ""
    requests: tuple[SpecialRequest, ...] = ()

    def of(self, guest: Guest) -> Guest:
        """`guest` with this change."""
        notes = "; ".join(dict.fromkeys(note for note in (guest.notes, self.notes) if note))
        requests = tuple(dict.fromkeys((*guest.requests, *self.requests)))
        name, phone, email = self.name or guest.name, self.phone or guest.phone, self.email or guest.email
        return Guest(name, phone, email, notes, requests)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A committed row, its times local to the business and aware. `reference` is what a caller can quote.

    `reconfirmed_at` is when the guest last said that they are coming; `late_minutes` by how much they said they would
    be late.
    """

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
    reconfirmed_at: datetime | None = None
    late_minutes: int = 0
    service: str = ""
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class ReservationQuery:
    """Finds a caller's own reservations: by reference, or by phone (E.164), or by name and local day."""

    reference: str = ""
    phone: str = ""
    name: str = ""
    day: date | None = None


class WaitlistStatus(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    """A place is kept for them until `offer_expires_at`."""
    ACCEPTED = "accepted"
    LEFT = "left"
    """The guest declined, or no longer waits."""
    EXPIRED = "expired"
    """They let an offer lapse, or the time that they waited for has come."""


@dataclass(frozen=True, slots=True)
class WaitlistEntry:
    """Somebody who wants a place between `earliest` and `latest`, both local and aware, as near to `wanted` as can be.

    `offer` is the row that was offered: held while OFFERED, confirmed once ACCEPTED.
    """

    entry_id: UUID
    status: WaitlistStatus
    wanted: datetime
    earliest: datetime
    latest: datetime
    party_size: int
    guest: Guest
    nights: int = 0
    place: str = ""
    service: str = ""
    staff: str = ""
    offer: Reservation | None = None
    offer_expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class GuestHistory:
    """What a business knows of the person with a phone number (E.164): the name and e-mail given last, how often they
    came and did not come, the requests that outlast a visit, what is to come, and where they wait."""

    phone: str
    name: str = ""
    email: str = ""
    visits: int = 0
    no_shows: int = 0
    last_visit: datetime | None = None
    requests: tuple[SpecialRequest, ...] = ()
    upcoming: tuple[Reservation, ...] = ()
    waiting: tuple[WaitlistEntry, ...] = ()

    @property
    def is_known(self) -> bool:
        return bool(self.name)
