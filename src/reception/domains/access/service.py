"""Users: create them, check their passwords, change these."""

import asyncio
import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege, UniqueViolation
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.db.violations import is_violation
from reception.domains.access.models import UserRow

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SHORTEST_PASSWORD = 8
_LONGEST_PASSWORD = 128


class Role(StrEnum):
    """What a user may do: everywhere, or within one tenant from most to least."""

    PLATFORM_ADMIN = "platform_admin"
    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    READ_ONLY = "read_only"


@dataclass(frozen=True, slots=True)
class User:
    """`tenant_id` is None for platform administrators and for nobody else."""

    user_id: UUID
    tenant_id: UUID | None
    email: str
    role: Role


async def create_user(
    session: AsyncSession, *, tenant_id: UUID | None, email: str, password: str, role: Role, user_id: UUID | None = None
) -> User:
    """Store a new user, in the tenant's own session.

    A platform administrator (`tenant_id` None) can be stored only over the address of the database's owner:
    `Database(owner_url).login_session(email)`. The run-time role may not, whatever its session says.

    Raises:
        Conflict: the e-mail address is taken.
        Forbidden: this session may not create such a user.
        NotFound: there is no such tenant.
        Unprocessable: a field is not valid.
    """
    if (role is Role.PLATFORM_ADMIN) != (tenant_id is None):
        raise refuse("/role", "platform_admin is the role of users without a tenant, and of these only")
    address = bounded(email, "/email", shortest=3, longest=254).lower()
    if not _EMAIL.fullmatch(address):
        raise refuse("/email", "must be an e-mail address")
    user = User(user_id or uuid7(), tenant_id, address, role)
    hashed = await _hash(password)
    try:
        async with session.begin_nested():
            await session.execute(
                insert(UserRow).values(
                    id=user.user_id, tenant_id=tenant_id, email=address, password_hash=hashed, role=role.value
                )
            )
    except DBAPIError as error:
        if is_violation(error, UniqueViolation):
            raise Conflict("There is already a user with this e-mail address") from error
        if is_violation(error, InsufficientPrivilege):
            raise Forbidden("This session may not create such a user") from error
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such business") from error
        raise
    return user


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A user with the hash of their password."""

    user: User
    password_hash: str = field(repr=False)


async def find_login(session: AsyncSession, email: str) -> StoredLogin | None:
    """What is stored of the user with this address; `session` is `Database.login_session(email)`."""
    found = await session.execute(select(UserRow).where(UserRow.email == email.strip().lower().replace("\x00", "")))
    row = found.scalars().one_or_none()
    return StoredLogin(User(row.id, row.tenant_id, row.email, Role(row.role)), row.password_hash) if row else None


async def check_password(login: StoredLogin | None, password: str) -> User:
    """The user of `login`, if that is their password. Slow by design, and needs no session.

    Takes as long for an unknown address as for a wrong password.

    Raises:
        Unauthenticated: no such user, or another password.
    """
    matches = await asyncio.to_thread(_matches, password, login.password_hash if login else None)
    if login is None or not matches:
        raise Unauthenticated("The e-mail address or the password is wrong")
    return login.user


async def authenticate(session: AsyncSession, email: str, password: str) -> User:
    """`find_login` and `check_password` in one session.

    Raises:
        Unauthenticated: no such user, or another password.
    """
    return await check_password(await find_login(session, email), password)


async def set_password(session: AsyncSession, user_id: UUID, password: str) -> None:
    """Replace a user's password.

    Raises:
        NotFound: the session sees no such user.
        Unprocessable: the password is too short or too long.
    """
    hashed = await _hash(password)
    changed = await session.execute(
        update(UserRow)
        .where(UserRow.id == user_id)
        .values(password_hash=hashed)
        .returning(UserRow.id)
        .execution_options(synchronize_session=False)
    )
    if changed.first() is None:
        raise NotFound("There is no such user")


async def _hash(password: str) -> str:
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise refuse("/password", f"must have {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters")
    return await asyncio.to_thread(_hasher().hash, password)


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _hash_of_nothing() -> str:
    return _hasher().hash("no user has this password")


def _matches(password: str, hashed: str | None) -> bool:
    same = _hasher().verify(password[: _LONGEST_PASSWORD + 1], hashed or _hash_of_nothing())
    return same and hashed is not None
