"""Scenarios in tests: played as text on the session's database."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

import pytest_asyncio

from reception.cli.eval_bench import bench_on, hasty
from reception.cli.eval_table import as_text
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.evaluation.document import parse
from reception.runtime.evaluation.results import Result
from reception.runtime.evaluation.running import run_all, run_one, text_phone
from reception.runtime.evaluation.scenario import Scenario
from reception.runtime.evaluation.scenario_file import read_scenarios
from reception.runtime.language import LanguageOf, no_language

__all__ = ["failures_of", "hasty_database", "play", "written"]


@pytest_asyncio.fixture
async def hasty_database(postgres: EmbeddedPostgres) -> AsyncIterator[Database]:
    pool = Database(hasty(postgres.runtime_url), pool_size=12)
    yield pool
    await pool.dispose()


def written(text: str, folder: Path = Path()) -> list[Scenario]:
    """The scenarios in a YAML text."""
    return read_scenarios(parse(text, "test.yaml"), "test.yaml", folder)


async def play(database: Database, scenarios: Sequence[Scenario], language: LanguageOf = no_language) -> list[Result]:
    bench = await bench_on(database, MiniLmEmbedder(), "local" if language is no_language else "llm", language)
    run = partial(run_one, bench, manner="text", make_phone=text_phone)
    return await run_all(scenarios, run, jobs=6, on_result=lambda _: None)


async def failures_of(database: Database, scenarios: Sequence[Scenario], language: LanguageOf = no_language) -> str:
    """What failed, as a reader wants to see it; empty when all passed."""
    results = await play(database, scenarios, language)
    failed = [as_text(result) for result in results if not result.passed]
    return f"{len(failed)} of {len(results)} failed:\n\n" + "\n\n".join(failed) if failed else ""
