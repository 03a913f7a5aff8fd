"""Serving the waitlist: what is free is offered to the first in line whom it fits.

An offer is a held reservation that belongs to an entry instead of a conversation: it blocks like any hold, lapses like
any hold, and is confirmed by accepting it. Nobody waits for a lock on an entry here: one that is locked is being
changed by its guest at this moment, and passed over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import SlotTaken, Unavailable
from reception.core.telemetry import WAITLIST_OFFERED
from reception.db.queue import enqueue
from reception.domains.reservations import allocation, entries, rows, stays, taking, visits
from reception.domains.reservations.availability import Calendar, Offer, Span
from reception.domains.reservations.models import ReservationRow, WaitlistRow
from reception.domains.reservations.slots import plan_of
from reception.ports.booking import ReservationStatus, SlotQuery, WaitlistEntry, WaitlistStatus
from reception.ports.business import Bookable, Business

_log = structlog.get_logger(__name__)

ADVANCE = "waitlist.advance"
"""The job that advances the line of one tenant."""
MOST_IN_LINE = 1000
_DAY = timedelta(days=1)


async def advance(
    session: AsyncSession, business: Business, now: datetime, *, freed: Span | None = None
) -> list[WaitlistEntry]:
    """Let lapsed offers go, and offer what is free to the first whom it fits: of those who wait for a time within
    `freed`, or of all. Returns the entries that have an offer now and had none before.

    Never fails for lack of a place: who cannot be served goes on waiting.
    """
    if await _expire(session, business.tenant_id, now):
        freed = None
    conditions: list[ColumnElement[bool]] = [WaitlistRow.status == WaitlistStatus.WAITING.value]
    if freed is not None:
        conditions += [WaitlistRow.earliest < freed.end, WaitlistRow.latest > freed.start - _DAY]
    found = await session.execute(
        select(WaitlistRow)
        .where(*conditions)
        .order_by(WaitlistRow.id)
        .limit(MOST_IN_LINE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    waiting, served = found.scalars().all(), []
    if waiting:
        calendar = await _calendar_for(session, business, waiting, now)
        for entry in waiting:
            offer = _best_for(entry, calendar)
            if offer is not None and await _offer(session, business, entry, offer, calendar):
                served.append(entry.id)
                calendar = await _calendar_for(session, business, waiting, now)
    return [await entries.get_entry(session, business, entry_id) for entry_id in served]


async def advance_at(session: AsyncSession, tenant_id: UUID, when: datetime) -> None:
    """Have the line advanced at `when`, as something that is held may be free then."""
    await enqueue(session, ADVANCE, {"tenant_id": tenant_id}, at=when)


async def is_anybody_waiting(session: AsyncSession) -> bool:
    waiting = select(WaitlistRow.id).where(WaitlistRow.status == WaitlistStatus.WAITING.value).limit(1)
    return (await session.execute(waiting)).first() is not None


async def _expire(session: AsyncSession, tenant_id: UUID, now: datetime) -> bool:
    """Offers that have lapsed are no longer theirs, and whose time has come waits no longer. Whether that freed a
    place."""
    over = (
        select(WaitlistRow.id)
        .where(
            or_(
                and_(WaitlistRow.status == WaitlistStatus.OFFERED.value, WaitlistRow.offer_expires_at <= now),
                and_(WaitlistRow.status == WaitlistStatus.WAITING.value, WaitlistRow.latest <= now),
            )
        )
        .with_for_update(skip_locked=True)
    )
    lapsed = await session.execute(
        update(WaitlistRow)
        .where(WaitlistRow.id.in_(over))
        .values(status=WaitlistStatus.EXPIRED.value, offer_expires_at=None, updated_at=func.now())
        .returning(WaitlistRow.id, WaitlistRow.reservation_id)
        .execution_options(synchronize_session=False)
    )
    offers = {entry_id: held for entry_id, held in lapsed if held is not None}
    for entry_id in offers:
        await entries.tell_of_offer(session, tenant_id, entry_id)
    held = list(offers.values())
    if held:
        still_held = (
            select(ReservationRow.id)
            .where(ReservationRow.id.in_(held), ReservationRow.status == ReservationStatus.HELD.value)
            .with_for_update(skip_locked=True)
        )
        expired = await session.execute(
            update(ReservationRow)
            .where(ReservationRow.id.in_(still_held))
            .values(status=ReservationStatus.EXPIRED.value, updated_at=func.now())
            .returning(ReservationRow.id)
            .execution_options(synchronize_session=False)
        )
        for reservation_id in expired.scalars().all():
            await allocation.unblock(session, reservation_id)
    return bool(held)


async def _calendar_for(
    session: AsyncSession, business: Business, waiting: Sequence[WaitlistRow], now: datetime
) -> Calendar:
    first = min(entry.earliest for entry in waiting)
    nights = max(entry.nights for entry in waiting)
    last = max(entry.latest for entry in waiting) + (nights + 2) * _DAY
    return await rows.calendar_of(session, business, Span(max(first, now) - 2 * _DAY, last), now)


def _best_for(entry: WaitlistRow, calendar: Calendar) -> Offer | None:
    query = SlotQuery(
        entry.wanted, entry.party_size, entry.nights, entry.place, service=entry.service, staff=entry.staff
    )
    best = stays.best_between if calendar.rules.bookable is Bookable.ROOM else visits.best_between
    return best(calendar, query, entry.earliest, entry.latest)


async def _offer(
    session: AsyncSession, business: Business, entry: WaitlistRow, offer: Offer, calendar: Calendar
) -> bool:
    expires_at = min(calendar.now + business.rules.offer, offer.span.start)
    columns = {"status": ReservationStatus.HELD.value, "hold_expires_at": expires_at}
    try:
        async with session.begin_nested():
            reservation_id = await taking.store(session, business, plan_of(offer, calendar), calendar.now, columns)
            offered = {
                "status": WaitlistStatus.OFFERED.value,
                "reservation_id": reservation_id,
                "offer_expires_at": expires_at,
                "offers": WaitlistRow.offers + 1,
            }
            await entries.update_entries(session, (WaitlistRow.id == entry.id,), offered)
            await advance_at(session, business.tenant_id, expires_at)
            await entries.tell_of_offer(session, business.tenant_id, entry.id)
    except (SlotTaken, Unavailable):
        return False
    _log.info(WAITLIST_OFFERED, tenant_id=str(business.tenant_id), entry_id=str(entry.id))
    return True
