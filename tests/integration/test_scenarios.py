"""The scenarios that ship, played as text against the real dialogue and a real database."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from reception.cli.eval_bench import bench_on, hasty
from reception.cli.eval_table import as_text
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.evaluation.results import Result
from reception.runtime.evaluation.running import run_all, run_one, text_phone
from reception.runtime.evaluation.scenario import Scenario
from reception.runtime.evaluation.scenario_file import load_all, scenario_files

SCENARIOS = Path(__file__).parents[2] / "scenarios"


async def play(database: Database, scenarios: Sequence[Scenario]) -> list[Result]:
    bench = await bench_on(database, MiniLmEmbedder(), "local")
    run = partial(run_one, bench, manner="text", make_phone=text_phone)
    return await run_all(scenarios, run, jobs=4, on_result=lambda _: None)


@pytest_asyncio.fixture
async def hasty_database(postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    pool = Database(hasty(postgres.runtime_url))
    yield pool
    await pool.dispose()


async def test_every_scenario_that_ships_passes(hasty_database: Database) -> None:
    scenarios = load_all(scenario_files([SCENARIOS]))
    results = await play(hasty_database, scenarios)
    failed = [as_text(result) for result in results if not result.passed]
    if failed:
        pytest.fail(f"{len(failed)} of {len(results)} failed:\n\n" + "\n\n".join(failed), pytrace=False)
