"""How often passwords may be tried, known to every process on one database.

Whoever tries is known by a key (an e-mail address, a client), of which only a hash is kept. After `most` failures in a
minute the next must wait 30 s, and twice as long after each failure from then on, up to a quarter of an hour; a minute
without one forgives. An attempt counts as failed until it succeeds, so that many at once gain nothing.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.access.models import LoginAttemptRow

_WITHIN = timedelta(seconds=60)
_FIRST_WAIT_S = 30
_LONGEST_WAIT_S = 900
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """Something that attempts are counted by, and how many may fail in a minute."""

    key: str
    most: int

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.key.encode()).digest()


async def begin_attempt(session: AsyncSession, tried: Sequence[Tried], now: datetime) -> int:
    """Count an attempt. Returns 0, or how many seconds to wait when it comes too soon, and then it does not count."""
    rows = await _rows(session, tried, now)
    wait_s = max(math.ceil((row.blocked_until - now).total_seconds()) if row.blocked_until else 0 for row in rows)
    if wait_s > 0:
        return wait_s
    for one, row in zip(tried, rows, strict=True):
        _count(row, one.most, now)
    await session.flush()
    return 0


async def forgive(session: AsyncSession, whole: Tried, last: Tried, now: datetime) -> None:
    """The attempt that began was a good one: nothing stands against `whole` any more, and `last` stands as before it,
    so that who has a login of their own guesses no others' the sooner for it."""
    of_whole, of_last = await _rows(session, (whole, last), now)
    of_whole.failed_at, of_whole.wait_s, of_whole.blocked_until = [], 0, None
    of_last.failed_at = of_last.failed_at[:-1]
    if of_last.wait_s:
        of_last.wait_s = of_last.wait_s // 2 if of_last.wait_s > _FIRST_WAIT_S else 0
        of_last.blocked_until = now
    await session.flush()


async def _rows(session: AsyncSession, tried: Sequence[Tried], now: datetime) -> list[LoginAttemptRow]:
    """The rows of `tried` in its order, locked in that of their keys so that nobody waits for each other."""
    await session.execute(
        delete(LoginAttemptRow)
        .where(
            LoginAttemptRow.key.in_(
                select(LoginAttemptRow.key)
                .where(LoginAttemptRow.touched_at < now - _KEPT)
                .limit(100)
                .with_for_update(skip_locked=True)
            )
        )
        .execution_options(synchronize_session=False)
    )
    hashes = sorted(one.hash for one in tried)
    fresh = [{"key": key, "failed_at": [], "wait_s": 0, "touched_at": now} for key in hashes]
    await session.execute(insert(LoginAttemptRow).values(fresh).on_conflict_do_nothing())
    found = await session.execute(
        select(LoginAttemptRow)
        .where(LoginAttemptRow.key.in_(hashes))
        .order_by(LoginAttemptRow.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_key = {bytes(row.key): row for row in found.scalars().all()}
    return [by_key[one.hash] for one in tried]


def _count(row: LoginAttemptRow, most: int, now: datetime) -> None:
    if row.blocked_until is not None and now > row.blocked_until + _WITHIN:
        row.wait_s = 0
    failed = [*(at for at in row.failed_at if at > now - _WITHIN), now]
    row.failed_at = failed[-most:]
    if row.wait_s or len(failed) >= most:
        row.wait_s = min(row.wait_s * 2 or _FIRST_WAIT_S, _LONGEST_WAIT_S)
        row.blocked_until = now + timedelta(seconds=row.wait_s)
    row.touched_at = now
