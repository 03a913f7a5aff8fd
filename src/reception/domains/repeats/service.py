"""Requests that may be sent again: begun once, and their answers kept, sealed, for a day."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import RateLimited
from reception.core.vault import Sealed
from reception.domains.repeats.models import IdempotentRequestRow

KEPT_FOR = timedelta(hours=24)
MOST_KEPT = 10_000
"""Of one tenant at a time."""
_ROOM_AGAIN_S = 3600


@dataclass(frozen=True, slots=True)
class Begun:
    """What is known of a request that was begun before. `answer` is None while it is not known how it ended."""

    asked_hash: bytes
    begun_at: datetime
    answer: Sealed | None


async def begin(
    session: AsyncSession, tenant_id: UUID | None, key_hash: bytes, asked_hash: bytes, now: datetime
) -> Begun | None:
    """Note that a request begins, unless one under the same key did within `KEPT_FOR`, which is returned.

    Raises:
        RateLimited: the tenant has begun `MOST_KEPT` requests in that time.
    """
    await forget_expired(session, now)
    made = await session.execute(
        insert(IdempotentRequestRow)
        .values(tenant_id=tenant_id, key_hash=key_hash, asked_hash=asked_hash, begun_at=now)
        .on_conflict_do_nothing()
        .returning(IdempotentRequestRow.key_hash)
    )
    if made.scalar_one_or_none() is not None:
        kept = (await session.execute(select(func.count()).select_from(IdempotentRequestRow))).scalar_one()
        if kept > MOST_KEPT:
            raise RateLimited("Too many requests with an Idempotency-Key in a day.", retry_after_s=_ROOM_AGAIN_S)
        return None
    found = await session.execute(
        select(IdempotentRequestRow)
        .where(IdempotentRequestRow.key_hash == key_hash)
        .execution_options(populate_existing=True)
    )
    row = found.scalars().one_or_none()
    if row is None:
        return await begin(session, tenant_id, key_hash, asked_hash, now)
    answer = Sealed(row.sealed_under, row.answer) if row.sealed_under and row.answer else None
    return Begun(row.asked_hash, row.begun_at, answer)


async def keep_answer(session: AsyncSession, key_hash: bytes, answer: Sealed) -> None:
    await session.execute(
        update(IdempotentRequestRow)
        .where(IdempotentRequestRow.key_hash == key_hash)
        .values(sealed_under=answer.key_id, answer=answer.data)
        .execution_options(synchronize_session=False)
    )


async def forget(session: AsyncSession, key_hash: bytes) -> None:
    """For a request that came to nothing."""
    await session.execute(delete(IdempotentRequestRow).where(IdempotentRequestRow.key_hash == key_hash))


async def forget_expired(session: AsyncSession, now: datetime) -> None:
    """Delete what the session's tenant began `KEPT_FOR` ago and longer."""
    expired = delete(IdempotentRequestRow).where(IdempotentRequestRow.begun_at <= now - KEPT_FOR)
    await session.execute(expired.execution_options(synchronize_session=False))


async def forget_answers(session: AsyncSession) -> None:
    """Let go of what was answered, which is sealed and so cannot be searched for a person; a request that is sent again
    is still not done twice."""
    await session.execute(
        update(IdempotentRequestRow).values(sealed_under=None, answer=None).execution_options(synchronize_session=False)
    )
