"""Availability, holds and reservations.

`now` is aware UTC everywhere; results are in the business's zone. What is written here is true once the session that
was given commits, and the exclusion constraint on allocations has the last word on every change.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.errors import UniqueViolation
from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound, Unavailable
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.db.violations import constraint_of, is_violation
from reception.domains.reservations import allocation, guests, stays, visits
from reception.domains.reservations.availability import Calendar, Finding, Offer, Span, Unit, at_wall
from reception.domains.reservations.models import ReservationRow
from reception.domains.reservations.resources import (
    Resource,
    create_resource,
    delete_resource,
    get_resource,
    list_resources,
)
from reception.domains.reservations.slots import Plan, plan, read, slot_of, spoken_place
from reception.ports.booking import (
    Availability,
    Guest,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Slot,
    SlotQuery,
)
from reception.ports.business import Bookable, Business

__all__ = [
    "Resource",
    "availability",
    "cancel",
    "commit_reservation",
    "create_resource",
    "delete_resource",
    "find",
    "get_resource",
    "hold",
    "list_resources",
    "move",
    "release_hold",
]

_REFERENCE_ATTEMPTS = 5
_LONGEST_FIND = 20


async def availability(
    session: AsyncSession,
    business: Business,
    query: SlotQuery,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
    reservation_id: UUID | None = None,
) -> Availability:
    """Whether `query` can be had, else why not and what is nearest.

    What `conversation_id` holds does not count as busy, nor does the reservation about to be moved:
    `reservation_id`, or the one that the query names.

    Raises:
        Unprocessable: no party, a negative number of nights, or a place longer than 200 characters.
    """
    if query.party_size < 1:
        raise refuse("/party_size", "must be at least 1")
    if query.nights < 0:
        raise refuse("/nights", "must not be negative")
    bounded(query.place, "/place", longest=200)
    rooms = business.rules.bookable is Bookable.ROOM
    window = stays.window(query, now, business.rules.longest_stay_nights) if rooms else visits.window(query, now)
    busy = await allocation.load_busy(
        session, window, now, conversation_id=conversation_id, reservation_id=reservation_id or query.moving
    )
    calendar = await _calendar(session, business, now, busy)
    finding: Finding = stays.search(calendar, query) if rooms else visits.search(calendar, query)
    return Availability(
        exact=slot_of(finding.exact, calendar) if finding.exact else None,
        refusal=finding.refusal,
        alternatives=tuple(slot_of(offer, calendar) for offer in finding.alternatives),
    )


async def hold(
    session: AsyncSession, business: Business, slot: Slot, conversation_id: UUID, now: datetime
) -> Reservation:
    """Keep `slot` for the conversation for as long as the rules say, in place of what it held; that stays held when
    this fails. Another table that fits as well may be taken than the one first offered.

    Raises:
        SlotTaken: somebody else has it, or the rules no longer allow it.
        Unprocessable: the slot is not one of this business.
    """
    calendar = await _calendar(session, business, now)
    wanted = plan(slot, calendar)
    held = {"status": ReservationStatus.HELD.value, "hold_expires_at": now + business.rules.hold}
    reservation_id = await _store(session, business, wanted, conversation_id, now, held)
    return await _one(session, calendar, reservation_id)


async def release_hold(session: AsyncSession, conversation_id: UUID) -> None:
    """Give up what the conversation holds, if anything."""
    await allocation.release(session, conversation_id)


async def commit_reservation(
    session: AsyncSession, business: Business, slot: Slot, guest: Guest, conversation_id: UUID, now: datetime
) -> Reservation:
    """Confirm what the conversation holds for `guest`, under a new reference. When it holds nothing, or something
    else, `slot` is taken now. A conversation has a slot once: what it confirmed before is returned as it is.

    Raises:
        SlotTaken: somebody else has it. What the conversation held stays.
        Unprocessable: the guest or the slot is not valid.
    """
    guest = guests.validated(guest)
    calendar = await _calendar(session, business, now)
    offer = read(slot, business.rules.bookable)
    place = spoken_place(offer.place, business.rules.bookable)
    before = await _confirmed_before(session, conversation_id, offer, place)
    if before is not None:
        await allocation.release(session, conversation_id)
        return await _one(session, calendar, before)
    own = await _locked(
        session,
        ReservationRow.conversation_id == conversation_id,
        ReservationRow.status == ReservationStatus.HELD.value,
    )
    wanted = (offer.span.start, offer.span.end, offer.party_size, place)
    confirmed = {"status": ReservationStatus.CONFIRMED.value, "hold_expires_at": None, **_guest_columns(guest)}
    if own is not None and (own.starts_at, own.ends_at, own.party_size, own.place) == wanted:
        reservation_id = own.id
        await _confirm(session, reservation_id, confirmed)
    else:
        holding = {"status": ReservationStatus.HELD.value, "hold_expires_at": now + business.rules.hold}
        async with session.begin_nested():
            reservation_id = await _store(session, business, plan(slot, calendar), conversation_id, now, holding)
            await _confirm(session, reservation_id, confirmed)
    return await _one(session, calendar, reservation_id)


async def move(
    session: AsyncSession,
    business: Business,
    reservation_id: UUID,
    slot: Slot,
    guest: Guest,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
) -> Reservation:
    """Move a confirmed reservation to `slot`, and store `guest` with it. What `conversation_id` holds, the new place
    perhaps, is released by it.

    Raises:
        SlotTaken: the new place is not free; the old one is kept, and so is the hold.
        NotFound: the tenant has no such confirmed reservation.
        Conflict: it has begun already.
        Unprocessable: the guest or the slot is not valid.
    """
    guest = guests.validated(guest)
    calendar = await _calendar(session, business, now)
    row = await _locked(
        session, ReservationRow.id == reservation_id, ReservationRow.status == ReservationStatus.CONFIRMED.value
    )
    if row is None:
        raise NotFound("There is no such reservation")
    if row.starts_at <= now:
        raise Conflict("That reservation has begun already")
    wanted = plan(slot, calendar)
    async with session.begin_nested():
        if conversation_id is not None:
            await allocation.release(session, conversation_id)
        await allocation.forget(session, reservation_id)
        await allocation.take(session, business.tenant_id, reservation_id, wanted.choices, wanted.offer.span, now)
        await _update(session, reservation_id, {**_plan_columns(wanted), **_guest_columns(guest)})
    return await _one(session, calendar, reservation_id)


async def cancel(session: AsyncSession, business: Business, reservation_id: UUID, now: datetime) -> Reservation:
    """Cancel a reservation and free its place; one that is cancelled stays so.

    Raises:
        NotFound: the tenant has no such reservation.
        Conflict: it is over.
    """
    kept = (ReservationStatus.CONFIRMED.value, ReservationStatus.CANCELLED.value)
    row = await _locked(session, ReservationRow.id == reservation_id, ReservationRow.status.in_(kept))
    if row is None:
        raise NotFound("There is no such reservation")
    if row.status == ReservationStatus.CONFIRMED.value:
        if row.ends_at <= now:
            raise Conflict("That reservation is over")
        await _update(session, reservation_id, {"status": ReservationStatus.CANCELLED.value})
        await allocation.unblock(session, reservation_id)
    return await _one(session, await _calendar(session, business, now), reservation_id)


async def find(session: AsyncSession, business: Business, query: ReservationQuery, now: datetime) -> list[Reservation]:
    """Confirmed reservations that are not over, soonest first, at most twenty: by reference, else by phone number,
    else by name and local day. Every word of the name must occur in the guest's."""
    conditions = _conditions(query, ZoneInfo(business.timezone))
    if not conditions:
        return []
    found = await session.execute(
        select(ReservationRow)
        .where(ReservationRow.status == ReservationStatus.CONFIRMED.value, ReservationRow.ends_at > now, *conditions)
        .order_by(ReservationRow.starts_at, ReservationRow.id)
        .limit(_LONGEST_FIND)
        .execution_options(populate_existing=True)
    )
    return await _reservations(session, await _calendar(session, business, now), found.scalars().all())


