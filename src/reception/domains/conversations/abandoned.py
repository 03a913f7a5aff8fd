"""Calls that nobody closed: their process is gone, and their caller did not return."""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.conversations.erasure import LAST_SAID
from reception.domains.conversations.facts import refresh
from reception.ports.leg import CONNECTION_LOST

ABANDONED_AFTER = timedelta(hours=1)
"""Well beyond the time in which a call can be taken up again."""
_LOOK_BACK = timedelta(days=7)

_CLOSE = text(
    f"""
    UPDATE conversations SET ended_at = quiet.last_at, end_reason = :reason
    FROM (
        SELECT c.id, {LAST_SAID} AS last_at FROM conversations c
        WHERE c.channel = 'voice' AND c.ended_at IS NULL AND c.started_at BETWEEN :since AND :before
        FOR UPDATE OF c SKIP LOCKED
    ) AS quiet
    WHERE conversations.id = quiet.id AND quiet.last_at < :before
    RETURNING conversations.id
    """  # noqa: S608
)


async def close_abandoned(session: AsyncSession, now: datetime) -> int:
    """End the tenant's calls of the last days that have said nothing for an hour before `now` (aware), with what was
    said last. Returns how many they were."""
    before = now - ABANDONED_AFTER
    values = {"before": before, "since": before - _LOOK_BACK, "reason": CONNECTION_LOST}
    closed = (await session.execute(_CLOSE, values)).scalars().all()
    for conversation_id in closed:
        await refresh(session, conversation_id)
    return len(closed)
