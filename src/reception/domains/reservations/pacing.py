"""Pacing: how many guests begin in one quarter of an hour.

An exclusion constraint cannot count, so whoever takes a place in a quarter that is limited first takes the lock of that
quarter, which they keep until their transaction ends, and counts then. Order of locks: one's own reservation, the
quarter, the resource; and nothing is given up before the quarter is had, as whoever has it would wait for the end of
that.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import SlotTaken
from reception.domains.reservations.allocation import load_taken
from reception.domains.reservations.availability import Span
from reception.domains.reservations.seatings import QUARTER, quarter_of
from reception.ports.business import BookingRules

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1511))")


def is_limited(rules: BookingRules) -> bool:
    """Whether the business limits how many guests begin together."""
    return bool(rules.covers_per_quarter or any(shift.covers for shift in rules.shifts))


async def check(
    session: AsyncSession,
    tenant_id: UUID,
    start: datetime,
    party_size: int,
    covers: int,
    now: datetime,
    *,
    conversation_id: UUID | None = None,
    reservation_id: UUID | None = None,
) -> None:
    """Lock the quarter of an hour that `start` lies in, and see whether the party may begin in it beside those who do,
    other than what the conversation holds and the reservation itself.

    Raises:
        SlotTaken: the kitchen would not keep up.
    """
    if not covers:
        return
    quarter = quarter_of(start)
    await session.execute(_LOCK, {"key": f"{tenant_id} {quarter.isoformat()}"})
    window = Span(quarter, quarter + QUARTER)
    taken = await load_taken(session, window, now, conversation_id=conversation_id, reservation_id=reservation_id)
    others = taken.covers.get(quarter, 0)
    if others and others + party_size > covers:
        raise SlotTaken("Too many guests begin at that time")