def _conditions(query: ReservationQuery, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    if reference := guests.normal_reference(query.reference):
        return [ReservationRow.reference == reference]
    if phone := query.phone.strip().replace("\x00", "")[:32]:
        return [ReservationRow.guest_phone == phone]
    words = query.name.replace("\x00", "").casefold().split()[:10]
    if not words or query.day is None:
        return []
    day = Span(at_wall(query.day, _MIDNIGHT, zone), at_wall(query.day, _END_OF_DAY, zone))
    name = func.lower(ReservationRow.guest_name)
    named = [name.contains(word, autoescape=True) for word in words]
    return [ReservationRow.starts_at >= day.start, ReservationRow.starts_at <= day.end, *named]


_MIDNIGHT = datetime.min.time()
_END_OF_DAY = datetime.max.time()


async def _calendar(
    session: AsyncSession, business: Business, now: datetime, busy: Mapping[int, Sequence[Span]] | None = None
) -> Calendar:
    units = await allocation.load_units(session, business.rules.bookable)
    return Calendar(business.hours, business.rules, ZoneInfo(business.timezone), units, busy or {}, now)


async def _store(
    session: AsyncSession,
    business: Business,
    wanted: Plan,
    conversation_id: UUID,
    now: datetime,
    columns: Mapping[str, object],
) -> UUID:
    """Take a place for a new row, in place of what the conversation held. All of it or nothing."""
    reservation_id = uuid7()
    values = {
        "id": reservation_id,
        "tenant_id": business.tenant_id,
        "conversation_id": conversation_id,
        **_plan_columns(wanted),
        **columns,
    }
    try:
        async with session.begin_nested():
            await allocation.release(session, conversation_id)
            await session.execute(insert(ReservationRow).values(**values))
            await allocation.take(session, business.tenant_id, reservation_id, wanted.choices, wanted.offer.span, now)
    except IntegrityError as error:
        if constraint_of(error) == "reservations_one_hold":
            raise Conflict("This conversation is taking another place at this moment") from error
        raise
    return reservation_id


async def _confirmed_before(session: AsyncSession, conversation_id: UUID, offer: Offer, place: str) -> UUID | None:
    found = await session.execute(
        select(ReservationRow.id)
        .where(
            ReservationRow.conversation_id == conversation_id,
            ReservationRow.status == ReservationStatus.CONFIRMED.value,
            ReservationRow.starts_at == offer.span.start,
            ReservationRow.ends_at == offer.span.end,
            ReservationRow.party_size == offer.party_size,
            ReservationRow.place == place,
        )
        .order_by(ReservationRow.id)
        .limit(1)
    )
    return found.scalar_one_or_none()


async def _confirm(session: AsyncSession, reservation_id: UUID, columns: Mapping[str, object]) -> None:
    for _ in range(_REFERENCE_ATTEMPTS):
        try:
            async with session.begin_nested():
                await _update(session, reservation_id, {**columns, "reference": guests.new_reference()})
        except IntegrityError as error:
            if not is_violation(error, UniqueViolation):
                raise
        else:
            return
    raise Unavailable("No free reference was found")


async def _update(session: AsyncSession, reservation_id: UUID, columns: Mapping[str, object]) -> None:
    await session.execute(
        update(ReservationRow)
        .where(ReservationRow.id == reservation_id)
        .values(**columns, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def _locked(session: AsyncSession, *conditions: ColumnElement[bool]) -> ReservationRow | None:
    found = await session.execute(
        select(ReservationRow).where(*conditions).with_for_update().execution_options(populate_existing=True)
    )
    return found.scalars().one_or_none()


def _plan_columns(wanted: Plan) -> dict[str, object]:
    return {
        "starts_at": wanted.offer.span.start,
        "ends_at": wanted.offer.span.end,
        "party_size": wanted.offer.party_size,
        "place": wanted.place,
    }


def _guest_columns(guest: Guest) -> dict[str, object]:
    return {
        "guest_name": guest.name,
        "guest_phone": guest.phone,
        "guest_email": guest.email,
        "notes": guest.notes,
    }


async def _one(session: AsyncSession, calendar: Calendar, reservation_id: UUID) -> Reservation:
    found = await session.execute(
        select(ReservationRow).where(ReservationRow.id == reservation_id).execution_options(populate_existing=True)
    )
    return (await _reservations(session, calendar, [found.scalars().one()]))[0]


async def _reservations(session: AsyncSession, calendar: Calendar, rows: Sequence[ReservationRow]) -> list[Reservation]:
    numbers = await allocation.numbers_of(session, [row.id for row in rows]) if rows else {}
    names: dict[int, Unit] = {}
    for unit in calendar.units:
        names.setdefault(unit.resource_no, unit)
    return [
        Reservation(
            reservation_id=row.id,
            reference=row.reference or "",
            status=ReservationStatus(row.status),
            starts_at=row.starts_at.astimezone(calendar.zone),
            ends_at=row.ends_at.astimezone(calendar.zone),
            party_size=row.party_size,
            guest=Guest(row.guest_name, row.guest_phone, row.guest_email, row.notes),
            place=row.place,
            resource_names=tuple(names[number].name for number in numbers.get(row.id, ()) if number in names),
            hold_expires_at=row.hold_expires_at.astimezone(calendar.zone) if row.hold_expires_at else None,
        )
        for row in rows
    ]
