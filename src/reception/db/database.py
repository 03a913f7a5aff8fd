"""Sessions: short, scoped to one tenant by row-level security, committed at their end."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from reception.db.address import parse
from reception.db.outage import told_as_unavailable
from reception.db.reading import TenantReader

_TRY_LOCK = text("SELECT pg_try_advisory_lock(:key)")
_UNLOCK = text("SELECT pg_advisory_unlock(:key)")
_ASKS_AGAIN_S = 0.1
_RESTED_S = 1.0
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
            hide_parameters=True,
            connect_args={"application_name": "reception", "connect_timeout": 10},
        )
        _ask_after_rest(self._engine)
        self._sessions = async_sessionmaker(self._engine, expire_on_commit=False)

    def tenant_session(self, tenant_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
        """A transaction that sees and writes the rows of one tenant.

        Raises:
            Unavailable: the database cannot be reached, or does not answer in time.
        """
        return self._scoped(tenant_id=str(tenant_id))

    def tenant_reader(self, tenant_id: UUID) -> TenantReader:
        """What reads rows of one tenant a statement at a time, sooner than a session does."""
        return TenantReader(self._engine, tenant_id)

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
        with told_as_unavailable():
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

    async def dispose(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @asynccontextmanager
    async def _scoped(self, *, tenant_id: str = "", user_id: str = "") -> AsyncIterator[AsyncSession]:
        with told_as_unavailable():
            async with self._sessions() as session, session.begin():
                await session.execute(_SCOPE, {"tenant_id": tenant_id, "user_id": user_id})
                yield session


def _ask_after_rest(engine: AsyncEngine) -> None:
    """Ask a connection whether it still lives before it is used, where nobody has used it for `_RESTED_S`, or since
    another was lost: what ended that one may have ended all."""
    lost_s = -math.inf

    @event.listens_for(engine.sync_engine, "invalidate")
    def lost(connection: object, record: ConnectionPoolEntry, error: object) -> None:
        nonlocal lost_s
        lost_s = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkin")
    def rests(connection: object, record: ConnectionPoolEntry) -> None:
        record.info["since_s"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def asked(connection: DBAPIConnection, record: ConnectionPoolEntry, proxy: object) -> None:
        since_s = record.info.get("since_s", math.inf)
        if since_s > lost_s and time.monotonic() - since_s < _RESTED_S:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
