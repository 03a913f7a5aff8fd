"""What people at the desk do: book for somebody, seat those who come, whether booked or not, note those who do not."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, SlotTaken
from reception.db.bounds import bounded, refuse
from reception.domains.reservations import allocation, guests, rows, taking
from reception.domains.reservations.availability import Calendar, Offer, Span, Unit, turn_time
from reception.domains.reservations.line import advance
from reception.domains.reservations.slots import Plan, plan, slot_named
from reception.ports.booking import Guest, Reservation, ReservationStatus
from reception.ports.business import Bookable, Business

_SEATED_BEFORE = timedelta(hours=3)
_SHORTEST_VISIT = timedelta(minutes=15)


async def book_at_desk(
    session: AsyncSession, business: Business, slot_id: str, guest: Guest, now: datetime
) -> Reservation:
    """Book what was offered under `slot_id`, confirmed at once.

    Raises:
        SlotTaken: somebody else has it, or the rules no longer allow it.
        Unprocessable: the guest or the slot is not valid.
    """
    guest = guests.validated(guest)
    calendar = await rows.calendar(session, business, now)
    slot = slot_named(slot_id, calendar)
    confirmed = {"status": ReservationStatus.CONFIRMED.value, "hold_expires_at": None, **rows.guest_columns(guest)}
    reservation_id = await taking.store(session, business, plan(slot, calendar), now, taking.holding(business, now))
    await taking.confirm(session, reservation_id, confirmed)
    return await rows.one(session, calendar.zone, reservation_id)


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Guests who are there without a booking. Empty `table` means any that fits; without `stays` they may stay as long
    as a party of their size does."""

    party_size: int
    name: str = ""
    phone: str = ""
    table: str = ""
    stays: timedelta | None = None


async def walk_in(session: AsyncSession, business: Business, wanted: WalkIn, now: datetime) -> Reservation:
    """Seat guests who did not book, from now on. People decide: neither lead time nor pacing nor last seating hold.

    Raises:
        SlotTaken: no table that fits is free for so long; says how long one is.
        Conflict: this business has no tables.
        Unprocessable: a field is not valid, or there is no such table.
    """
    if business.rules.bookable is not Bookable.TABLE:
        raise Conflict("Only tables are given to guests who walk in")
    if wanted.party_size < 1:
        raise refuse("/party_size", "must be at least 1")
    length = wanted.stays or turn_time(business.rules.turn_times, wanted.party_size)
    if not _SHORTEST_VISIT <= length <= timedelta(days=1):
        raise refuse("/minutes", "must be 15 minutes to a day")
    start = now.replace(second=0, microsecond=0)
    span = Span(start, start + length)
    calendar = await rows.calendar_of(session, business, Span(start, start + timedelta(days=1)), now)
    units = [unit for unit in calendar.fitting(wanted.party_size) if wanted.table in ("", unit.name)]
    if wanted.table and not units:
        raise refuse("/table", "must be the name of a table that takes so many")
    free = [unit.numbers for unit in units if calendar.first_free((unit,), span)]
    if not free:
        _refuse_walk_in(calendar, units, start)
    guest = Guest(bounded(wanted.name, "/name", longest=120) or "Walk-in", guests.phone_or_none(wanted.phone, "/phone"))
    chosen = Plan(Offer(span, wanted.party_size, "", free[0]), "", tuple(free))
    seated = {"status": ReservationStatus.SEATED.value, "hold_expires_at": None, **rows.guest_columns(guest)}
    async with session.begin_nested():
        reservation_id = await taking.store(session, business, chosen, now, taking.holding(business, now))
        await taking.confirm(session, reservation_id, seated)
    return await rows.one(session, calendar.zone, reservation_id)


def _refuse_walk_in(calendar: Calendar, units: list[Unit], start: datetime) -> NoReturn:
    """Says for how long a table could be had."""
    longest = timedelta()
    for unit in units:
        coming = [taken for number in unit.numbers for taken in calendar.busy.get(number, ()) if taken.end > start]
        longest = max(longest, min((taken.start for taken in coming), default=start) - start)
    if longest < _SHORTEST_VISIT:
        raise SlotTaken("No table that fits is free now")
    raise SlotTaken(f"A table that fits is free for {longest // timedelta(minutes=1)} minutes only")


async def seat(session: AsyncSession, business: Business, reservation_id: UUID, now: datetime) -> Reservation:
    """Note that the guests are there. Who is seated already stays so.

    Raises:
        NotFound: the tenant has no such confirmed reservation.
        Conflict: it is over, or begins in more than three hours.
    """
    row = await rows.locked_with(session, reservation_id, ReservationStatus.CONFIRMED, ReservationStatus.SEATED)
    if row.status == ReservationStatus.CONFIRMED.value:
        if row.ends_at <= now:
            raise Conflict("That reservation is over")
        if row.starts_at > now + _SEATED_BEFORE:
            raise Conflict("That reservation is not for now: move it first")
        await rows.update_row(session, reservation_id, {"status": ReservationStatus.SEATED.value})
    return await rows.one(session, rows.zone_of(business), reservation_id)


async def mark_no_show(session: AsyncSession, business: Business, reservation_id: UUID, now: datetime) -> Reservation:
    """Note that the guests did not come, and free their place. Noting it again changes nothing.

    Raises:
        NotFound: the tenant has no such confirmed reservation.
        Conflict: it has not begun yet.
    """
    row = await rows.locked_with(session, reservation_id, ReservationStatus.CONFIRMED, ReservationStatus.NO_SHOW)
    if row.status == ReservationStatus.CONFIRMED.value:
        if row.starts_at > now:
            raise Conflict("That reservation has not begun yet: cancel it instead")
        await rows.update_row(session, reservation_id, {"status": ReservationStatus.NO_SHOW.value})
        await allocation.unblock(session, reservation_id)
        await advance(session, business, now, freed=Span(now, row.ends_at))
    return await rows.one(session, rows.zone_of(business), reservation_id)


async def change_guest(
    session: AsyncSession, business: Business, reservation_id: UUID, guest: Guest, now: datetime
) -> Reservation:
    """Store `guest` with a reservation that is to come or under way.

    Raises:
        NotFound: the tenant has no such reservation.
        Conflict: it is over.
        Unprocessable: the guest is not valid.
    """
    guest = guests.validated(guest)
    row = await rows.locked_with(session, reservation_id, ReservationStatus.CONFIRMED, ReservationStatus.SEATED)
    if row.ends_at <= now:
        raise Conflict("That reservation is over")
    await rows.update_row(session, reservation_id, rows.guest_columns(guest))
    return await rows.one(session, rows.zone_of(business), reservation_id)
