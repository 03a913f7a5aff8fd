"""Sessions: short, scoped to one tenant by row-level security, committed at their end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

import psycopg
from procrastinate.exceptions import ConnectorException
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from reception.core.errors import Unavailable
from reception.db.address import parse

_TRY_LOCK = text("SELECT pg_try_advisory_lock(:key)")
_UNLOCK = text("SELECT pg_advisory_unlock(:key)")
_ASKS_AGAIN_S = 0.1
# A transaction that was ended for being idle too long is an `InternalError`.
_NO_ANSWER = (
    OperationalError,
    InterfaceError,
    InternalError,
    PoolTimeout,
    # Of what goes past SQLAlchemy, to the driver and to the queue.
    psycopg.OperationalError,
    psycopg.InterfaceError,
    ConnectorException,
)
_SCOPE = text("SELECT set_config('app.tenant_id', :tenant_id, true), set_config('app.user_id', :user_id, true)")

LONG_S = 600
"""What a statement may take that goes through all that a tenant has."""
_TAKE_LONG = text(
    "SELECT set_config('statement_timeout', :limit, true),"
    " set_config('idle_in_transaction_session_timeout', :limit, true)"
)


async def take_long(session: AsyncSession) -> None:
    """Let each statement of this transaction, and each pause in it, from now on take up to `LONG_S`."""
    await session.execute(_TAKE_LONG, {"limit": f"{LONG_S}s"})


class Database:
    """A pool of connections as the run-time role. No connection is made before the first session.

    Row-level security decides what a session sees; a session without a tenant sees nothing. Services are given a
    session and never commit: leaving the `async with` block does, and an exception rolls everything back.
    """

    def __init__(self, runtime_url: str, *, pool_size: int = 10) -> None:
        self._engine = create_async_engine(
            parse(runtime_url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"application_name": "reception", "connect_timeout": 10},
        )
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    def tenant_session(self, tenant_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction that sees and writes the rows of one tenant.

        Raises:
            Unavailable: the database cannot be reached, or does not answer in time.
        """
        return self._scoped(tenant_id=str(tenant_id))

    def account_session(self, user_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction that sees one user's own account and sessions, of whichever tenant they are or of none.

        Raises:
            Unavailable: the database cannot be reached, or does not answer in time.
        """
        return self._scoped(user_id=str(user_id))

    def unscoped_session(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction that sees no tenant's rows, for what comes before anybody is known: counting attempts, and the
        database's own functions that find a login or an API key.

        Raises:
            Unavailable: the database cannot be reached, or does not answer in time.
        """
        return self._scoped()

    def session_of(self, tenant_id: UUID | None) -> AbstractAsyncContextManager[AsyncSession]:
        """`tenant_session`, or `unscoped_session` for what is of no tenant."""
        return self.unscoped_session() if tenant_id is None else self.tenant_session(tenant_id)

    async def ping(self) -> None:
        """Ask the database for an answer.

        Raises:
            Unavailable: there is none.
        """
        async with self._scoped():
            pass

    @asynccontextmanager
    async def exclusively(self, key: int) -> AsyncIterator[None]:
        """A block for one process at a time among all on this database. Keeps a connection; ends with the process.

        Raises:
            Unavailable: the database cannot be reached.
        """
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                while True:
                    if (await connection.execute(_TRY_LOCK, {"key": key})).scalar_one():
                        break
                    await asyncio.sleep(_ASKS_AGAIN_S)
                try:
                    yield
                finally:
                    await connection.execute(_UNLOCK, {"key": key})
        except _NO_ANSWER as error:
            raise Unavailable("The database does not answer") from error

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _scoped(self, *, tenant_id: str = "", user_id: str = "") -> AsyncIterator[AsyncSession]:
        try:
            async with self._sessions() as session, session.begin():
                await session.execute(_SCOPE, {"tenant_id": tenant_id, "user_id": user_id})
                yield session
        except _NO_ANSWER as error:
            raise Unavailable("The database does not answer") from error
