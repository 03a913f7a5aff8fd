"""Taking a place for a new reservation, and confirming one: what holds, bookings, offers and walk-ins share."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, Unavailable
from reception.core.ids import uuid7
from reception.db.violations import constraint_of, is_violation
from reception.domains.reservations import allocation, guests, pacing, rows, visits
from reception.domains.reservations.availability import Calendar
from reception.domains.reservations.models import ReservationRow
from reception.domains.reservations.slots import Plan
from reception.ports.booking import ReservationStatus, SlotQuery
from reception.ports.business import Business

_REFERENCE_ATTEMPTS = 5


def holding(business: Business, now: datetime) -> dict[str, object]:
    """The columns of a row that a conversation holds."""
    return {"status": ReservationStatus.HELD.value, "hold_expires_at": now + business.rules.hold}


async def store(
    session: AsyncSession,
    business: Business,
    wanted: Plan,
    now: datetime,
    columns: Mapping[str, object],
    *,
    conversation_id: UUID | None = None,
    beside: UUID | None = None,
) -> UUID:
    """Take a place for a new row, in place of what the conversation held. All of it or nothing. `beside` is the
    reservation that is to move there: what it has already is not taken twice.

    Raises:
        SlotTaken: no resource that would do is free.
        Conflict: the conversation is taking another place at this moment.
    """
    reservation_id = uuid7()
    values = {
        "id": reservation_id,
        "tenant_id": business.tenant_id,
        "conversation_id": conversation_id,
        "moving": beside,
        **rows.plan_columns(wanted),
        **columns,
    }
    try:
        async with session.begin_nested():
            await make_way(session, business, wanted, now, conversation_id=conversation_id, beside=beside)
            await session.execute(insert(ReservationRow).values(**values))
            await allocation.take(
                session,
                business.tenant_id,
                reservation_id,
                wanted.choices,
                wanted.offer.blocks,
                now,
                beside=beside,
            )
    except IntegrityError as error:
        if constraint_of(error) == "reservations_one_hold":
            raise Conflict("This conversation is taking another place at this moment") from error
        raise
    return reservation_id


async def make_way(
    session: AsyncSession,
    business: Business,
    wanted: Plan,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
    reservation_id: UUID | None = None,
    beside: UUID | None = None,
) -> None:
    """Before a place is taken: see that the kitchen keeps up, then give up what the conversation holds, and what the
    reservation that moves has taken so far; `beside` keeps it until it does.

    Raises:
        SlotTaken: too many guests begin at that time.
    """
    offer, own = wanted.offer, {"conversation_id": conversation_id, "reservation_id": reservation_id or beside}
    await pacing.check(session, business.tenant_id, offer.span.start, offer.party_size, wanted.covers, now, **own)
    if conversation_id is not None:
        await allocation.release(session, conversation_id)
    if reservation_id is not None:
        await allocation.forget(session, reservation_id)


async def keep_pace(
    session: AsyncSession, business: Business, calendar: Calendar, row: ReservationRow, now: datetime
) -> None:
    """Before what is held is confirmed: others may have come into its quarter of an hour since the hold lapsed.

    Raises:
        SlotTaken: too many guests begin at that time.
    """
    if not pacing.is_limited(business.rules):
        return
    run = visits.seating_at(calendar, SlotQuery(row.starts_at, row.party_size), row.starts_at)
    if run is not None:
        await pacing.check(
            session, business.tenant_id, row.starts_at, row.party_size, run.covers, now, reservation_id=row.id
        )


async def confirm(session: AsyncSession, reservation_id: UUID, columns: Mapping[str, object]) -> None:
    """Write `columns`, the status among them, with a reference that no other reservation of the tenant has.

    Raises:
        Unavailable: no free reference was found.
        IntegrityError: another constraint than that of references does not allow the columns.
    """
    for _ in range(_REFERENCE_ATTEMPTS):
        try:
            async with session.begin_nested():
                reference = guests.new_reference()
                await rows.update_row(session, reservation_id, {**columns, "moving": None, "reference": reference})
        except IntegrityError as error:
            if not is_violation(error, UniqueViolation) or constraint_of(error) != "reservations_reference":
                raise
        else:
            return
    raise Unavailable("No free reference was found")
