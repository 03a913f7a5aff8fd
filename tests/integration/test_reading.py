"""What reads for a caller: sees one tenant, writes nothing, and outlives its connection."""

import asyncio
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from tests.support.postgres import make_business

_NAMES = text("SELECT name, :extra AS extra FROM tenants ORDER BY name")
_WAIT = text("SELECT pg_advisory_xact_lock(:key), 1 AS done")
_END = text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'reception'")
_LOCK = text("SELECT pg_advisory_xact_lock(9413)")


async def _names(database: Database, tenant_id: Any) -> list[str]:
    return [row.name for row in await database.tenant_reader(tenant_id).execute(_NAMES, {"extra": None})]


def _end_connections(postgres: EmbeddedPostgres) -> None:
    engine = create_engine(postgres.runtime_url, poolclass=NullPool)
    with engine.connect() as other:
        other.execute(_END).all()
    engine.dispose()


async def test_a_reader_sees_one_tenants_rows_and_changes_none(database: Database) -> None:
    one, other = [await make_business(database) for _ in range(2)]
    for business in (one, other):
        reader = database.tenant_reader(business.tenant_id)
        found = await reader.execute(text("SELECT id, name FROM tenants"), {})
        row = found.one_or_none()
        assert (row.id, row.name) == (business.tenant_id, business.name)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await reader.execute(text("UPDATE tenants SET name = 'Ours' RETURNING id"), {})
        assert await _names(database, business.tenant_id) == [business.name]


async def test_who_does_not_wait_for_an_answer_leaves_the_connection_whole(database: Database) -> None:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        await session.execute(_LOCK)
        reading = asyncio.create_task(database.tenant_reader(business.tenant_id).execute(_WAIT, {"key": 9413}))
        waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 9413 AND NOT granted")
        async with asyncio.timeout(10):
            while not (await session.execute(waits)).scalar_one():  # noqa: ASYNC110
                await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert await asyncio.gather(*(_names(database, business.tenant_id) for _ in range(12))) == [[business.name]] * 12


async def test_a_reader_whose_connection_has_died_asks_by_another(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    business = await make_business(database)
    assert await _names(database, business.tenant_id) == [business.name]
    _end_connections(postgres)
    assert await _names(database, business.tenant_id) == [business.name]


async def test_a_session_finds_out_before_it_begins_whether_a_rested_connection_still_lives(
    database: Database, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reception.db.database._RESTED_S", 0.0)
    await database.ping()
    _end_connections(postgres)
    await database.ping()
