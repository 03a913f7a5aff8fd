"""The waitlist as a guest sees it: joining, accepting what is offered, leaving."""

from datetime import date, datetime, timedelta
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, NotFound, SlotTaken
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.db.violations import is_violation
from reception.domains.reservations import allocation, entries, guests, line, rows, taking
from reception.domains.reservations.availability import Span
from reception.domains.reservations.models import Allocation, ReservationRow, WaitlistRow
from reception.domains.reservations.slots import gone_by
from reception.ports.booking import Guest, ReservationStatus, SlotQuery, WaitlistEntry, WaitlistStatus
from reception.ports.business import Business

_LONGEST_WINDOW = timedelta(days=31)
_DAY = timedelta(days=1)


async def join_waitlist(
    session: AsyncSession,
    business: Business,
    query: SlotQuery,
    earliest: datetime,
    latest: datetime,
    guest: Guest,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
) -> WaitlistEntry:
    """Put a guest in line, and offer at once what is free for the first in it. Who is in line for the same local day
    stays where they are, with the new wish; an offer that they have stays as it is.

    Raises:
        Unprocessable: the guest or the wish is not valid, or the party too large to be booked for at all.
        Conflict: the line is full.
    """
    guest = guests.validated(guest)
    _check(business, query, earliest, latest, now)
    zone = rows.zone_of(business)
    day = query.starts_at.astimezone(zone).date()
    values = {
        "wanted": query.starts_at,
        "earliest": earliest,
        "latest": latest,
        "party_size": query.party_size,
        "nights": query.nights,
        "place": bounded(query.place, "/place", longest=200),
        "service": bounded(query.service, "/service", longest=120),
        "staff": bounded(query.staff, "/staff", longest=120),
        "conversation_id": conversation_id,
        **rows.guest_columns(guest),
    }
    entry_id = await _in_line(session, guest.phone, day)
    if entry_id is None:
        entry_id = await _append(session, business, day, values)
    else:
        waiting = (WaitlistRow.id == entry_id, WaitlistRow.status == WaitlistStatus.WAITING.value)
        await entries.update_entries(session, waiting, values)
    await line.advance(session, business, now, freed=Span(earliest, latest + _DAY))
    # Whatever is held at this moment is confirmed or free by then.
    await line.advance_at(session, business.tenant_id, now + business.rules.hold)
    return await entries.get_entry(session, business, entry_id)


def _check(business: Business, query: SlotQuery, earliest: datetime, latest: datetime, now: datetime) -> None:
    if not 1 <= query.party_size <= business.rules.largest_party:
        raise refuse("/party_size", f"must be 1 to {business.rules.largest_party}")
    if not 0 <= query.nights <= business.rules.longest_stay_nights:
        raise refuse("/nights", f"must be 0 to {business.rules.longest_stay_nights}")
    if not earliest <= query.starts_at <= latest:
        raise refuse("/earliest", "must not be after the time wanted, nor the latest before it")
    if latest - earliest > _LONGEST_WINDOW:
        raise refuse("/latest", "must be within 31 days of the earliest")
    if latest <= now:
        raise refuse("/latest", "must be in the future")
    if earliest > now + business.rules.horizon:
        raise refuse("/earliest", f"must be within {business.rules.horizon.days} days")


async def _in_line(session: AsyncSession, phone: str, day: date) -> UUID | None:
    found = await session.execute(
        select(WaitlistRow.id).where(
            WaitlistRow.guest_phone == phone, WaitlistRow.day == day, WaitlistRow.status.in_(entries.IN_LINE)
        )
    )
    return found.scalar_one_or_none()


async def _append(session: AsyncSession, business: Business, day: date, values: dict[str, object]) -> UUID:
    length = await session.execute(
        select(func.count()).select_from(WaitlistRow).where(WaitlistRow.status.in_(entries.IN_LINE))
    )
    if length.scalar_one() >= line.MOST_IN_LINE:
        raise Conflict("The waitlist is full")
    entry_id = uuid7()
    own = {"id": entry_id, "tenant_id": business.tenant_id, "status": WaitlistStatus.WAITING.value, "day": day}
    try:
        async with session.begin_nested():
            await session.execute(insert(WaitlistRow).values(**own, **values))
    except IntegrityError as error:
        if is_violation(error, UniqueViolation):
            raise Conflict("This guest is joining the waitlist at this moment") from error
        raise
    return entry_id


