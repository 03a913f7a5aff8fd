"""Every row of the installation as one moment has it, table by table, in PostgreSQL's own text form.

`pg_dump` would need a role that row-level security does not bind, which a managed database seldom gives, and would tie
the file to one version of the server. Rows alone do not: the schema is made by the migrations, and the rows go in.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from reception.core.errors import Unavailable
from reception.db import address
from reception.db.migrate import BACKUP_POLICY

REVISIONS = "alembic_version"
_TABLES = """
    SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> %s
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
    GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = """
    SELECT sequencename::text, COALESCE(last_value, start_value), last_value IS NOT NULL
    FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1
"""
_HALF_SEEN = f"""
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND row_security_active(c.oid)
        AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = '{BACKUP_POLICY}'
            AND (SELECT oid FROM pg_roles WHERE rolname = current_user) = ANY (p.polroles))
    ORDER BY 1 LIMIT 1
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are those that hold something of their own: what PostgreSQL computes is not among them."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """`value` has been given out where `called`, else it is the first to be."""

    name: str
    value: int
    called: bool


class DatabaseSnapshot:
    """One moment of the database, for as long as it is open; blocking."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]") -> None:
        self._connection = connection
        self.revision = str(self._one(f"SELECT version_num FROM {REVISIONS}"))  # noqa: S608
        self.postgres = int(str(self._one("SELECT current_setting('server_version_num')"))) // 10_000
        self.tables = tuple(Table(str(name), tuple(columns)) for name, columns in self._tables())
        self.sequences = tuple(
            Sequence(str(name), int(str(value)), bool(called))
            for name, value, called in self._connection.execute(_SEQUENCES)
        )

    def rows(self, table: Table) -> Iterator[bytes]:
        """The rows of `table`, each a line of `COPY … TO STDOUT`, in pieces of no fixed size."""
        columns = sql.SQL(", ").join(sql.Identifier(name) for name in table.columns)
        statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(columns, sql.Identifier(table.name))
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for piece in copy:
                yield bytes(piece)

    def _tables(self) -> "list[tuple[object, list[str]]]":
        return [(name, list(columns)) for name, columns in self._connection.execute(_TABLES, (REVISIONS,))]  # type: ignore[call-overload]

    def _one(self, query: str) -> object:
        row = self._connection.execute(query.encode()).fetchone()
        return row[0] if row else ""


@contextmanager
def open_snapshot(owner_url: str) -> Iterator[DatabaseSnapshot]:
    """A moment of the database, read as the role that owns the tables. The service may go on meanwhile; a migration
    waits.

    Raises:
        Unavailable: it cannot be reached, has no schema, or one from before backups were made; says what to do.
    """
    try:
        with psycopg.connect(address.conninfo(owner_url), connect_timeout=10) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield _at_one_moment(connection)
    except psycopg.OperationalError as error:
        raise Unavailable("The database cannot be reached, or went away") from error


def _at_one_moment(connection: "psycopg.Connection[tuple[object, ...]]") -> DatabaseSnapshot:
    present = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{REVISIONS}",)).fetchone()
    if present is None or not present[0]:
        raise Unavailable("The database holds no installation yet: there is nothing to back up")
    names = [str(row[0]) for row in connection.execute(_TABLES, (REVISIONS,))]
    connection.rollback()
    # The moment is that of the first query, and what is locked before it keeps its columns until the end.
    tables = sql.SQL(", ").join(sql.Identifier(name) for name in (REVISIONS, *names))
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(tables))
    connection.execute("SELECT set_config('app.finding', 'backup', true)")
    unseen = connection.execute(_HALF_SEEN).fetchone()
    if unseen is not None:
        raise Unavailable(
            f"The table {unseen[0]} cannot be read whole. Run `reception migrate` as the database user that made it"
        )
    snapshot = DatabaseSnapshot(connection)
    if {table.name for table in snapshot.tables} != set(names):
        raise Unavailable("The schema changed while the backup began: try again")
    return snapshot
