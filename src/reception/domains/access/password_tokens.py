"""Invitations: a secret that an administrator passes on, by which a user chooses a password, once."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Unauthenticated
from reception.domains.access import opaque
from reception.domains.access.models import PasswordTokenRow, UserRow
from reception.domains.access.opaque import Presented
from reception.domains.access.service import User, set_password

_KIND = "ri_"


def read_password_token(value: str) -> Presented | None:
    """What a token names: its user."""
    return opaque.read(_KIND, value, 1)


async def issue_password_token(session: AsyncSession, user: User, expires_at: datetime) -> str:
    """The token, told only here. One that the user has already is good no more."""
    value = opaque.make(_KIND, user.user_id)
    fresh = {"hash": opaque.digest(value), "expires_at": expires_at}
    stored = insert(PasswordTokenRow).values(user_id=user.user_id, tenant_id=user.tenant_id, **fresh)
    await session.execute(stored.on_conflict_do_update(index_elements=["user_id"], set_=fresh))
    return value


async def forget_password_token(session: AsyncSession, user_id: UUID) -> None:
    """The token that a user has, if any, is good no more."""
    await session.execute(
        delete(PasswordTokenRow).where(PasswordTokenRow.user_id == user_id).execution_options(synchronize_session=False)
    )


async def redeem_password_token(session: AsyncSession, presented: Presented, password: str, now: datetime) -> None:
    """Set the password of the user whom a token names; `session` is that user's own account. Uses the token up.

    Raises:
        Unauthenticated: the token is unknown, used or expired, or the user is not active.
        Unprocessable: the password is not good enough; the token stays good.
    """
    [user_id] = presented.ids
    used = await session.execute(
        delete(PasswordTokenRow)
        .where(
            PasswordTokenRow.user_id == user_id,
            PasswordTokenRow.hash == presented.hash,
            PasswordTokenRow.expires_at > now,
        )
        .returning(PasswordTokenRow.user_id)
    )
    active = await session.execute(select(UserRow.id).where(UserRow.id == user_id, UserRow.active))
    if used.first() is None or active.first() is None:
        raise token_refused()
    await set_password(session, user_id, password)


def token_refused() -> Unauthenticated:
    return Unauthenticated("The token is unknown, used or expired: ask for a new one.")


INVITATION_LIFETIME = timedelta(days=7)
RESET_LIFETIME = timedelta(hours=24)
