"""How resources are taken: the exclusion constraint decides, and everything here only asks it well.

Order of locks: the reservation of one's own, then the resource that is asked for. Whoever asks for a resource waits
for the row lock on it, so that of many callers one inserts and the others find it taken, instead of all inserting at
once and waiting for each other in a deadlock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import ExclusionViolation
from sqlalchemy import and_, delete, func, insert, null, or_, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import SlotTaken, Unavailable
from reception.db.violations import is_transient, is_violation
from reception.domains.reservations.availability import Span
from reception.domains.reservations.models import Allocation, ReservationRow, ResourceRow
from reception.domains.reservations.seatings import quarter_of
from reception.ports.booking import ReservationStatus

_ATTEMPTS = 3
_LAPSE = text(
    """
    WITH lapsed AS (
        SELECT id FROM reservations
        WHERE status = 'held' AND hold_expires_at <= :now AND id IN (
            SELECT reservation_id FROM allocations
            WHERE blocking AND resource_no = ANY(:numbers) AND period && tstzrange(:starts_at, :ends_at)
        )
        FOR UPDATE SKIP LOCKED
    ), marked AS (
        UPDATE reservations SET status = 'expired', updated_at = now() WHERE id IN (SELECT id FROM lapsed) RETURNING id
    )
    UPDATE allocations SET blocking = false WHERE reservation_id IN (SELECT id FROM marked)
    """
)
"""Expires the holds whose time is over. One that is locked is being confirmed at this moment, and stays."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is blocked when, by the number of the resource, and how many guests begin in each quarter of an hour.

    Who moves begins where they are and where a place is held for them, once if that is the same quarter.
    """

    busy: Mapping[int, Sequence[Span]]
    covers: Mapping[datetime, int]


async def load_taken(
    session: AsyncSession,
    window: Span,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
    reservation_id: UUID | None = None,
) -> Taken:
    """What is taken within `window`. Holds that have lapsed do not count, nor does what the conversation itself holds,
    nor the reservation `reservation_id`."""
    held = ReservationRow.status == ReservationStatus.HELD.value
    ignored = and_(held, ReservationRow.hold_expires_at <= now)
    if conversation_id is not None:
        ignored = or_(ignored, and_(held, ReservationRow.conversation_id.is_not_distinct_from(conversation_id)))
    if reservation_id is not None:
        ignored = or_(ignored, ReservationRow.id == reservation_id)
    visit = func.coalesce(ReservationRow.moving, ReservationRow.id)
    blocked = (
        select(
            Allocation.resource_no,
            func.lower(Allocation.period),
            func.upper(Allocation.period),
            visit,
            ReservationRow.starts_at,
            ReservationRow.party_size,
        )
        .join(ReservationRow, ReservationRow.id == Allocation.reservation_id)
        .where(Allocation.blocking, Allocation.period.overlaps(Range(window.start, window.end)), ~ignored)
    )
    # Of what the guests have already nothing is blocked again, so that a hold for them may block less than its time.
    moves = select(null(), null(), null(), visit, ReservationRow.starts_at, ReservationRow.party_size).where(
        held,
        ReservationRow.moving.is_not(None),
        ReservationRow.starts_at >= window.start,
        ReservationRow.starts_at < window.end,
        ~ignored,
    )
    busy: dict[int, list[Span]] = {}
    parties: dict[tuple[datetime, UUID], int] = {}
    for number, start, end, one, starts_at, party_size in await session.execute(blocked.union_all(moves)):
        if number is not None:
            busy.setdefault(number, []).append(Span(start, end))
        if one != reservation_id:
            begins = quarter_of(starts_at), one
            parties[begins] = max(party_size, parties.get(begins, 0))
    covers: dict[datetime, int] = {}
    for (quarter, _), party_size in parties.items():
        covers[quarter] = covers.get(quarter, 0) + party_size
    return Taken(busy, covers)


async def take(
    session: AsyncSession,
    tenant_id: UUID,
    reservation_id: UUID,
    choices: Sequence[tuple[int, ...]],
    span: Span,
    now: datetime,
    *,
    beside: UUID | None = None,
) -> tuple[int, ...]:
    """Block one of `choices`, the first that the database grants, for a reservation that is stored already. `beside`
    is another that the same guests have: of what that one blocks itself, only the rest is blocked.

    Raises:
        SlotTaken: none is free.
        Unavailable: the database kept failing on contention.
    """
    for numbers in choices:
        spans: dict[int, Span | None] = dict.fromkeys(numbers, span)
        if beside is not None:
            spans = await _left(session, numbers, span, beside)
        if await _take_one(session, tenant_id, reservation_id, spans, span, now):
            return numbers
    raise SlotTaken


async def _left(
    session: AsyncSession, numbers: tuple[int, ...], span: Span, reservation_id: UUID
) -> dict[int, Span | None]:
    """What `reservation_id` does not block of `span`, by the resource; the longer part where there is one on each side
    of it, as a reservation blocks a resource once."""
    rows = await session.execute(
        select(Allocation.resource_no, func.lower(Allocation.period), func.upper(Allocation.period)).where(
            Allocation.reservation_id == reservation_id, Allocation.blocking, Allocation.resource_no.in_(numbers)
        )
    )
    left: dict[int, Span | None] = dict.fromkeys(numbers, span)
    for number, start, end in rows:
        if start < span.end and span.start < end:
            parts = [Span(*part) for part in ((span.start, start), (end, span.end)) if part[0] < part[1]]
            left[number] = max(parts, key=lambda part: part.end - part.start, default=None)
    return left


async def _take_one(
    session: AsyncSession,
    tenant_id: UUID,
    reservation_id: UUID,
    spans: Mapping[int, Span | None],
    whole: Span,
    now: datetime,
) -> bool:
    numbers = tuple(spans)
    rows = [
        {
            "tenant_id": tenant_id,
            "reservation_id": reservation_id,
            "resource_no": number,
            "period": Range(span.start, span.end),
            "blocking": True,
        }
        for number, span in spans.items()
        if span is not None
    ]
    lapse = {"now": now, "numbers": list(numbers), "starts_at": whole.start, "ends_at": whole.end}
    for _ in range(_ATTEMPTS):
        try:
            async with session.begin_nested():
                locked = await session.execute(
                    select(ResourceRow.resource_no)
                    .where(ResourceRow.resource_no.in_(numbers))
                    .order_by(ResourceRow.resource_no)
                    .with_for_update(key_share=True)
                )
                if len(locked.all()) < len(numbers):
                    return False
                await session.execute(_LAPSE, lapse)
                if rows:
                    await session.execute(insert(Allocation).values(rows))
        except DBAPIError as error:
            if is_violation(error, ExclusionViolation):
                return False
            if not is_transient(error):
                raise
        else:
            return True
    raise Unavailable("Too many are booking at this moment")


async def release(session: AsyncSession, conversation_id: UUID) -> bool:
    """Give up what a conversation holds; nothing of it remains. Whether there was anything."""
    released = await session.execute(
        delete(ReservationRow)
        .where(ReservationRow.conversation_id == conversation_id, ReservationRow.status == ReservationStatus.HELD.value)
        .returning(ReservationRow.id)
        .execution_options(synchronize_session=False)
    )
    return released.first() is not None


async def is_whole(session: AsyncSession, reservation_id: UUID, span: Span) -> bool:
    """Whether a reservation blocks all of `span` on each of its resources, and one at least."""
    rows = await session.execute(
        select(Allocation.period).where(Allocation.reservation_id == reservation_id, Allocation.blocking)
    )
    periods = rows.scalars().all()
    return bool(periods) and all((each.lower, each.upper) == (span.start, span.end) for each in periods)


async def unblock(session: AsyncSession, reservation_id: UUID) -> None:
    """Free the resources of a reservation, and remember which they were."""
    await session.execute(
        update(Allocation)
        .where(Allocation.reservation_id == reservation_id)
        .values(blocking=False)
        .execution_options(synchronize_session=False)
    )


async def forget(session: AsyncSession, reservation_id: UUID) -> None:
    """Free the resources of a reservation that is about to take others."""
    await session.execute(
        delete(Allocation)
        .where(Allocation.reservation_id == reservation_id)
        .execution_options(synchronize_session=False)
    )


async def names_of(session: AsyncSession, reservation_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The names of the resources that reservations take or took, in order."""
    rows = await session.execute(
        select(Allocation.reservation_id, ResourceRow.name)
        .join(ResourceRow, ResourceRow.resource_no == Allocation.resource_no)
        .where(Allocation.reservation_id.in_(reservation_ids))
        .order_by(Allocation.resource_no)
    )
    names: dict[UUID, list[str]] = {}
    for reservation_id, name in rows:
        names.setdefault(reservation_id, []).append(name)
    return names
