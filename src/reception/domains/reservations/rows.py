"""Reservations as rows: reading them as values, and the columns that values make."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.db.model import JsonArray
from reception.domains.reservations import allocation
from reception.domains.reservations.availability import Calendar, Span
from reception.domains.reservations.models import ReservationRow
from reception.domains.reservations.slots import Plan
from reception.domains.reservations.units import load_units
from reception.ports.booking import Guest, Price, Reservation, ReservationStatus, SpecialRequest
from reception.ports.business import Business

_REQUESTS: TypeAdapter[tuple[SpecialRequest, ...]] = TypeAdapter(tuple[SpecialRequest, ...])


def zone_of(business: Business) -> ZoneInfo:
    return ZoneInfo(business.timezone)


async def calendar(
    session: AsyncSession, business: Business, now: datetime, taken: allocation.Taken | None = None
) -> Calendar:
    """The rules and units of a business, with what is taken as it is given."""
    units = await load_units(session, business.rules.bookable)
    busy, covers = (taken.busy, taken.covers) if taken else ({}, {})
    return Calendar(business.hours, business.rules, zone_of(business), units, busy, now, covers)


async def calendar_of(
    session: AsyncSession,
    business: Business,
    window: Span,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
    reservation_id: UUID | None = None,
) -> Calendar:
    """The calendar within `window`. What the conversation holds does not count as taken, nor does the reservation."""
    taken = await allocation.load_taken(
        session, window, now, conversation_id=conversation_id, reservation_id=reservation_id
    )
    return await calendar(session, business, now, taken)


async def locked(session: AsyncSession, *conditions: ColumnElement[bool]) -> ReservationRow | None:
    """The one row that meets `conditions`, kept from changing until the transaction ends."""
    found = await session.execute(
        select(ReservationRow).where(*conditions).with_for_update().execution_options(populate_existing=True)
    )
    return found.scalars().one_or_none()


async def locked_with(session: AsyncSession, reservation_id: UUID, *statuses: ReservationStatus) -> ReservationRow:
    """The reservation, locked, if it is in one of `statuses`.

    Raises:
        NotFound: the tenant has none such.
    """
    wanted = [status.value for status in statuses]
    row = await locked(session, ReservationRow.id == reservation_id, ReservationRow.status.in_(wanted))
    if row is None:
        raise NotFound("There is no such reservation")
    return row


async def update_row(session: AsyncSession, reservation_id: UUID, columns: Mapping[str, object]) -> None:
    await session.execute(
        update(ReservationRow)
        .where(ReservationRow.id == reservation_id)
        .values(**columns, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )


def plan_columns(wanted: Plan) -> dict[str, object]:
    return {
        "starts_at": wanted.offer.span.start,
        "ends_at": wanted.offer.span.end,
        "party_size": wanted.offer.party_size,
        "place": wanted.place,
        "service": wanted.offer.service,
        "price": wanted.price.amount if wanted.price else None,
        "currency": wanted.price.currency if wanted.price else None,
    }


def guest_columns(guest: Guest) -> dict[str, object]:
    """The columns of a guest, who is valid; those of reservations and of the waitlist."""
    return {
        "guest_name": guest.name,
        "guest_phone": guest.phone,
        "guest_email": guest.email,
        "notes": guest.notes,
        "requests": requests_json(guest.requests),
    }


def guest_of(row: ReservationRow) -> Guest:
    """The reverse of `guest_columns`."""
    return Guest(row.guest_name, row.guest_phone, row.guest_email, row.notes, requests_from(row.requests))


def requests_json(requests: tuple[SpecialRequest, ...]) -> JsonArray:
    return cast(JsonArray, _REQUESTS.dump_python(requests, mode="json"))


def requests_from(stored: JsonArray) -> tuple[SpecialRequest, ...]:
    """The reverse of `requests_json`."""
    return _REQUESTS.validate_python(stored)


async def one(session: AsyncSession, zone: ZoneInfo, reservation_id: UUID) -> Reservation:
    """A reservation that is there, as it now stands."""
    found = await session.execute(
        select(ReservationRow).where(ReservationRow.id == reservation_id).execution_options(populate_existing=True)
    )
    return (await values(session, zone, [found.scalars().one()]))[0]


async def values(session: AsyncSession, zone: ZoneInfo, rows: Sequence[ReservationRow]) -> list[Reservation]:
    """`rows` as values in `zone`, in order."""
    names = await allocation.names_of(session, [row.id for row in rows]) if rows else {}
    return [
        Reservation(
            reservation_id=row.id,
            reference=row.reference or "",
            status=ReservationStatus(row.status),
            starts_at=row.starts_at.astimezone(zone),
            ends_at=row.ends_at.astimezone(zone),
            party_size=row.party_size,
            guest=guest_of(row),
            place=row.place,
            resource_names=tuple(names.get(row.id, ())),
            hold_expires_at=row.hold_expires_at.astimezone(zone) if row.hold_expires_at else None,
            reconfirmed_at=row.reconfirmed_at.astimezone(zone) if row.reconfirmed_at else None,
            late_minutes=row.late_minutes,
            service=row.service,
            price=Price(row.price, row.currency) if row.price is not None and row.currency else None,
        )
        for row in rows
    ]
