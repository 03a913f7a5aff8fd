"""Tables of resources, reservations and allocations.

A reservation takes resources by its allocations; no two blocking allocations of one resource overlap in time, and the
exclusion constraint `allocations_no_overlap` is what makes that true.
"""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, FetchedValue, Identity, Numeric, String
from sqlalchemy.dialects.postgresql import ARRAY, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import JsonArray, JsonObject, Model


class ResourceRow(Model):
    __tablename__ = "resources"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    resource_no: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[int]
    smallest_party: Mapped[int] = mapped_column(server_default=FetchedValue())
    joins: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=FetchedValue())
    hours: Mapped[JsonObject] = mapped_column(server_default=FetchedValue())
    attributes: Mapped[JsonObject] = mapped_column(server_default=FetchedValue())


class ReservationRow(Model):
    __tablename__ = "reservations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    conversation_id: Mapped[UUID | None]
    agent_id: Mapped[UUID | None] = mapped_column(server_default=FetchedValue())
    status: Mapped[str] = mapped_column(String(16))
    reference: Mapped[str | None] = mapped_column(String(6))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    party_size: Mapped[int]
    place: Mapped[str] = mapped_column(String(200))
    guest_name: Mapped[str] = mapped_column(String(120), server_default=FetchedValue())
    guest_phone: Mapped[str] = mapped_column(String(32), server_default=FetchedValue())
    guest_email: Mapped[str] = mapped_column(String(254), server_default=FetchedValue())
    notes: Mapped[str] = mapped_column(String(1000), server_default=FetchedValue())
    requests: Mapped[JsonArray] = mapped_column(server_default=FetchedValue())
    hold_expires_at: Mapped[datetime | None]
    moving: Mapped[UUID | None]
    reconfirmed_at: Mapped[datetime | None]
    late_minutes: Mapped[int] = mapped_column(server_default=FetchedValue())
    service: Mapped[str] = mapped_column(String(120), server_default=FetchedValue())
    price: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    currency: Mapped[str | None] = mapped_column(String(3))
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class Allocation(Model):
    __tablename__ = "allocations"

    tenant_id: Mapped[UUID]
    reservation_id: Mapped[UUID] = mapped_column(primary_key=True)
    resource_no: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    blocking: Mapped[bool] = mapped_column(server_default=FetchedValue())


class WaitlistRow(Model):
    __tablename__ = "waitlist"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    conversation_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(String(16))
    wanted: Mapped[datetime]
    earliest: Mapped[datetime]
    latest: Mapped[datetime]
    day: Mapped[date]
    party_size: Mapped[int]
    nights: Mapped[int] = mapped_column(server_default=FetchedValue())
    place: Mapped[str] = mapped_column(String(200), server_default=FetchedValue())
    service: Mapped[str] = mapped_column(String(120), server_default=FetchedValue())
    staff: Mapped[str] = mapped_column(String(120), server_default=FetchedValue())
    guest_name: Mapped[str] = mapped_column(String(120))
    guest_phone: Mapped[str] = mapped_column(String(32))
    guest_email: Mapped[str] = mapped_column(String(254), server_default=FetchedValue())
    notes: Mapped[str] = mapped_column(String(1000), server_default=FetchedValue())
    requests: Mapped[JsonArray] = mapped_column(server_default=FetchedValue())
    reservation_id: Mapped[UUID | None]
    offer_expires_at: Mapped[datetime | None]
    offers: Mapped[int] = mapped_column(server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
