"""Users: create them, find who signs in, change passwords."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from psycopg.errors import CheckViolation, ForeignKeyViolation, InsufficientPrivilege, UniqueViolation
from sqlalchemy import insert, select, update
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import Conflict, Forbidden, NotFound, Unauthenticated
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.db.violations import is_violation
from reception.domains.access.models import UserRow
from reception.domains.access.passwords import check_foreign_hash, hash_password, verify_password

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FIND_LOGIN = sql("SELECT user_id, tenant_id, role, password_hash FROM find_login(:email)")


class Role(StrEnum):
    """What a user may do: everywhere, or within one tenant from most to least."""

    PLATFORM_ADMIN = "platform_admin"
    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    READ_ONLY = "read_only"

    def may_manage(self, other: "Role") -> bool:
        """Owners manage everybody in their tenant, managers those below them, and the rest nobody. A platform
        administrator manages the users of tenants; administrators are made on the server."""
        if other is Role.PLATFORM_ADMIN:
            return False
        if self in (Role.PLATFORM_ADMIN, Role.OWNER):
            return True
        return self is Role.MANAGER and other in (Role.STAFF, Role.READ_ONLY)


@dataclass(frozen=True, slots=True)
class User:
    """`tenant_id` is None for platform administrators and for nobody else. `invited`: they have no password yet."""

    user_id: UUID
    tenant_id: UUID | None
    email: str
    role: Role
    name: str = ""
    active: bool = True
    invited: bool = False
    version: int = 1
    created_at: datetime | None = None
    last_login_at: datetime | None = None

    @property
    def about(self) -> tuple[str, ...]:
        """Words that would be tried first as their password."""
        words = (self.email, self.name, *re.split(r"[@.+_-]", self.email), *self.name.split())
        return tuple(word for word in words if len(word) > 2)


async def create_user(
    session: AsyncSession,
    *,
    tenant_id: UUID | None,
    email: str,
    password: str | None,
    role: Role,
    name: str = "",
    bcrypt_hash: str | None = None,
    user_id: UUID | None = None,
) -> User:
    """Store a new user, in the tenant's own session. Without a password they are invited: see `password_tokens`.
    `bcrypt_hash` is that of their password in another system, in place of `password`.

    A platform administrator (`tenant_id` None) can be stored only over the address of the database's owner:
    `Database(owner_url).unscoped_session()`. The run-time role may not, whatever its session says.

    Raises:
        Conflict: the e-mail address is taken.
        Forbidden: this session may not create such a user.
        NotFound: there is no such tenant.
        Unprocessable: a field is not valid.
    """
    if (role is Role.PLATFORM_ADMIN) != (tenant_id is None):
        raise refuse("/role", "platform_admin is the role of users without a tenant, and of these only")
    address = bounded(email.lower(), "/email", shortest=3, longest=254)
    if not _EMAIL.fullmatch(address):
        raise refuse("/email", "must be an e-mail address")
    hashed = check_foreign_hash(bcrypt_hash, "/bcrypt_hash") if bcrypt_hash is not None else None
    user = User(user_id or uuid7(), tenant_id, address, role, bounded(name, "/name", longest=120))
    if password is not None:
        hashed = await hash_password(password, about=user.about)
    values = {"tenant_id": tenant_id, "email": address, "name": user.name, "password_hash": hashed}
    try:
        async with session.begin_nested():
            stored = await session.execute(
                insert(UserRow).values(id=user.user_id, role=role.value, **values).returning(UserRow)
            )
            return user_of(stored.scalars().one())
    except DBAPIError as error:
        if is_violation(error, UniqueViolation):
            raise Conflict("There is already a user with this e-mail address") from error
        if is_violation(error, InsufficientPrivilege):
            raise Forbidden("This session may not create such a user") from error
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such business") from error
        if is_violation(error, CheckViolation):
            raise refuse("/email", "must be an e-mail address in lower case") from error
        raise


def user_of(row: UserRow) -> User:
    return User(
        row.id,
        row.tenant_id,
        row.email,
        Role(row.role),
        row.name,
        row.active,
        invited=row.password_hash is None,
        version=row.version,
        created_at=row.created_at,
        last_login_at=row.last_login_at,
    )


@dataclass(frozen=True, slots=True)
class StoredLogin:
    """A user who may sign in, with the hash of their password, which they may not have yet."""

    user: User
    password_hash: str | None = field(repr=False)


async def find_login(session: AsyncSession, email: str) -> StoredLogin | None:
    """The active user with this address; `session` may be of no tenant and no account."""
    address = email.strip().lower().replace("\x00", "")
    row = (await session.execute(_FIND_LOGIN, {"email": address})).one_or_none()
    if row is None:
        return None
    return StoredLogin(User(row.user_id, row.tenant_id, address, Role(row.role)), row.password_hash)


@dataclass(frozen=True, slots=True)
class Recognised:
    """Who has shown their password. `better_hash` is to be kept in place of the one they have."""

    user: User
    better_hash: str | None = field(default=None, repr=False)


async def check_password(login: StoredLogin | None, password: str) -> Recognised:
    """The user of `login`, if that is their password. Slow by design, and needs no session.

    Takes as long for an unknown address as for a wrong password.

    Raises:
        Unauthenticated: no such user, or another password.
    """
    verdict = await verify_password(password, login.password_hash if login else None)
    if login is None or not verdict.matches:
        raise Unauthenticated("The e-mail address or the password is wrong")
    return Recognised(login.user, verdict.better_hash)


async def keep_hash(session: AsyncSession, user_id: UUID, hashed: str) -> None:
    """Keep what `Recognised.better_hash` says."""
    await session.execute(
        update(UserRow)
        .where(UserRow.id == user_id)
        .values(password_hash=hashed)
        .execution_options(synchronize_session=False)
    )


async def set_password(session: AsyncSession, user_id: UUID, password: str, *, pointer: str = "/password") -> None:
    """Replace a user's password.

    Raises:
        NotFound: the session sees no such user.
        Unprocessable: the password is not good enough.
    """
    row = (await session.execute(select(UserRow).where(UserRow.id == user_id))).scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such user")
    await keep_hash(session, user_id, await hash_password(password, about=user_of(row).about, pointer=pointer))
