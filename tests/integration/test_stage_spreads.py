"""How long callers waited is told alike, whatever part of it has been packed."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from reception.core.clock import FixedClock
from reception.core.ids import uuid7
from reception.db import address
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.domains.analytics.period import Bucket, Period
from reception.domains.analytics.spreads import pack_times
from reception.domains.analytics.tally import STAGES, StageTime, add_stage_times
from reception.domains.analytics.times import measure_latency
from reception.jobs.rollups import Rollups
from reception.ports.business import Business
from tests.support.postgres import make_business

_SINCE = datetime(2025, 3, 8, 17, tzinfo=UTC)
_HOURS = 48
_REVISION = "0120_stage_spreads"
_LATER = _SINCE + timedelta(hours=_HOURS + 30)
_AGENTS = (None, uuid7(), uuid7())
_ROWS = text("SELECT (SELECT count(*) FROM stage_times) AS loose, (SELECT count(*) FROM stage_spreads) AS packed")


def _times(seed: int, count: int) -> list[StageTime]:
    random = Random(seed)
    return [
        StageTime(
            _SINCE + timedelta(seconds=random.randrange(_HOURS * 3600)),
            random.choice(_AGENTS),
            random.choice(STAGES[:3]),
            random.lognormvariate(6, 2),
        )
        for _ in range(count)
    ]


async def _told(database: Database, business: Business) -> list[object]:
    """Every report of these days."""
    told: list[object] = []
    async with database.tenant_session(business.tenant_id) as session:
        for bucket in (Bucket.HOUR, Bucket.DAY, Bucket.MONTH):
            for agent in (None, _AGENTS[1]):
                period = Period(date(2025, 3, 9), date(2025, 3, 10), bucket, ZoneInfo("America/New_York"))
                told.append(await measure_latency(session, period, agent))
    return told


async def _rows(database: Database, business: Business) -> tuple[int, int]:
    async with database.tenant_session(business.tenant_id) as session:
        row = (await session.execute(_ROWS)).one()
        return row.loose, row.packed


async def _add(database: Database, business: Business, times: list[StageTime]) -> None:
    async with database.tenant_session(business.tenant_id) as session:
        await add_stage_times(session, business.tenant_id, times)


async def _pack(database: Database, business: Business, now: datetime) -> None:
    async with database.tenant_session(business.tenant_id) as session:
        while await pack_times(session, business.tenant_id, now):
            pass


async def test_packed_times_are_told_as_loose_ones(database: Database) -> None:
    loose, packed = await make_business(database), await make_business(database)
    late = [*_times(2, 300), StageTime(_SINCE, None, STAGES[0], 1e9)]
    for business in (loose, packed):
        await _add(database, business, _times(1, 1500))
    expected = await _told(database, loose)
    await _pack(database, packed, _SINCE + timedelta(hours=20))
    assert min(await _rows(database, packed)) > 0, "some hours are over, others are not"
    assert await _told(database, packed) == expected
    await _pack(database, packed, _LATER)
    assert (await _rows(database, packed))[0] == 0
    assert await _told(database, packed) == expected
    for business in (loose, packed):
        await _add(database, business, late)
    both = await _told(database, loose)
    assert await _told(database, packed) == both != expected
    await _pack(database, packed, _LATER)
    assert await _told(database, packed) == both
    assert ((await _rows(database, packed))[0], (await _rows(database, loose))[1]) == (0, 0)


async def test_what_is_over_is_packed_behind_everybody(database: Database) -> None:
    businesses = [await make_business(database) for _ in range(2)]
    for business in businesses:
        await _add(database, business, [StageTime(_SINCE, None, STAGES[0], 100.0)])
    clock = FixedClock(_SINCE + timedelta(hours=1))
    for after, expected in ((timedelta(0), (2, 0)), (timedelta(hours=2), (1, 1)), (timedelta(hours=30), (0, 2))):
        clock.advance(after)
        await Rollups(database, clock).add_up()
        assert [await _rows(database, business) for business in businesses] == [expected] * 2


async def test_what_was_counted_before_there_were_spreads_is_packed(data_dir: Path) -> None:
    server = EmbeddedPostgres.start(data_dir)
    try:
        migrate(server.owner_url)
        database = Database(server.runtime_url)
        business = await make_business(database)
        await _add(database, business, _times(1, 1500))
        await _pack(database, business, _LATER)
        expected, packed = await _told(database, business), await _rows(database, business)
        await database.dispose()
        await asyncio.to_thread(_there_and_back, server.owner_url)
        database = Database(server.runtime_url)
        assert (await _told(database, business), await _rows(database, business)) == (expected, packed)
        await database.dispose()
    finally:
        server.stop()


def _there_and_back(owner_url: str) -> None:
    engine = create_engine(address.parse(owner_url), poolclass=NullPool)
    with engine.connect() as connection:
        config = Config()
        config.set_main_option("script_location", "reception.db:migrations")
        config.attributes["connection"] = connection
        command.downgrade(config, f"{_REVISION}-1")
        command.upgrade(config, "head")
        connection.commit()
