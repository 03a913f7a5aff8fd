"""What every process of an installation stands on: a migrated database, and who may sign in first."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from reception.core.clock import SystemClock
from reception.core.errors import NotFound
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres, running_addresses
from reception.db.migrate import migrate, runtime_url
from reception.domains.access.service import Role, create_user, set_password
from reception.domains.access.sessions import EndReason, end_sessions
from reception.settings import Settings, wanted_providers

DEMO_ADMIN_EMAIL = "demo@example.com"
_DEMO_ADMIN_ID = UUID("0192d3a0-0000-7000-8000-00000000de30")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every process of an installation stands on: a migrated database, at `service_url` for the service.

    `login` is the demo's, None outside the demo.
    """

    owner_url: str
    service_url: str
    login: Login | None


@asynccontextmanager
async def found(settings: Settings, progress: Progress) -> AsyncIterator[Foundation]:
    """The database, embedded unless `database_url` is set, migrated; stopped at exit if it was started.

    Raises:
        AppError: a setting is wrong, or the database cannot be used; its detail says why, and what mends it.
    """
    wanted_providers(settings)
    async with _storage(settings, progress) as database:
        login = await _demo_login(database.owner) if settings.demo_mode else None
        yield Foundation(database.owner, database.service, login)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A database by the role that owns its tables, and by the one that the service runs as."""

    owner: str
    service: str


@asynccontextmanager
async def open_database(settings: Settings, progress: Progress, *, shared: bool = False) -> AsyncIterator[Addresses]:
    """The database as it is, not migrated; a server that was started for it is stopped.

    `shared` takes the embedded server that another process runs, if one does.

    Raises:
        AppError: the embedded server cannot be started, or the address set is none.
    """
    if settings.database_url is not None:
        owner_url = settings.database_url.get_secret_value()
        yield Addresses(owner_url, runtime_url(owner_url))
        return
    running = await asyncio.to_thread(running_addresses, settings.data_dir) if shared else None
    if running is not None:
        yield Addresses(*running)
        return
    progress("Starting PostgreSQL")
    embedded = await asyncio.to_thread(EmbeddedPostgres.start, settings.data_dir)
    try:
        yield Addresses(embedded.owner_url, embedded.runtime_url)
    finally:
        await asyncio.to_thread(embedded.stop)


@asynccontextmanager
async def _storage(settings: Settings, progress: Progress) -> AsyncIterator[Addresses]:
    """A migrated database."""
    async with open_database(settings, progress) as database:
        progress("Migrating the database")
        await asyncio.to_thread(migrate, database.owner)
        yield database


async def _demo_login(owner_url: str) -> Login:
    """A platform admin whose password is new at each start and kept nowhere."""
    login = Login(DEMO_ADMIN_EMAIL, secrets.token_urlsafe(12))
    await ensure_platform_admin(owner_url, login, _DEMO_ADMIN_ID)
    return login


async def create_platform_admin(settings: Settings, login: Login) -> None:
    """Create a platform admin in the installation's database, or give the one of this e-mail a new password.

    Raises:
        AppError: the database cannot be used now, or the e-mail or password is not acceptable.
    """
    user_id = uuid5(NAMESPACE_URL, f"mailto:{login.email.strip().lower()}")
    async with _storage(settings, lambda _: None) as database:
        await ensure_platform_admin(database.owner, login, user_id)


async def ensure_platform_admin(owner_url: str, login: Login, user_id: UUID) -> None:
    """Needs the role that owns the tables."""
    owner = Database(owner_url, pool_size=1)
    try:
        async with owner.account_session(user_id) as session:
            try:
                await set_password(session, user_id, login.password)
                await end_sessions(session, user_id, SystemClock().now(), EndReason.PASSWORD)
            except NotFound:
                await create_user(
                    session,
                    tenant_id=None,
                    email=login.email,
                    password=login.password,
                    role=Role.PLATFORM_ADMIN,
                    user_id=user_id,
                )
    finally:
        await owner.dispose()
