"""Sessions: from signing in to signing out, renewed by refresh tokens that are each good once.

All tokens of a session are one family. One that comes a second time was copied by somebody, and as nobody can tell
which of the two is the user, the session ends.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.ids import uuid7
from reception.db.bounds import clipped
from reception.domains.access import opaque
from reception.domains.access.models import RefreshTokenRow, SessionRow, UserRow
from reception.domains.access.opaque import Presented
from reception.domains.access.service import User, user_of

_KIND = "rr_"
_MOST_SESSIONS = 50
"""Of one user; the oldest go first."""
_REMEMBERED = timedelta(days=7)
"""How long what has ended is still known, so that a token of it that is used again is told apart from a forged one."""


class EndReason(StrEnum):
    LOGOUT = "logout"
    ENDED = "ended"
    """By the user, from another session."""
    PASSWORD = "password"  # noqa: S105 - a reason
    REUSE = "reuse"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True)
class Session:
    """`client` is what the browser or program called itself."""

    session_id: UUID
    client: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Renewal:
    """A session, and the one refresh token that is good for it from now on."""

    user: User
    session_id: UUID
    expires_at: datetime
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reuse:
    """A refresh token came a second time, and its session has ended."""

    user_id: UUID
    session_id: UUID


def read_refresh_token(value: str) -> Presented | None:
    """What a refresh token names: its user, then its session."""
    return opaque.read(_KIND, value, 2)


async def start_session(
    session: AsyncSession, user: User, *, client: str, now: datetime, lifetime: timedelta
) -> Renewal:
    """Sign a user in; `session` is the user's own account."""
    await _clean(session, user.user_id, now)
    session_id = uuid7()
    expires_at = now + lifetime
    await session.execute(
        insert(SessionRow).values(
            id=session_id,
            tenant_id=user.tenant_id,
            user_id=user.user_id,
            client=clipped(client, 200),
            created_at=now,
            last_used_at=now,
            expires_at=expires_at,
        )
    )
    await session.execute(
        update(UserRow)
        .where(UserRow.id == user.user_id)
        .values(last_login_at=now)
        .execution_options(synchronize_session=False)
    )
    return Renewal(user, session_id, expires_at, await _new_token(session, user, session_id))


async def renew(session: AsyncSession, presented: Presented, now: datetime) -> Renewal | Reuse | None:
    """Trade a refresh token for the next; `session` is the account of the user whom it names. None for a token that
    is unknown, or whose session has ended. A `Reuse` is to be committed, for it ends the session."""
    user_id, session_id = presented.ids
    row = await _live(session, session_id, now, to_change=True)
    if row is None:
        return None
    known = await session.execute(
        select(RefreshTokenRow).where(RefreshTokenRow.hash == presented.hash, RefreshTokenRow.session_id == session_id)
    )
    token = known.scalars().one_or_none()
    if token is None:
        return None
    if token.used_at is not None:
        await end_sessions(session, user_id, now, EndReason.REUSE, only=session_id)
        return Reuse(user_id, session_id)
    token.used_at = now
    row[0].last_used_at = now
    await session.flush()
    user = user_of(row[1])
    return Renewal(user, session_id, row[0].expires_at, await _new_token(session, user, session_id))


async def signed_in(session: AsyncSession, session_id: UUID, now: datetime) -> User | None:
    """Whose session it is, if they may still use it; `session` is their own account."""
    row = await _live(session, session_id, now)
    return None if row is None else user_of(row[1])


async def list_sessions(session: AsyncSession, user_id: UUID, now: datetime) -> list[Session]:
    """Those that have not ended, the one used last first."""
    found = await session.execute(
        select(SessionRow)
        .where(SessionRow.user_id == user_id, SessionRow.ended_at.is_(None), SessionRow.expires_at > now)
        .order_by(SessionRow.last_used_at.desc(), SessionRow.id)
    )
    return [
        Session(row.id, row.client, row.created_at, row.last_used_at, row.expires_at) for row in found.scalars().all()
    ]


async def end_sessions(
    session: AsyncSession,
    user_id: UUID,
    now: datetime,
    reason: EndReason,
    *,
    only: UUID | None = None,
    but: UUID | None = None,
) -> int:
    """End a user's sessions, or one, or all but one. Returns how many went on until now."""
    ended = update(SessionRow).where(SessionRow.user_id == user_id, SessionRow.ended_at.is_(None))
    if only is not None:
        ended = ended.where(SessionRow.id == only)
    if but is not None:
        ended = ended.where(SessionRow.id != but)
    done = await session.execute(
        ended.values(ended_at=now, end_reason=reason.value)
        .returning(SessionRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(done.all())


async def _live(
    session: AsyncSession, session_id: UUID, now: datetime, *, to_change: bool = False
) -> tuple[SessionRow, UserRow] | None:
    wanted = (
        select(SessionRow, UserRow)
        .join(UserRow, UserRow.id == SessionRow.user_id)
        .where(SessionRow.id == session_id, SessionRow.ended_at.is_(None), SessionRow.expires_at > now, UserRow.active)
    )
    found = await session.execute(wanted.with_for_update(of=SessionRow) if to_change else wanted)
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


async def _new_token(session: AsyncSession, user: User, session_id: UUID) -> str:
    value = opaque.make(_KIND, user.user_id, session_id)
    await session.execute(
        insert(RefreshTokenRow).values(
            hash=opaque.digest(value), tenant_id=user.tenant_id, user_id=user.user_id, session_id=session_id
        )
    )
    return value


async def _clean(session: AsyncSession, user_id: UUID, now: datetime) -> None:
    """Forget what ended long ago, and more than anybody needs."""
    over = func.coalesce(SessionRow.ended_at, SessionRow.expires_at)
    own = SessionRow.user_id == user_id
    await session.execute(
        delete(SessionRow).where(own, over < now - _REMEMBERED).execution_options(synchronize_session=False)
    )
    most = select(SessionRow.id).where(own).order_by(SessionRow.created_at.desc(), SessionRow.id.desc())
    beyond = most.offset(_MOST_SESSIONS - 1)
    await session.execute(
        delete(SessionRow).where(SessionRow.id.in_(beyond)).execution_options(synchronize_session=False)
    )
