"""Conversations that are forgotten: one by one, because they are old, or because of whom they were with."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict

QUIET = timedelta(minutes=15)
"""A call that has not ended and says nothing for so long has lost its process."""

_LAST_SAID = """
    coalesce((SELECT max(m.created_at) FROM messages m WHERE m.conversation_id = c.id), c.started_at)
"""
_OLD = text(
    f"""
    SELECT c.id FROM conversations c
    WHERE c.started_at < :before AND coalesce(c.ended_at, {_LAST_SAID}) < :before
    ORDER BY c.started_at LIMIT :most FOR UPDATE SKIP LOCKED
    """  # noqa: S608
)
_WITH = text(
    f"""
    SELECT c.id, c.channel = 'voice' AND c.ended_at IS NULL AND {_LAST_SAID} > :quiet_since AS goes_on
    FROM conversations c
    WHERE c.id = ANY(CAST(:known AS uuid[])) OR c.caller_phone ~ :number OR CAST(c.state AS text) ~ :number
        OR c.id IN (
            SELECT conversation_id FROM messages
            WHERE text ~ :number OR heard ~ :number OR CAST(commands AS text) ~ :number
        )
        OR c.id IN (SELECT conversation_id FROM effect_runs WHERE CAST(outcome AS text) ~ :number)
    ORDER BY c.id FOR UPDATE OF c
    """  # noqa: S608
)
# What they were counted as stays, under ids that lead nowhere.
_UNNAME = text("UPDATE conversation_facts SET id = gen_random_uuid() WHERE id = ANY(CAST(:ids AS uuid[]))")
_DELETE = text("DELETE FROM conversations WHERE id = ANY(CAST(:ids AS uuid[]))")


async def forget(session: AsyncSession, conversation_ids: Collection[UUID]) -> None:
    """Delete conversations with all that was said, decided and noted in them. What they were counted as stays, with
    nothing left by which they could be known."""
    if conversation_ids:
        await session.execute(_UNNAME, {"ids": list(conversation_ids)})
        await session.execute(_DELETE, {"ids": list(conversation_ids)})


async def find_old(session: AsyncSession, before: datetime, *, most: int) -> list[UUID]:
    """Conversations that ended before `before` (aware), the oldest first, kept from changing until the transaction
    ends. One that nobody closed ended with what was said last; one that somebody has at this moment is left out."""
    return list((await session.execute(_OLD, {"before": before, "most": most})).scalars())


async def find_with(session: AsyncSession, number: str, known: Collection[UUID], now: datetime) -> list[UUID]:
    """The conversations with a person: those of `known`, and each that a phone number occurs in.

    Args:
        number: a regular expression that the number matches, however it is written.

    Raises:
        Conflict: one of them is a call that is going on.
    """
    values = {"number": number, "known": list(known), "quiet_since": now - QUIET}
    found = (await session.execute(_WITH, values)).all()
    if any(row.goes_on for row in found):
        raise Conflict("A call with this person is going on: ask again once it has ended.")
    return [row.id for row in found]
