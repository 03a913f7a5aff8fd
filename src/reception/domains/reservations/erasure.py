"""What is kept of one guest: reservations that are over lose their name, entries of the waitlist go.

What is still to come is kept, for the business must know who comes; it can be cancelled first.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ERASED_NAME = "Erased"
"""Stands for the name of a guest who was erased; a reservation is never without one."""

_NAMED = "guest_phone ~ :person OR notes ~ :person OR CAST(requests AS text) ~ :person"
_CONVERSATIONS = text(
    f"""
    SELECT conversation_id FROM reservations WHERE ({_NAMED}) AND conversation_id IS NOT NULL
    UNION
    SELECT conversation_id FROM waitlist WHERE ({_NAMED}) AND conversation_id IS NOT NULL
    """  # noqa: S608
)
# An address that guests of other numbers gave too, as that of an office, tells nobody.
_EMAILS = text(
    """
    WITH guests AS (
        SELECT guest_phone, lower(guest_email) AS email FROM reservations
        UNION ALL
        SELECT guest_phone, lower(guest_email) FROM waitlist
    )
    (
        SELECT email FROM guests WHERE guest_phone ~ :number AND email <> ''
        UNION
        SELECT lower(noted) FROM unnest(CAST(:noted AS text[])) noted
    )
    EXCEPT
    SELECT email FROM guests WHERE guest_phone <> '' AND guest_phone !~ :number
    """
)
_THEIRS = f"({_NAMED} OR conversation_id = ANY(CAST(:conversations AS uuid[])))"
_TO_COME = """
    (status IN ('confirmed', 'seated') AND ends_at > :now OR status = 'held' AND hold_expires_at > :now)
"""
_KEPT = text(f"SELECT count(*) FROM reservations WHERE {_THEIRS} AND {_TO_COME}")  # noqa: S608
# By whom it was made is told by there being a conversation, which need not be one that there was.
_UNNAME = text(
    f"""
    UPDATE reservations SET guest_name = :name, guest_phone = '', guest_email = '', notes = '', requests = '[]',
        updated_at = now(),
        conversation_id = CASE WHEN conversation_id IS NOT NULL THEN gen_random_uuid() END
    WHERE {_THEIRS} AND NOT {_TO_COME} RETURNING 1
    """  # noqa: S608
)
_WAITING = "(status IN ('waiting', 'offered') AND latest > :now)"
_STILL_WAIT = text(f"SELECT count(*) FROM waitlist WHERE {_THEIRS} AND {_WAITING}")  # noqa: S608
_LEAVE = text(f"DELETE FROM waitlist WHERE {_THEIRS} AND NOT {_WAITING} RETURNING 1")  # noqa: S608


@dataclass(frozen=True, slots=True)
class ErasedGuest:
    """How many reservations and entries were erased, and how many are to come and so were kept."""

    reservations: int
    waitlist_entries: int
    reservations_kept: int
    waitlist_entries_kept: int


async def emails_of(session: AsyncSession, number: str, noted: Collection[str]) -> Sequence[str]:
    """The e-mail addresses, in lower case, of the guest of a phone number, told by a regular expression: those given
    with bookings and those `noted` elsewhere, without any that guests of other numbers gave too."""
    found = await session.execute(_EMAILS, {"number": number, "noted": list(noted)})
    return found.scalars().all()


async def conversations_of(session: AsyncSession, person: str) -> Sequence[UUID]:
    """In which a guest, told by a regular expression, booked or joined the waitlist."""
    return (await session.execute(_CONVERSATIONS, {"person": person})).scalars().all()


async def erase(session: AsyncSession, person: str, conversations: Collection[UUID], now: datetime) -> ErasedGuest:
    """Erase a guest: whatever has the person's number, names the person in what was noted, as a regular expression
    tells, or was made in one of their `conversations`."""
    values = {"person": person, "conversations": list(conversations), "now": now}
    unnamed = (await session.execute(_UNNAME, values | {"name": ERASED_NAME})).all()
    left = (await session.execute(_LEAVE, values)).all()
    return ErasedGuest(
        reservations=len(unnamed),
        waitlist_entries=len(left),
        reservations_kept=(await session.execute(_KEPT, values)).scalar_one(),
        waitlist_entries_kept=(await session.execute(_STILL_WAIT, values)).scalar_one(),
    )
