"""Conversations that are forgotten: one by one, because they are old, or because of whom they were with."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict

QUIET = timedelta(minutes=15)
"""A call that has not ended and says nothing for so long has lost its process."""

LAST_SAID = """
    coalesce((SELECT max(m.created_at) FROM messages m WHERE m.conversation_id = c.id), c.started_at)
"""
_OLD = text(
    f"""
    SELECT c.id FROM conversations c
    WHERE c.started_at < :before AND coalesce(c.ended_at, {LAST_SAID}) < :before
    ORDER BY c.started_at LIMIT :most FOR UPDATE SKIP LOCKED
    """  # noqa: S608
)
_WITH = text(
    f"""
    SELECT c.id, c.channel = 'voice' AND c.ended_at IS NULL AND {LAST_SAID} > :quiet_since AS goes_on
    FROM conversations c
    WHERE c.id = ANY(CAST(:known AS uuid[])) OR c.caller_phone ~ :person OR CAST(c.state AS text) ~ :person
        OR c.id IN (
            SELECT conversation_id FROM messages
            WHERE text ~ :person OR heard ~ :person OR CAST(commands AS text) ~ :person
        )
        OR c.id IN (SELECT conversation_id FROM effect_runs WHERE CAST(outcome AS text) ~ :person)
    ORDER BY c.id FOR UPDATE OF c
    """  # noqa: S608
)
_LEADS = text(
    """
    SELECT DISTINCT CAST(outcome -> 'value' ->> 'lead_id' AS uuid) FROM effect_runs
    WHERE conversation_id = ANY(CAST(:ids AS uuid[])) AND outcome -> 'value' ->> 'lead_id' IS NOT NULL
    """
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


async def leads_left_in(session: AsyncSession, conversation_ids: Collection[UUID]) -> Sequence[UUID]:
    """The leads that were made or added to in conversations, though a later one may have come to stand behind them."""
    return (await session.execute(_LEADS, {"ids": list(conversation_ids)})).scalars().all()


async def find_with(session: AsyncSession, person: str, known: Collection[UUID], now: datetime) -> list[UUID]:
    """The conversations with a person: those of `known`, and each in which they are named.

    Args:
        person: a regular expression that their number matches, however it is written, and their e-mail addresses.

    Raises:
        Conflict: one of them is a call that is going on.
    """
    values = {"person": person, "known": list(known), "quiet_since": now - QUIET}
    found = (await session.execute(_WITH, values)).all()
    if any(row.goes_on for row in found):
        raise Conflict("A call with this person is going on: ask again once it has ended.")
    return [row.id for row in found]
