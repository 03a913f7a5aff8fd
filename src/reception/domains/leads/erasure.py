"""Leads and messages of one person, deleted."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.leads.service import MESSAGES

_THEIRS = "phone ~ :person OR summary ~ :person OR CAST(details AS text) ~ :person OR notes ~ :person"
_CONVERSATIONS = text(
    f"SELECT DISTINCT conversation_id FROM leads WHERE ({_THEIRS}) AND conversation_id IS NOT NULL"  # noqa: S608
)
_EMAILS = text(
    r"""
    SELECT DISTINCT detail.value FROM leads, jsonb_each_text(details) detail
    WHERE phone ~ :number AND detail.value ~ '^[^@\s]+@[^@\s]+$'
    """
)
_DELETE = text(
    f"""
    DELETE FROM leads
    WHERE {_THEIRS} OR conversation_id = ANY(CAST(:conversations AS uuid[])) OR id = ANY(CAST(:known AS uuid[]))
    RETURNING kind
    """  # noqa: S608
)


async def emails_of(session: AsyncSession, number: str) -> Sequence[str]:
    """The e-mail addresses that leads of a phone number, told by a regular expression, have among their details."""
    return (await session.execute(_EMAILS, {"number": number})).scalars().all()


async def conversations_of(session: AsyncSession, person: str) -> Sequence[UUID]:
    """Where the leads came from that name a person, told by a regular expression."""
    return (await session.execute(_CONVERSATIONS, {"person": person})).scalars().all()


async def erase(
    session: AsyncSession, person: str, conversations: Collection[UUID], known: Collection[UUID]
) -> tuple[int, int]:
    """Delete the leads that name a person, told by a regular expression, in whatever was noted; those that came of the
    person's `conversations`, whatever their number; and those of `known`, by id. Returns how many leads they were, and
    how many messages."""
    values = {"person": person, "conversations": list(conversations), "known": list(known)}
    kinds = (await session.execute(_DELETE, values)).scalars().all()
    messages = sum(kind in MESSAGES for kind in kinds)
    return len(kinds) - messages, messages
