"""One statement that only reads, in one exchange with the database: while a caller waits, every exchange counts.

A session asks five times for one answer: whether the connection lives, begin, scope, statement, commit. Each time it
waits behind whatever else the event loop has to do. Here all of it goes at once, as a pipeline of the driver.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.elements import TextClause

from reception.db.outage import told_as_unavailable

_LONGEST_S = 5
"""What nobody waits for any more must not keep a connection from others for long."""
_SCOPE = (
    "SELECT set_config('app.tenant_id', %s, true), set_config('app.user_id', '', true),"
    f" set_config('statement_timeout', '{_LONGEST_S}s', true)"
)


class _Lost(psycopg.OperationalError):
    """The connection is no more."""


class Rows(Protocol):
    """Rows whose columns are attributes."""

    def __iter__(self) -> Iterator[Any]: ...

    def one_or_none(self) -> Any: ...


class Reads(Protocol):
    """What answers a statement: a session, which does more in the same transaction, or a `TenantReader`."""

    async def execute(self, statement: TextClause, values: Mapping[str, Any], /) -> Rows: ...


class ReadRows:
    """What a `TenantReader` has read."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def one_or_none(self) -> Any:
        """The row, or None; of several rows the statement was not meant for this.

        Raises:
            ValueError: there are several.
        """
        if len(self._rows) > 1:
            raise ValueError(f"{len(self._rows)} rows where at most one was expected")
        return self._rows[0] if self._rows else None


class TenantReader:
    """Reads the rows of one tenant, by row-level security. Each statement is a transaction of its own that writes
    nothing, and takes up to `_LONGEST_S`. A reader who is cancelled leaves at once; what was asked is answered to
    nobody, and the connection lives.
    """

    def __init__(self, engine: AsyncEngine, tenant_id: UUID) -> None:
        self._engine = engine
        self._tenant_id = str(tenant_id)

    async def execute(self, statement: TextClause, values: Mapping[str, Any], /) -> ReadRows:
        """Raises:
        Unavailable: the database cannot be reached, or does not answer in time.
        """
        asked = _Asked(_compiled(statement, self._engine.dialect), values)
        reading = asyncio.create_task(self._read(asked), name="read")
        try:
            with told_as_unavailable():
                return await asyncio.shield(reading)
        except asyncio.CancelledError:
            if not asked.under_way:
                reading.cancel()
            reading.add_done_callback(_forget)
            raise

    async def _read(self, asked: "_Asked") -> ReadRows:
        try:
            return await self._read_once(asked)
        except _Lost:
            # It had died since it was last used, and nothing can have been written: another is as good.
            return await self._read_once(asked)

    async def _read_once(self, asked: "_Asked") -> ReadRows:
        asked.under_way = False
        async with self._engine.connect() as connection:
            asked.under_way = True
            driver = (await connection.get_raw_connection()).driver_connection
            assert isinstance(driver, psycopg.AsyncConnection)
            try:
                await driver.set_autocommit(True)
                async with driver.pipeline(), driver.cursor(row_factory=namedtuple_row) as cursor:
                    await driver.execute("BEGIN READ ONLY")
                    await driver.execute(_SCOPE, (self._tenant_id,))
                    await cursor.execute(asked.statement, asked.values)
                    await driver.execute("COMMIT")
                    rows = await cursor.fetchall()
                await driver.set_autocommit(False)
            except BaseException as error:
                # Whatever is left of the pipeline goes with the connection.
                lost = driver.broken
                await connection.invalidate()
                if lost and isinstance(error, psycopg.OperationalError):
                    raise _Lost(*error.args) from error
                raise
        return ReadRows(rows)


@dataclass(slots=True)
class _Asked:
    """`under_way` once there is a connection for it."""

    statement: str
    values: Mapping[str, Any]
    under_way: bool = False


def _forget(reading: "asyncio.Task[ReadRows]") -> None:
    if not reading.cancelled():
        reading.exception()


@lru_cache(maxsize=64)
def _compiled(statement: TextClause, dialect: Dialect) -> str:
    return str(statement.compile(dialect=dialect))
