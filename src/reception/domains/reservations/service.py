"""Availability, holds and reservations.

`now` is aware UTC everywhere; results are in the business's zone. What is written here is true once the session that
was given commits, and the exclusion constraint on allocations has the last word on every change.
"""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, SlotTaken
from reception.db.bounds import bounded, refuse
from reception.domains.reservations import allocation, guests, rows, stays, taking, visits
from reception.domains.reservations.availability import Finding, Offer, Span
from reception.domains.reservations.desk import (
    WalkIn,
    book_at_desk,
    change_guest,
    mark_no_show,
    seat,
    walk_in,
)
from reception.domains.reservations.entries import OFFER_CHANGED, get_entry, list_entries
from reception.domains.reservations.finding import (
    ReservationFilter,
    find,
    get_reservation,
    get_reservations,
    guest_history,
    list_reservations,
)
from reception.domains.reservations.life import note_late, note_requests, reconfirm
from reception.domains.reservations.line import ADVANCE, advance, advance_at, is_anybody_waiting
from reception.domains.reservations.models import ReservationRow
from reception.domains.reservations.resources import (
    NewResource,
    Resource,
    change_resource,
    create_resource,
    delete_resource,
    get_resource,
    list_resources,
)
from reception.domains.reservations.slots import gone_by, is_gone_by, plan, read, slot_named, slot_of, spoken_place
from reception.domains.reservations.waitlist import accept_offer, join_waitlist, leave_waitlist
from reception.ports.booking import Availability, Guest, GuestChange, Reservation, ReservationStatus, Slot, SlotQuery
from reception.ports.business import Bookable, Business

__all__ = [
    "ADVANCE",
    "OFFER_CHANGED",
    "NewResource",
    "ReservationFilter",
    "Resource",
    "WalkIn",
    "accept_offer",
    "advance",
    "advance_at",
    "availability",
    "book_at_desk",
    "cancel",
    "change_guest",
    "change_resource",
    "commit_reservation",
    "create_resource",
    "delete_resource",
    "find",
    "get_entry",
    "get_reservation",
    "get_reservations",
    "get_resource",
    "guest_history",
    "hold",
    "join_waitlist",
    "leave_waitlist",
    "list_entries",
    "list_reservations",
    "list_resources",
    "mark_no_show",
    "move",
    "move_at_desk",
    "note_late",
    "note_requests",
    "reconfirm",
    "release_hold",
    "seat",
    "walk_in",
]


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
    for pointer, name in (("/place", query.place), ("/service", query.service), ("/staff", query.staff)):
        bounded(name, pointer, longest=200)
    rooms = business.rules.bookable is Bookable.ROOM
    window = stays.window(query, now, business.rules.longest_stay_nights) if rooms else visits.window(query, now)
    calendar = await rows.calendar_of(
        session, business, window, now, conversation_id=conversation_id, reservation_id=reservation_id or query.moving
    )
    finding: Finding = stays.search(calendar, query) if rooms else visits.search(calendar, query)
    return Availability(
        exact=slot_of(finding.exact, calendar) if finding.exact else None,
        refusal=finding.refusal,
        alternatives=tuple(slot_of(offer, calendar) for offer in finding.alternatives),
        reason=finding.reason,
        nights=finding.nights,
    )


async def hold(
    session: AsyncSession,
    business: Business,
    slot: Slot,
    conversation_id: UUID,
    now: datetime,
    *,
    moving: UUID | None = None,
) -> Reservation:
    """Keep `slot` for the conversation for as long as the rules say, in place of what it held; that stays held when
    this fails. Another table that fits as well may be taken than the one first offered. A reservation that is to move
    there, `moving`, keeps what it has meanwhile, and is not in its own way; when this fails, nothing stays held.

    Raises:
        SlotTaken: somebody else has it, or the rules no longer allow it.
        Unprocessable: the slot is not one of this business.
    """
    calendar = await rows.calendar(session, business, now)
    wanted = plan(slot, calendar)
    held = taking.holding(business, now)
    try:
        reservation_id = await taking.store(
            session, business, wanted, now, held, conversation_id=conversation_id, beside=moving
        )
    except SlotTaken:
        if moving is not None:
            await release_hold(session, business, conversation_id, now)
        raise
    if await is_anybody_waiting(session):
        await advance_at(session, business.tenant_id, now + business.rules.hold)
    return await rows.one(session, calendar.zone, reservation_id)


async def release_hold(session: AsyncSession, business: Business, conversation_id: UUID, now: datetime) -> None:
    """Give up what the conversation holds, if anything, to who waits for it."""
    released = await allocation.release(session, conversation_id)
    if released and await is_anybody_waiting(session):
        await advance(session, business, now)


