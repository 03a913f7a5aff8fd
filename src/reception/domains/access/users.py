"""The users of a tenant: listed, changed and removed by those who may."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, Forbidden, NotFound
from reception.db.bounds import bounded
from reception.domains.access.models import UserRow
from reception.domains.access.password_tokens import forget_password_token
from reception.domains.access.service import Role, User, user_of
from reception.domains.access.sessions import EndReason, end_sessions


async def list_users(
    session: AsyncSession,
    *,
    limit: int,
    after: UUID | None = None,
    role: Role | None = None,
    active: bool | None = None,
) -> list[User]:
    """The tenant's users in the order in which they were added."""
    wanted = select(UserRow).where(UserRow.tenant_id.is_not(None)).order_by(UserRow.id).limit(limit)
    if after is not None:
        wanted = wanted.where(UserRow.id > after)
    if role is not None:
        wanted = wanted.where(UserRow.role == role.value)
    if active is not None:
        wanted = wanted.where(UserRow.active == active)
    return [user_of(row) for row in (await session.execute(wanted)).scalars().all()]


async def get_user(session: AsyncSession, user_id: UUID) -> User:
    """Raises `NotFound`: the session sees no such user."""
    return user_of(await _row(session, user_id))


async def lock_user(session: AsyncSession, user_id: UUID) -> User:
    """A user whom nobody else changes until the transaction ends.

    Raises:
        NotFound: the session sees no such user.
    """
    await _lock_owners(session)
    return user_of(await _row(session, user_id, to_change=True))


def check_active(user: User) -> None:
    """Raises `Conflict` for a user who is deactivated."""
    if not user.active:
        raise Conflict("This user is deactivated: activate them first.")


def check_manages(by: Role | None, other: Role) -> None:
    """Raises `Forbidden` unless `by` manages users of the role `other`."""
    if by is None or not by.may_manage(other):
        raise Forbidden(f"Your role does not manage users who are {other.value.replace('_', ' ')}.")


async def change_user(
    session: AsyncSession, user_id: UUID, changes: Mapping[str, object], by: Role | None, now: datetime
) -> User:
    """Change `name`, `role` or `active`. Who is deactivated is signed out everywhere at once. A token to choose a
    password that was passed on for the former role, by somebody who may manage that one only, is good for no other.

    Raises:
        NotFound: the session sees no such user.
        Forbidden: `by` manages no such users, or may not give that role.
        Conflict: the business would be left without an owner who can sign in.
        Unprocessable: a field is not valid.
    """
    await _lock_owners(session)
    row = await _row(session, user_id, to_change=True)
    check_manages(by, Role(row.role))
    role = Role(str(changes.get("role", row.role)))
    active = bool(changes.get("active", row.active))
    check_manages(by, role)
    if role is not Role.OWNER or not active:
        await _check_other_owner(session, row)
    newly = role.value != row.role
    row.name = bounded(str(changes.get("name", row.name)), "/name", longest=120)
    row.role, row.active = role.value, active
    row.version += 1
    await session.flush()
    if not active:
        await end_sessions(session, user_id, now, EndReason.DEACTIVATED)
    if newly or not active:
        await forget_password_token(session, user_id)
    return user_of(row)


async def delete_user(session: AsyncSession, user_id: UUID, by: Role | None) -> None:
    """Remove a user with their sessions; the API keys that they made stay, for they are the tenant's.

    Raises:
        NotFound: the session sees no such user.
        Forbidden: `by` manages no such users.
        Conflict: they are the last owner who can sign in.
    """
    await _lock_owners(session)
    row = await _row(session, user_id, to_change=True)
    check_manages(by, Role(row.role))
    await _check_other_owner(session, row)
    await session.execute(delete(UserRow).where(UserRow.id == user_id).execution_options(synchronize_session=False))


async def _row(session: AsyncSession, user_id: UUID, *, to_change: bool = False) -> UserRow:
    wanted = select(UserRow).where(UserRow.id == user_id).execution_options(populate_existing=True)
    found = await session.execute(wanted.with_for_update() if to_change else wanted)
    row = found.scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such user")
    return row


async def _lock_owners(session: AsyncSession) -> None:
    """Two owners who remove each other at once do so one after the other, so that one stays."""
    await session.execute(select(UserRow.id).where(UserRow.role == Role.OWNER).order_by(UserRow.id).with_for_update())


async def _check_other_owner(session: AsyncSession, row: UserRow) -> None:
    """Whoever goes, somebody who can sign in must stay an owner, once there was one."""
    if row.role != Role.OWNER or not row.active or row.password_hash is None:
        return
    able = UserRow.active & UserRow.password_hash.is_not(None)
    others = select(UserRow.id).where(UserRow.role == Role.OWNER, able, UserRow.id != row.id).limit(1)
    if (await session.execute(others)).first() is None:
        raise Conflict("This is the last owner: make somebody else an owner first.")
