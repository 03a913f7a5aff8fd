"""What is kept of one guest: reservations that are over lose their name, entries of the waitlist go.

What is still to come is kept, for the business must know who comes; it can be cancelled first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ERASED_NAME = "Erased"
"""Stands for the name of a guest who was erased; a reservation is never without one."""

_CONVERSATIONS = text(
    """
    SELECT conversation_id FROM reservations WHERE guest_phone ~ :number AND conversation_id IS NOT NULL
    UNION
    SELECT conversation_id FROM waitlist WHERE guest_phone ~ :number AND conversation_id IS NOT NULL
    """
)
_TO_COME = """
    (status IN ('confirmed', 'seated') AND ends_at > :now OR status = 'held' AND hold_expires_at > :now)
"""
_KEPT = text(f"SELECT count(*) FROM reservations WHERE guest_phone ~ :number AND {_TO_COME}")  # noqa: S608
# By whom it was made is told by there being a conversation, which need not be one that there was.
_UNNAME = text(
    f"""
    UPDATE reservations SET guest_name = :name, guest_phone = '', guest_email = '', notes = '', requests = '[]',
        updated_at = now(),
        conversation_id = CASE WHEN conversation_id IS NOT NULL THEN gen_random_uuid() END
    WHERE guest_phone ~ :number AND NOT {_TO_COME} RETURNING 1
    """  # noqa: S608
)
_WAITING = "(status IN ('waiting', 'offered') AND latest > :now)"
_STILL_WAIT = text(f"SELECT count(*) FROM waitlist WHERE guest_phone ~ :number AND {_WAITING}")  # noqa: S608
_LEAVE = text(f"DELETE FROM waitlist WHERE guest_phone ~ :number AND NOT {_WAITING} RETURNING 1")  # noqa: S608


@dataclass(frozen=True, slots=True)
class ErasedGuest:
    """How many reservations and entries were erased, and how many are to come and so were kept."""

    reservations: int
    waitlist_entries: int
    reservations_kept: int
    waitlist_entries_kept: int


async def conversations_of(session: AsyncSession, number: str) -> Sequence[UUID]:
    """In which a guest of a phone number, told by a regular expression, booked or joined the waitlist."""
    return (await session.execute(_CONVERSATIONS, {"number": number})).scalars().all()


async def erase(session: AsyncSession, number: str, now: datetime) -> ErasedGuest:
    """Erase a guest by phone number."""
    values = {"number": number, "now": now, "name": ERASED_NAME}
    unnamed = (await session.execute(_UNNAME, values)).all()
    left = (await session.execute(_LEAVE, values)).all()
    return ErasedGuest(
        reservations=len(unnamed),
        waitlist_entries=len(left),
        reservations_kept=(await session.execute(_KEPT, values)).scalar_one(),
        waitlist_entries_kept=(await session.execute(_STILL_WAIT, values)).scalar_one(),
    )
