"""The synthesised audio of kept answers: it comes and goes with them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

MOST_BYTES = 32 << 20
"""Of one tenant, a quarter of an hour at 16 kHz; the oldest goes."""

_FIND = text("SELECT audio FROM answer_speech WHERE speech_key = :key LIMIT 1")
_KEEP = text(
    """
    INSERT INTO answer_speech (tenant_id, answer_id, speech_key, audio, created_at)
    SELECT tenant_id, id, :key, :audio, :now FROM answer_cache WHERE id = :answer_id FOR KEY SHARE
    ON CONFLICT DO NOTHING
    """
)
_TRIM = text(
    """
    DELETE FROM answer_speech WHERE (answer_id, speech_key) IN (
        SELECT answer_id, speech_key FROM (
            SELECT answer_id, speech_key, sum(octet_length(audio)) OVER (
                ORDER BY created_at DESC, answer_id, speech_key ROWS UNBOUNDED PRECEDING
            ) AS newer_bytes
            FROM answer_speech
        ) AS counted
        WHERE newer_bytes > :most
    )
    """
)


async def find_speech(session: AsyncSession, key: bytes) -> bytes | None:
    """The audio kept under `key`: samples of 16 bits, little-endian."""
    found = (await session.execute(_FIND, {"key": key})).scalar_one_or_none()
    return None if found is None else bytes(found)


async def keep_speech(
    session: AsyncSession, answer_id: UUID, key: bytes, audio: bytes, now: datetime, *, most_bytes: int = MOST_BYTES
) -> None:
    """Store audio of an answer, and drop the tenant's oldest beyond `most_bytes`. Nothing happens where the answer is
    gone, or has this audio already."""
    values = {"answer_id": answer_id, "key": key, "audio": audio, "now": now}
    await session.execute(_KEEP, values)
    await session.execute(_TRIM, {"most": most_bytes})
