"""What happens to a reservation between its making and its end, short of moving or cancelling it."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict
from reception.db.bounds import refuse
from reception.domains.reservations import guests, rows
from reception.domains.reservations.models import ReservationRow
from reception.ports.booking import Reservation, ReservationStatus, SpecialRequest
from reception.ports.business import Business

_LATE_AHEAD = timedelta(hours=24)
"""How long before it begins somebody can say that they will be late for it."""


async def reconfirm(session: AsyncSession, business: Business, reservation_id: UUID, now: datetime) -> Reservation:
    """Note that the guest says once more that they are coming.

    Raises:
        NotFound: the tenant has no such confirmed reservation.
        Conflict: it is over.
    """
    await _to_come(session, reservation_id, now)
    await rows.update_row(session, reservation_id, {"reconfirmed_at": now})
    return await rows.one(session, rows.zone_of(business), reservation_id)


async def note_late(
    session: AsyncSession, business: Business, reservation_id: UUID, minutes: int, now: datetime
) -> Reservation:
    """Note that the guest will be `minutes` late; the last that they say counts. The place is theirs as before.

    Raises:
        NotFound: the tenant has no such confirmed reservation.
        Conflict: later than the rules allow, which a person must decide; or it is over, or not within a day.
        Unprocessable: `minutes` is less than one.
    """
    if minutes < 1:
        raise refuse("/minutes", "must be at least 1")
    row = await _to_come(session, reservation_id, now)
    if minutes > business.rules.late_minutes:
        raise Conflict(f"More than {business.rules.late_minutes} minutes late is for a person to decide")
    if row.starts_at > now + _LATE_AHEAD:
        raise Conflict("That reservation is not for today: move it instead")
    await rows.update_row(session, reservation_id, {"late_minutes": minutes})
    return await rows.one(session, rows.zone_of(business), reservation_id)


async def note_requests(
    session: AsyncSession,
    business: Business,
    reservation_id: UUID,
    requests: tuple[SpecialRequest, ...],
    now: datetime,
) -> Reservation:
    """Note special requests beside those that are there.

    Raises:
        NotFound: the tenant has no such confirmed reservation.
        Conflict: it is over.
        Unprocessable: a text is too long, or there are too many.
    """
    row = await _to_come(session, reservation_id, now)
    together = guests.validated_requests((*rows.requests_from(row.requests), *requests), "/requests")
    await rows.update_row(session, reservation_id, {"requests": rows.requests_json(together)})
    return await rows.one(session, rows.zone_of(business), reservation_id)


async def _to_come(session: AsyncSession, reservation_id: UUID, now: datetime) -> ReservationRow:
    row = await rows.locked_with(session, reservation_id, ReservationStatus.CONFIRMED)
    if row.ends_at <= now:
        raise Conflict("That reservation is over")
    return row
