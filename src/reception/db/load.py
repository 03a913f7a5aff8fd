"""Puts the rows of a dump into a database: the schema of their time, the rows, the migrations since; all or nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import psycopg
from psycopg import sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from reception.core.errors import Conflict, InvalidInput, Unavailable
from reception.db import address, dump
from reception.db.migrate import hold_migrations, knows_revision, present_revision, to_newest, to_revision

_GUARDED = """
    SELECT relname::text, relforcerowsecurity FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY (:names)
"""
_REFERENCES = """
    SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
    WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conrelid <> confrelid
"""
_SERVING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'reception' AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table as it was dumped: `rows` gives the pieces of its `COPY` text, of which `count` are rows."""

    table: dump.Table
    count: int
    rows: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class StoredDatabase:
    """What a dump holds: rows under the schema of `revision`."""

    revision: str
    tables: Sequence[StoredTable]
    sequences: Sequence[dump.Sequence]


def refuse_taken(owner_url: str, *, replace: bool) -> None:
    """Raises `Conflict` or `Unavailable` where `load_database` would on what the database holds now."""
    engine = create_engine(address.parse(owner_url), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            _refuse_taken(connection, replace=replace)
            connection.rollback()
    except OperationalError as error:
        raise Unavailable("The database cannot be reached") from error
    finally:
        engine.dispose()


def load_database(
    owner_url: str, stored: StoredDatabase, *, replace: bool, progress: Callable[[str, int], None]
) -> None:
    """Make the database at `owner_url` what `stored` says, and bring it to the newest schema.

    `progress` is told of each table and its rows. The server must have been prepared, and nobody may serve from the
    database meanwhile. A failure leaves what was there.

    Raises:
        Conflict: it holds an installation and `replace` is false, or is in use.
        InvalidInput: what is stored does not fit the schema that it says it is of.
        Unavailable: it cannot be reached.
    """
    engine = create_engine(address.parse(owner_url), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.begin() as connection:
            hold_migrations(connection)
            _empty(connection, replace=replace)
            to_revision(connection, stored.revision)
            _fill(connection, stored, progress)
            to_newest(connection)
            _analyze(connection)
    except OperationalError as error:
        raise Unavailable("The database cannot be reached, or went away; it is as it was") from error
    except (DBAPIError, psycopg.Error) as error:
        told = getattr(getattr(error, "orig", error), "sqlstate", "")
        raise InvalidInput(f"The rows do not fit the schema that they are said to be of ({told})") from error
    finally:
        engine.dispose()


def _empty(connection: Connection, *, replace: bool) -> None:
    if _refuse_taken(connection, replace=replace) is None:
        return
    for name in _guarded(connection, None):
        connection.execute(text(f'TRUNCATE "{name}" CASCADE'))
    to_revision(connection, "base")


def _refuse_taken(connection: Connection, *, replace: bool) -> str | None:
    """The revision of the schema that is there, None where there is none."""
    if connection.execute(text(_SERVING)).scalar_one():
        raise Conflict("The database is in use: stop the service first")
    present = present_revision(connection)
    if present is None:
        return None
    if not knows_revision(present):
        raise Conflict("The database was migrated by a newer Reception: use that version, or another database")
    if not replace and any(_has_rows(connection, name) for name in ("tenants", "users")):
        raise Conflict("The database holds an installation already. With --force it is replaced")
    return present


def _has_rows(connection: Connection, table: str) -> bool:
    connection.execute(text(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"))
    found = connection.execute(text(f"SELECT EXISTS (SELECT 1 FROM {table})")).scalar_one()  # noqa: S608
    connection.execute(text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
    return bool(found)


def _fill(connection: Connection, stored: StoredDatabase, progress: Callable[[str, int], None]) -> None:
    by_name = {one.table.name: one for one in stored.tables}
    guarded = _guarded(connection, list(by_name))
    if missing := sorted(by_name.keys() - guarded.keys()):
        raise InvalidInput(f"The schema {stored.revision} has no table {missing[0]}")
    for name in guarded:
        connection.execute(text(f'TRUNCATE "{name}" CASCADE'))
        connection.execute(
            text(f'ALTER TABLE "{name}" NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER USER, DISABLE ROW LEVEL SECURITY')
        )
    for name in _parents_first(connection, list(by_name)):
        _copy_in(connection, by_name[name])
        progress(name, by_name[name].count)
    connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    for one in stored.sequences:
        connection.execute(
            text("SELECT setval(CAST(:name AS regclass), :value, :called)"),
            {"name": f'public."{one.name}"', "value": one.value, "called": one.called},
        )
    for name, forced in guarded.items():
        row_security = "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY, " if forced else ""
        connection.execute(text(f'ALTER TABLE "{name}" {row_security}ENABLE TRIGGER USER'))


def _analyze(connection: Connection) -> None:
    """Plans are made by statistics, and none are kept in a dump: without them what is served first takes for ever."""
    for name in _guarded(connection, None):
        connection.execute(text(f'ANALYZE "{name}"'))


def _copy_in(connection: Connection, one: StoredTable) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    columns = sql.SQL(", ").join(sql.Identifier(name) for name in one.table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(one.table.name), columns)
    with driver.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for piece in one.rows():
                copy.write(piece)
        if cursor.rowcount != one.count:
            raise InvalidInput(f"The table {one.table.name} has {cursor.rowcount} rows of {one.count}")


def _guarded(connection: Connection, names: Sequence[str] | None) -> Mapping[str, bool]:
    """Those of the tables `names` that exist, all where that is None, and whether row-level security binds even the
    owner of each."""
    query = _GUARDED if names is not None else _GUARDED.replace("AND relname = ANY (:names)", "AND relrowsecurity")
    rows = connection.execute(text(query), {"names": names} if names is not None else {})
    return {row[0]: bool(row[1]) for row in rows}


def _parents_first(connection: Connection, names: Sequence[str]) -> list[str]:
    """Each table after those that its foreign keys name."""
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(names, ()))
    for child, parent in connection.execute(text(_REFERENCES)):
        if child in names and parent in names:
            order.add(child, parent)
    return list(order.static_order())
