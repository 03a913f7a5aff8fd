"""Brings a database to the present schema, embedded or external."""

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from reception.core.errors import Unavailable
from reception.db import address
from reception.db.address import RUNTIME_OPTIONS, RUNTIME_ROLE

OLDEST_POSTGRES = 16
OLDEST_VECTOR = (0, 8)
BACKUP_POLICY = "backup"
"""By it the owner of the tables, whom row-level security binds too, reads every row while it says that it makes a
backup. Not the run-time role: not by its name, nor within a function of the owner's, where the role taken on stays."""
_BY_OWNER = (
    "current_setting('app.finding', true) = 'backup' AND session_user = current_user"
    " AND current_setting('role') = 'none'"
)
_NOT_BACKED_UP = f"""
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity AND NOT EXISTS (
        SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = '{BACKUP_POLICY}'
            AND (SELECT oid FROM pg_roles WHERE rolname = current_user) = ANY (p.polroles))
"""  # noqa: S608
_ADVISORY_LOCK = 7_321_905_114_202_611


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Where a database stands: at `present`, None where it has no schema; `waiting` are to come, the oldest first.

    `newer` tells that a later Reception has migrated it: this one knows no such revision.
    """

    present: str | None
    waiting: tuple[str, ...]
    newer: bool = False

    @property
    def current(self) -> bool:
        return not self.waiting and not self.newer


def schema_state(owner_url: str) -> SchemaState:
    """Compare a database with the schema that this version needs; nothing is changed.

    Raises:
        Unavailable: it cannot be reached.
    """
    engine = create_engine(address.parse(owner_url), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            return _state(connection)
    except OperationalError as error:
        raise Unavailable("The database cannot be reached") from error
    finally:
        engine.dispose()


def migrate(owner_url: str) -> None:
    """Upgrade to the newest revision, as the role that owns the tables. Several processes may do so at once.

    Creates the run-time role where it is missing.

    Raises:
        Unavailable: the server cannot be reached, is too old, lacks pgvector, or the role may not do what is needed;
            the detail says which.
    """
    engine = create_engine(address.parse(owner_url), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
            connection.commit()
            _prepare(connection)
            if _state(connection).newer:
                raise Unavailable(
                    "The database was migrated by a newer Reception. Use that version, or restore an earlier backup"
                )
            connection.commit()
            to_newest(connection)
            connection.commit()
    except OperationalError as error:
        raise Unavailable("The database cannot be reached for its migration") from error
    finally:
        engine.dispose()


def prepare_server(owner_url: str) -> None:
    """What the schema stands on: a new enough server, pgvector, and the run-time role.

    Raises:
        Unavailable: as `migrate` does.
    """
    engine = create_engine(address.parse(owner_url), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            _prepare(connection)
    except OperationalError as error:
        raise Unavailable("The database cannot be reached") from error
    finally:
        engine.dispose()


def hold_migrations(connection: Connection) -> None:
    """No other process migrates until the transaction of `connection` ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def present_revision(connection: Connection) -> str | None:
    """The revision of the schema; None where there is none."""
    return MigrationContext.configure(connection).get_current_revision()


def knows_revision(revision: str) -> bool:
    """Whether this version can make the schema of `revision`."""
    return revision in _newest_first()


def runtime_url(owner_url: str) -> str:
    """The address by which the service connects to an external database: the same login, reduced at once to the
    run-time role, which owns nothing."""
    url = address.parse(owner_url)
    return address.text(address.with_options(url, f"-c role={RUNTIME_ROLE} {RUNTIME_OPTIONS}"))


def _prepare(connection: Connection) -> None:
    version = int(connection.execute(text("SELECT current_setting('server_version_num')")).scalar_one()) // 10_000
    if version < OLDEST_POSTGRES:
        raise Unavailable(f"PostgreSQL {version} is too old: Reception needs {OLDEST_POSTGRES} or newer")
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        raise Unavailable(
            "The extension pgvector is missing. Install it on the server, then run CREATE EXTENSION vector as superuser"
        ) from error
    found = str(connection.execute(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")).scalar_one())
    if tuple(int(part) for part in found.split(".")[:2]) < OLDEST_VECTOR:
        raise Unavailable(f"pgvector {found} is too old: Reception needs 0.8 or newer")
    try:
        _ensure_runtime_role(connection)
        connection.commit()
    except DBAPIError as error:
        connection.rollback()
        if isinstance(error.orig, InsufficientPrivilege):
            raise Unavailable(
                f"The database user may not create the role {RUNTIME_ROLE}. As superuser, run: "
                f"CREATE ROLE {RUNTIME_ROLE} NOSUPERUSER NOBYPASSRLS; GRANT {RUNTIME_ROLE} TO the user of DATABASE_URL"
            ) from error
        raise


def _ensure_runtime_role(connection: Connection) -> None:
    exists = connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": RUNTIME_ROLE}).scalar()
    if not exists:
        connection.execute(
            text(f"CREATE ROLE {RUNTIME_ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT")
        )
    may_act = connection.execute(
        text("SELECT pg_has_role(current_user, CAST(:role AS name), 'SET')"),
        {"role": RUNTIME_ROLE},
    ).scalar_one()
    if not may_act:
        connection.execute(text(f"GRANT {RUNTIME_ROLE} TO CURRENT_USER"))


def to_newest(connection: Connection) -> None:
    """Bring the schema to the newest revision, with all of it to be seen by a backup."""
    to_revision(connection, "head")
    for (table,) in connection.execute(text(_NOT_BACKED_UP)).all():
        connection.execute(text(f"DROP POLICY IF EXISTS {BACKUP_POLICY} ON {table}"))
        connection.execute(
            text(f"CREATE POLICY {BACKUP_POLICY} ON {table} FOR SELECT TO CURRENT_USER USING ({_BY_OWNER})")
        )


def to_revision(connection: Connection, revision: str) -> None:
    """Bring the schema to `revision`: `head`, `base` or one by name. Within the caller's transaction if there is one,
    in one of its own if not."""
    config = _config()
    config.attributes["connection"] = connection
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _state(connection: Connection) -> SchemaState:
    known, present = _newest_first(), present_revision(connection)
    if present is not None and present not in known:
        return SchemaState(present, (), newer=True)
    waiting = known[: known.index(present)] if present is not None else known
    return SchemaState(present, tuple(reversed(waiting)))


def _newest_first() -> list[str]:
    return [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "reception.db:migrations")
    return config