async def commit_reservation(
    session: AsyncSession, business: Business, slot: Slot, guest: Guest, conversation_id: UUID, now: datetime
) -> Reservation:
    """Confirm what the conversation holds for `guest`, under a new reference. When it holds something else, `slot` is
    taken now. When it holds nothing, what it confirmed before for the same slot and guest is returned as it is: the
    hold went into that; else `slot` is taken now.

    Raises:
        SlotTaken: somebody else has it, or its time has passed. What the conversation held stays.
        Unprocessable: the guest or the slot is not valid.
    """
    guest = guests.validated(guest)
    calendar = await rows.calendar(session, business, now)
    offer = read(slot, business.rules.bookable)
    place = spoken_place(offer.place, business.rules.bookable)
    own = await rows.locked(
        session,
        ReservationRow.conversation_id == conversation_id,
        ReservationRow.status == ReservationStatus.HELD.value,
    )
    if own is None:
        before = await _confirmed_before(session, conversation_id, offer, place, guest)
        if before is not None:
            return await rows.one(session, calendar.zone, before)
    if is_gone_by(offer, calendar):
        raise gone_by()
    confirmed = {"status": ReservationStatus.CONFIRMED.value, "hold_expires_at": None, **rows.guest_columns(guest)}
    if own is not None and await _is_held(session, own, offer, place):
        reservation_id = own.id
        visits.check_open(calendar, SlotQuery(own.starts_at, own.party_size, service=own.service))
        await taking.keep_pace(session, business, calendar, own, now)
        await taking.confirm(session, reservation_id, confirmed)
    else:
        held, wanted_now = taking.holding(business, now), plan(slot, calendar)
        async with session.begin_nested():
            reservation_id = await taking.store(
                session, business, wanted_now, now, held, conversation_id=conversation_id
            )
            await taking.confirm(session, reservation_id, confirmed)
    return await rows.one(session, calendar.zone, reservation_id)


async def move(
    session: AsyncSession,
    business: Business,
    reservation_id: UUID,
    slot: Slot,
    guest: Guest | GuestChange,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
) -> Reservation:
    """Move a confirmed reservation to `slot`, and store `guest` with it; a change is made to the guest whom the row has
    once nobody else can change it. What `conversation_id` holds, the new place perhaps, is released by it.

    Raises:
        SlotTaken: the new place is not free; the old one is kept, and so is the hold.
        NotFound: the tenant has no such confirmed reservation.
        Conflict: it has begun already.
        Unprocessable: the guest or the slot is not valid.
    """
    calendar = await rows.calendar(session, business, now)
    row = await rows.locked_with(session, reservation_id, ReservationStatus.CONFIRMED)
    if row.starts_at <= now:
        raise Conflict("That reservation has begun already")
    guest = guests.validated(guest.of(rows.guest_of(row)) if isinstance(guest, GuestChange) else guest)
    wanted, left = plan(slot, calendar), Span(row.starts_at, row.ends_at)
    async with session.begin_nested():
        own = {"conversation_id": conversation_id, "reservation_id": reservation_id}
        await taking.make_way(session, business, wanted, now, **own)
        await allocation.take(session, business.tenant_id, reservation_id, wanted.choices, wanted.offer.blocks, now)
        moved = {**rows.plan_columns(wanted), **rows.guest_columns(guest), "reconfirmed_at": None, "late_minutes": 0}
        await rows.update_row(session, reservation_id, moved)
    await advance(session, business, now, freed=left)
    return await rows.one(session, calendar.zone, reservation_id)


async def move_at_desk(
    session: AsyncSession, business: Business, reservation_id: UUID, slot_id: str, guest: Guest | None, now: datetime
) -> Reservation:
    """`move` to what was offered under `slot_id`; without `guest` it stays who it was."""
    slot = slot_named(slot_id, await rows.calendar(session, business, now))
    return await move(session, business, reservation_id, slot, guest or GuestChange(), now)


async def cancel(session: AsyncSession, business: Business, reservation_id: UUID, now: datetime) -> Reservation:
    """Cancel a reservation and free its place; one that is cancelled stays so.

    Raises:
        NotFound: the tenant has no such reservation.
        Conflict: it is over.
    """
    row = await rows.locked_with(session, reservation_id, ReservationStatus.CONFIRMED, ReservationStatus.CANCELLED)
    if row.status == ReservationStatus.CONFIRMED.value:
        if row.ends_at <= now:
            raise Conflict("That reservation is over")
        await rows.update_row(session, reservation_id, {"status": ReservationStatus.CANCELLED.value})
        await allocation.unblock(session, reservation_id)
        await advance(session, business, now, freed=Span(row.starts_at, row.ends_at))
    return await rows.one(session, rows.zone_of(business), reservation_id)


async def _is_held(session: AsyncSession, own: ReservationRow, offer: Offer, place: str) -> bool:
    """Whether what a conversation holds is what it now asks for."""
    span = Span(own.starts_at.astimezone(UTC), own.ends_at.astimezone(UTC))
    if (span, own.party_size, own.place, own.service) != (offer.span, offer.party_size, place, offer.service):
        return False
    if not await allocation.is_whole(session, own.id, offer.blocks):
        # The new place of a reservation that was to move: of what that one has, only the rest is held.
        return False
    return not offer.staff or offer.staff in (await allocation.names_of(session, [own.id])).get(own.id, ())


async def _confirmed_before(
    session: AsyncSession, conversation_id: UUID, offer: Offer, place: str, guest: Guest
) -> UUID | None:
    found = await session.execute(
        select(ReservationRow.id)
        .where(
            ReservationRow.conversation_id == conversation_id,
            ReservationRow.status == ReservationStatus.CONFIRMED.value,
            ReservationRow.starts_at == offer.span.start,
            ReservationRow.ends_at == offer.span.end,
            ReservationRow.party_size == offer.party_size,
            ReservationRow.place == place,
            ReservationRow.service == offer.service,
            ReservationRow.guest_name == guest.name,
            ReservationRow.guest_phone == guest.phone,
        )
        .order_by(ReservationRow.id)
        .limit(1)
    )
    return found.scalar_one_or_none()
