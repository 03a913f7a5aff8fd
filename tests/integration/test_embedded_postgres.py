"""The server of the installation's own: started, refused a second time, killed, started again."""

import os
import signal
import socket
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from reception.core.errors import Conflict, InvalidInput, Unavailable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate, runtime_url
from reception.db.model import Model
from reception.domains.access import models as _access  # noqa: F401
from reception.domains.agents import models as _agents  # noqa: F401
from reception.domains.conversations import models as _conversations  # noqa: F401
from reception.domains.knowledge import models as _knowledge  # noqa: F401
from reception.domains.leads import models as _leads  # noqa: F401
from reception.domains.reservations import models as _reservations  # noqa: F401
from reception.domains.tenants import models as _tenants  # noqa: F401
from reception.domains.tenants.service import get_business
from tests.support.postgres import make_business


async def test_data_survives_a_kill_and_a_path_too_long_for_a_socket(data_dir: Path) -> None:
    data_dir = data_dir / "a directory, with spaces" / ("deep" * 30)
    server = EmbeddedPostgres.start(data_dir)
    migrate(server.owner_url)
    migrate(server.owner_url)
    database = Database(server.runtime_url, pool_size=1)
    business = await make_business(database)
    await database.dispose()
    with pytest.raises(Conflict, match="--data-dir"):
        EmbeddedPostgres.start(data_dir)

    postmaster = int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(postmaster, signal.SIGKILL)
    os.close(server._lock)  # what the kernel does when the whole process is killed
    server._lock = -1

    again = EmbeddedPostgres.start(data_dir)
    try:
        migrate(again.owner_url)
        database = Database(again.runtime_url, pool_size=1)
        async with database.tenant_session(business.tenant_id) as session:
            assert (await get_business(session)).slug == business.slug
        await database.dispose()
    finally:
        again.stop()
    again.stop()


async def test_a_server_that_outlived_its_owner_is_taken_over(data_dir: Path) -> None:
    first = EmbeddedPostgres.start(data_dir)
    os.close(first._lock)
    first._lock = -1
    second = EmbeddedPostgres.start(data_dir)
    try:
        database = Database(second.runtime_url, pool_size=1)
        await database.ping()
        await database.dispose()
    finally:
        second.stop()
    database = Database(second.runtime_url, pool_size=1)
    with pytest.raises(Unavailable):
        await database.ping()
    await database.dispose()


def test_a_directory_of_another_version_is_refused(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "PG_VERSION").write_text("16\n")
    with pytest.raises(Conflict, match="PostgreSQL 16"):
        EmbeddedPostgres.start(data_dir)


def test_a_directory_with_foreign_files_is_refused_and_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir()
    (data_dir / "postgres" / "letter.txt").write_text("dear")
    with pytest.raises(Conflict):
        EmbeddedPostgres.start(data_dir)
    assert (data_dir / "postgres" / "letter.txt").read_text() == "dear"


def test_the_server_listens_on_no_network(postgres: EmbeddedPostgres) -> None:
    engine = create_engine(postgres.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_setting('listen_addresses')")).scalar_one() == ""
    engine.dispose()


def test_the_models_are_what_the_migrations_make(postgres: EmbeddedPostgres) -> None:
    engine = create_engine(postgres.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [change for change in compare_metadata(context, Model.metadata) if change[0] == "add_table"]
        columns = {
            (row[0], row[1]): row[2]
            for row in connection.execute(
                text(
                    "SELECT table_name, column_name, is_nullable FROM information_schema.columns"
                    " WHERE table_schema = 'public'"
                )
            )
        }
    engine.dispose()
    assert differences == []
    for table in Model.metadata.tables.values():
        for column in table.columns:
            assert columns.get((table.name, column.name)) == ("YES" if column.nullable else "NO"), column
    missing = {name for table, name in columns if table in Model.metadata.tables} - {
        column.name for table in Model.metadata.tables.values() for column in table.columns
    }
    assert missing <= {"created_at", "search"}


def test_every_foreign_key_has_an_index(postgres: EmbeddedPostgres) -> None:
    """Its leading columns are the key's, so that deleting a row reads no more than what goes with it."""
    engine = create_engine(postgres.owner_url, poolclass=NullPool)
    with engine.connect() as connection:
        without = connection.execute(
            text(
                """
                SELECT format('%s (%s)', conrelid::regclass, conname) FROM pg_constraint AS key
                WHERE contype = 'f' AND connamespace = 'public'::regnamespace
                    AND conrelid::regclass::text NOT LIKE 'procrastinate%' AND NOT EXISTS (
                        SELECT 1 FROM pg_index
                        WHERE indrelid = conrelid AND indpred IS NULL AND indisvalid
                            AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey)
                """
            )
        )
        assert without.scalars().all() == []
    engine.dispose()


async def test_an_external_login_without_privileges_makes_what_it_needs_or_says_what_is_missing(data_dir: Path) -> None:
    server = EmbeddedPostgres.start(data_dir)
    host = str(server._socket_dir)
    try:
        with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as admin:
            for statement in (
                "DROP DATABASE reception",
                "DROP ROLE reception_app",
                "CREATE ROLE plain LOGIN",
                "CREATE ROLE maker LOGIN CREATEROLE",
                "CREATE DATABASE theirs OWNER plain",
            ):
                admin.execute(statement)
        with pytest.raises(Unavailable, match="pgvector"):
            migrate(f"postgresql://plain@/theirs?host={host}")
        with psycopg.connect(host=host, user="postgres", dbname="theirs", autocommit=True) as admin:
            admin.execute("CREATE EXTENSION vector")
        with pytest.raises(Unavailable, match="CREATE ROLE reception_app"):
            migrate(f"postgresql://plain@/theirs?host={host}")
        with psycopg.connect(host=host, user="postgres", dbname="theirs", autocommit=True) as admin:
            admin.execute("ALTER DATABASE theirs OWNER TO maker")
        external = f"postgresql://maker@/theirs?host={host}"
        migrate(external)
        database = Database(runtime_url(external), pool_size=1)
        async with database.tenant_session(uuid7()) as session:
            assert (await session.execute(text("SELECT current_user"))).scalar_one() == "reception_app"
        business = await make_business(database)
        assert business.name
        await database.dispose()
    finally:
        server.stop()


async def test_an_external_server_is_used_as_the_runtime_role(postgres: EmbeddedPostgres) -> None:
    socket_dir = str(postgres._socket_dir)
    external = f"postgres://postgres@/reception?host={socket_dir}"
    migrate(external)
    database = Database(runtime_url(external), pool_size=1)
    async with database.tenant_session(uuid7()) as session:
        assert (await session.execute(text("SELECT current_user"))).scalar_one() == "reception_app"
        assert (await session.execute(text("SELECT count(*) FROM tenants"))).scalar_one() == 0
    await database.dispose()


def test_a_database_that_cannot_be_used_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Unavailable):
            migrate(f"postgresql://nobody:secret@127.0.0.1:{port}/none")
    for address in ("mysql://u:secret@h/d", "not an address"):
        with pytest.raises(InvalidInput) as refused:
            migrate(address)
        assert "secret" not in refused.value.detail
