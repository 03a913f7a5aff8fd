"""Leads and messages of one person, deleted."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.leads.service import MESSAGES

_CONVERSATIONS = text(
    "SELECT DISTINCT conversation_id FROM leads WHERE phone ~ :number AND conversation_id IS NOT NULL"
)
_DELETE = text(
    """
    DELETE FROM leads
    WHERE phone ~ :number OR (phone = '' AND conversation_id = ANY(CAST(:conversations AS uuid[])))
    RETURNING kind
    """
)


async def conversations_of(session: AsyncSession, number: str) -> Sequence[UUID]:
    """Where leads of a phone number, told by a regular expression, came from."""
    return (await session.execute(_CONVERSATIONS, {"number": number})).scalars().all()


async def erase(session: AsyncSession, number: str, conversations: Collection[UUID]) -> tuple[int, int]:
    """Delete the leads of a phone number, and those without one that came of the person's `conversations`. Returns how
    many they were, and how many of them messages."""
    found = await session.execute(_DELETE, {"number": number, "conversations": list(conversations)})
    kinds = found.scalars().all()
    messages = sum(kind in MESSAGES for kind in kinds)
    return len(kinds) - messages, messages
