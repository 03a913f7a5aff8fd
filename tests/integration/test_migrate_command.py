"""`reception migrate`, and what `reception doctor` says of the schema."""

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from reception.cli import migrate as command
from reception.cli.app import app
from reception.cli.doctor import State, _database, _variables
from reception.core.errors import Unavailable
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate, schema_state
from reception.settings import load_settings
from tests.support.databases import OtherDatabase, other_database


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[OtherDatabase]:
    with other_database(postgres) as made:
        yield made


def _run(url: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["migrate", *arguments], env={"DATABASE_URL": url})


def test_it_checks_migrates_and_leaves_a_newer_schema_alone(database: OtherDatabase, tmp_path: Path) -> None:
    before = _run(database.owner_url, "--check")
    assert before.exit_code == 1
    assert "migrations are to come" in before.output
    assert database.counts() == {}, "--check changes nothing"
    state, said = _schema_by_doctor(database, tmp_path)
    assert state is State.WARNING
    assert "reception migrate" in said

    done = _run(database.owner_url)
    assert done.exit_code == 0, done.output
    assert "0001_initial" in done.output
    assert "the newest" in done.output
    assert _run(database.owner_url, "--check").exit_code == 0
    assert _schema_by_doctor(database, tmp_path)[0] is State.OK

    database.rows("UPDATE alembic_version SET version_num = '9999_from_the_future'")
    told = _run(database.owner_url)
    assert told.exit_code == 1
    assert "newer Reception" in told.output
    with pytest.raises(Unavailable, match="newer Reception"):
        migrate(database.owner_url)
    assert database.rows("SELECT version_num FROM alembic_version") == [("9999_from_the_future",)]
    assert _schema_by_doctor(database, tmp_path)[0] is State.FAILED


def _schema_by_doctor(database: OtherDatabase, data_dir: Path) -> tuple[State, str]:
    (_, found) = asyncio.run(_database(load_settings(database_url=database.owner_url, data_dir=data_dir)))
    assert found.what == "schema"
    return found.state, found.detail + found.advice


def test_many_replicas_may_start_at_once(database: OtherDatabase) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [database.owner_url] * 4))
    assert schema_state(database.owner_url).current
    assert database.rows("SELECT count(*) FROM alembic_version") == [(1,)]


def test_it_waits_for_a_database_that_is_not_there_yet(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is made once the command has said that it waits."""
    monkeypatch.setattr(command, "_ASKS_EVERY_S", 0.02)
    with other_database(postgres) as made:
        late = made.name + "_late"
        url = make_url(made.owner_url).set(database=late).render_as_string(hide_password=False)
        assert _run(url, "--wait-s", "0").exit_code == 1
        asked = threading.Event()
        known = schema_state

        def counted(owner_url: str) -> object:
            try:
                return known(owner_url)
            except Unavailable:
                asked.set()
                raise

        monkeypatch.setattr(command, "schema_state", counted)

        def appear() -> None:
            asked.wait(20)
            with_admin = OtherDatabase("", "", "", made.host, "postgres")
            _autocommit(with_admin, f'ALTER DATABASE "{made.name}" RENAME TO "{late}"')

        appearing = threading.Thread(target=appear)
        appearing.start()
        done = _run(url, "--check", "--wait-s", "30")
        appearing.join()
        _autocommit(
            OtherDatabase("", "", "", made.host, "postgres"), f'ALTER DATABASE "{late}" RENAME TO "{made.name}"'
        )
    assert "migrations are to come" in done.output
    assert "Waiting up to 30 s" in done.output


def _autocommit(database: OtherDatabase, statement: str) -> None:
    with psycopg.connect(host=database.host, user="postgres", dbname=database.name, autocommit=True) as connection:
        connection.execute(statement.encode())


async def test_the_doctor_finds_a_setting_that_is_misspelt(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    monkeypatch.setenv("RECEPTION_MAX_CALS", "7")
    (finding,) = await _variables(settings)
    assert finding.state is State.WARNING
    assert "RECEPTION_MAX_CALS is perhaps RECEPTION_MAX_CALLS" in finding.advice
    assert "7" not in json.dumps([finding.detail, finding.advice])
