"""Slots, reservations and waitlist entries as they are read over HTTP. Times are local to the business, with offset."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from reception.api.rules import Amount
from reception.api.schemas import Request, Response, Text
from reception.ports.booking import (
    Guest,
    Price,
    RequestKind,
    Reservation,
    ReservationStatus,
    Slot,
    SpecialRequest,
    WaitlistEntry,
    WaitlistStatus,
)


class Cost(Response):
    amount: Amount
    currency: str

    @classmethod
    def of(cls, price: Price | None) -> "Cost | None":
        return cls(amount=price.amount, currency=price.currency) if price else None


class SlotRead(Response):
    """`id` is what a reservation is made with; it may be taken by somebody else until then."""

    id: str
    starts_at: datetime
    ends_at: datetime
    party_size: int
    place: str
    service: str
    staff: str
    price: Cost | None

    @classmethod
    def of(cls, slot: Slot) -> "SlotRead":
        return cls(
            id=slot.slot_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            party_size=slot.party_size,
            place=slot.place,
            service=slot.service,
            staff=slot.staff,
            price=Cost.of(slot.price),
        )


class Wish(Request):
    """A special request: `text` says what the kind leaves open."""

    kind: RequestKind
    text: Annotated[Text, Field(max_length=200)] = ""


class GuestBody(Request):
    """`phone` is E.164, such as +14155550142."""

    name: Annotated[Text, Field(min_length=1, max_length=120)]
    phone: Annotated[Text, Field(max_length=32)]
    email: Annotated[Text, Field(max_length=254)] = ""
    notes: Annotated[Text, Field(max_length=1000)] = ""
    requests: Annotated[tuple[Wish, ...], Field(max_length=20)] = ()

    def value(self) -> Guest:
        requests = tuple(SpecialRequest(wish.kind, wish.text) for wish in self.requests)
        return Guest(self.name, self.phone, self.email, self.notes, requests)


class GuestRead(Response):
    """Empty while a place is only held."""

    name: str
    phone: str
    email: str
    notes: str
    requests: tuple[Wish, ...]

    @classmethod
    def of(cls, guest: Guest) -> "GuestRead":
        wishes = tuple(Wish(kind=request.kind, text=request.text) for request in guest.requests)
        return cls(name=guest.name, phone=guest.phone, email=guest.email, notes=guest.notes, requests=wishes)


class ReservationRead(Response):
    id: UUID
    reference: str
    status: ReservationStatus
    starts_at: datetime
    ends_at: datetime
    party_size: int
    place: str
    service: str
    resources: tuple[str, ...]
    guest: GuestRead
    price: Cost | None
    reconfirmed_at: datetime | None
    late_minutes: int
    hold_expires_at: datetime | None

    @classmethod
    def of(cls, made: Reservation) -> "ReservationRead":
        return cls(
            id=made.reservation_id,
            reference=made.reference,
            status=made.status,
            starts_at=made.starts_at,
            ends_at=made.ends_at,
            party_size=made.party_size,
            place=made.place,
            service=made.service,
            resources=made.resource_names,
            guest=GuestRead.of(made.guest),
            price=Cost.of(made.price),
            reconfirmed_at=made.reconfirmed_at,
            late_minutes=made.late_minutes,
            hold_expires_at=made.hold_expires_at,
        )


class WaitlistRead(Response):
    """`offer` is the reservation that is kept for the guest until `offer_expires_at`, or that they accepted."""

    id: UUID
    status: WaitlistStatus
    wanted: datetime
    earliest: datetime
    latest: datetime
    party_size: int
    nights: int
    place: str
    service: str
    staff: str
    guest: GuestRead
    offer: ReservationRead | None
    offer_expires_at: datetime | None

    @classmethod
    def of(cls, entry: WaitlistEntry) -> "WaitlistRead":
        return cls(
            id=entry.entry_id,
            status=entry.status,
            wanted=entry.wanted,
            earliest=entry.earliest,
            latest=entry.latest,
            party_size=entry.party_size,
            nights=entry.nights,
            place=entry.place,
            service=entry.service,
            staff=entry.staff,
            guest=GuestRead.of(entry.guest),
            offer=ReservationRead.of(entry.offer) if entry.offer else None,
            offer_expires_at=entry.offer_expires_at,
        )