async def accept_offer(
    session: AsyncSession,
    business: Business,
    entry_id: UUID,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
) -> WaitlistEntry:
    """Confirm the place that is kept for an entry, under a new reference. After the offer has lapsed, take it if it is
    still free. Accepting again changes nothing.

    Raises:
        NotFound: the tenant has no such entry, or nothing was ever offered to it.
        SlotTaken: the offer has lapsed, and somebody else has the place; TimePassed: its time has passed.
        Conflict: the guest has left the line.
    """
    entry = await entries.locked(session, entry_id)
    if entry.status == WaitlistStatus.ACCEPTED.value:
        return await entries.get_entry(session, business, entry_id)
    if entry.status == WaitlistStatus.LEFT.value:
        raise Conflict("This guest no longer waits")
    if entry.reservation_id is None:
        raise NotFound("Nothing is offered")
    row = await rows.locked_with(
        session, entry.reservation_id, ReservationStatus.HELD, ReservationStatus.EXPIRED, ReservationStatus.CONFIRMED
    )
    if row.starts_at <= now:
        raise gone_by()
    guest = Guest(entry.guest_name, entry.guest_phone, entry.guest_email, entry.notes, ())
    confirmed = {
        **rows.guest_columns(guest),
        "requests": entry.requests,
        "conversation_id": conversation_id,
        "status": ReservationStatus.CONFIRMED.value,
        "hold_expires_at": None,
    }
    async with session.begin_nested():
        await taking.keep_pace(session, business, await rows.calendar(session, business, now), row, now)
        if row.status == ReservationStatus.EXPIRED.value:
            await _take_again(session, business, row, now)
        await taking.confirm(session, row.id, confirmed)
        accepted = {"status": WaitlistStatus.ACCEPTED.value, "offer_expires_at": None}
        await entries.update_entries(session, (WaitlistRow.id == entry_id,), accepted)
        await entries.tell_of_offer(session, business.tenant_id, entry_id)
    return await entries.get_entry(session, business, entry_id)


async def _take_again(session: AsyncSession, business: Business, row: ReservationRow, now: datetime) -> None:
    """The same resources for the same time, if they are free still."""
    found = await session.execute(
        select(Allocation.resource_no, Allocation.period)
        .where(Allocation.reservation_id == row.id)
        .order_by(Allocation.resource_no)
    )
    taken = found.all()
    if not taken or taken[0].period.lower is None or taken[0].period.upper is None:
        raise SlotTaken
    span = Span(taken[0].period.lower, taken[0].period.upper)
    await allocation.forget(session, row.id)
    await allocation.take(session, business.tenant_id, row.id, (tuple(one.resource_no for one in taken),), span, now)


async def leave_waitlist(session: AsyncSession, business: Business, entry_id: UUID, now: datetime) -> WaitlistEntry:
    """Take an entry out of the line, declining what is offered to it; that goes to the next.

    Raises:
        NotFound: the tenant has no such entry.
        Conflict: the offer was accepted already: cancel the reservation instead.
    """
    entry = await entries.locked(session, entry_id)
    if entry.status == WaitlistStatus.ACCEPTED.value:
        raise Conflict("That offer was accepted already")
    offered = entry.reservation_id if entry.status == WaitlistStatus.OFFERED.value else None
    await entries.update_entries(
        session, (WaitlistRow.id == entry_id,), {"status": WaitlistStatus.LEFT.value, "offer_expires_at": None}
    )
    if offered is not None:
        await entries.tell_of_offer(session, business.tenant_id, entry_id)
        row = await rows.locked_with(session, offered, ReservationStatus.HELD, ReservationStatus.EXPIRED)
        await rows.update_row(session, offered, {"status": ReservationStatus.EXPIRED.value})
        await allocation.unblock(session, offered)
        await line.advance(session, business, now, freed=Span(row.starts_at, row.ends_at))
    return await entries.get_entry(session, business, entry_id)
