"""Waitlist entries as rows: reading them as values, locking and changing them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.db.queue import enqueue
from reception.domains.reservations import rows
from reception.domains.reservations.models import ReservationRow, WaitlistRow
from reception.ports.booking import Guest, WaitlistEntry, WaitlistStatus
from reception.ports.business import Business

OFFER_CHANGED = "waitlist.offer"
"""The job that brings what staff see of one entry's offer in line with it."""
IN_LINE = (WaitlistStatus.WAITING.value, WaitlistStatus.OFFERED.value)


async def get_entry(session: AsyncSession, business: Business, entry_id: UUID) -> WaitlistEntry:
    """One entry of the tenant.

    Raises:
        NotFound: the tenant has no such entry.
    """
    found = await session.execute(
        select(WaitlistRow).where(WaitlistRow.id == entry_id).execution_options(populate_existing=True)
    )
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such waitlist entry")
    return (await entries_of(session, rows.zone_of(business), [row]))[0]


async def list_entries(
    session: AsyncSession,
    business: Business,
    *,
    statuses: Sequence[WaitlistStatus] = (),
    day: date | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[WaitlistEntry]:
    """The line in its order: those who wait or have an offer, unless other `statuses` are asked for; beyond the entry
    `after`, if given."""
    conditions: list[ColumnElement[bool]] = [
        WaitlistRow.status.in_([status.value for status in statuses] if statuses else IN_LINE)
    ]
    if day is not None:
        conditions.append(WaitlistRow.day == day)
    if after is not None:
        conditions.append(WaitlistRow.id > after)
    found = await session.execute(
        select(WaitlistRow)
        .where(*conditions)
        .order_by(WaitlistRow.id)
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return await entries_of(session, rows.zone_of(business), found.scalars().all())


async def waiting_for(session: AsyncSession, business: Business, phone: str, now: datetime) -> list[WaitlistEntry]:
    """Where a guest is in line, soonest first; without offers that have lapsed."""
    found = await session.execute(
        select(WaitlistRow)
        .where(
            WaitlistRow.guest_phone == phone,
            WaitlistRow.status.in_(IN_LINE),
            WaitlistRow.latest > now,
            or_(WaitlistRow.offer_expires_at.is_(None), WaitlistRow.offer_expires_at > now),
        )
        .order_by(WaitlistRow.wanted, WaitlistRow.id)
        .execution_options(populate_existing=True)
    )
    return await entries_of(session, rows.zone_of(business), found.scalars().all())


async def locked(session: AsyncSession, entry_id: UUID) -> WaitlistRow:
    found = await session.execute(
        select(WaitlistRow)
        .where(WaitlistRow.id == entry_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such waitlist entry")
    return row


async def update_entries(
    session: AsyncSession, conditions: Sequence[ColumnElement[bool]], columns: Mapping[str, object]
) -> None:
    await session.execute(
        update(WaitlistRow)
        .where(*conditions)
        .values(**columns, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )


async def tell_of_offer(session: AsyncSession, tenant_id: UUID, entry_id: UUID) -> None:
    """Have staff see that an offer was made, taken, declined or has lapsed, once the transaction commits."""
    named = {"tenant_id": tenant_id, "entry_id": entry_id}
    await enqueue(session, OFFER_CHANGED, named, lock=f"{OFFER_CHANGED} {entry_id}")


async def entries_of(session: AsyncSession, zone: ZoneInfo, entries: Sequence[WaitlistRow]) -> list[WaitlistEntry]:
    wanted = [entry.reservation_id for entry in entries if entry.reservation_id is not None]
    found = await session.execute(
        select(ReservationRow).where(ReservationRow.id.in_(wanted)).execution_options(populate_existing=True)
    )
    offers = {one.reservation_id: one for one in await rows.values(session, zone, found.scalars().all())}
    return [
        WaitlistEntry(
            entry_id=entry.id,
            status=WaitlistStatus(entry.status),
            wanted=entry.wanted.astimezone(zone),
            earliest=entry.earliest.astimezone(zone),
            latest=entry.latest.astimezone(zone),
            party_size=entry.party_size,
            guest=Guest(
                entry.guest_name, entry.guest_phone, entry.guest_email, entry.notes, rows.requests_from(entry.requests)
            ),
            nights=entry.nights,
            place=entry.place,
            service=entry.service,
            staff=entry.staff,
            offer=offers.get(entry.reservation_id) if entry.reservation_id else None,
            offer_expires_at=entry.offer_expires_at.astimezone(zone) if entry.offer_expires_at else None,
        )
        for entry in entries
    ]
