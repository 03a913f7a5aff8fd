"""The scenarios that ship, played as text against the real dialogue and a real database."""

from pathlib import Path

import pytest

from reception.db.database import Database
from reception.runtime.evaluation.scenario_file import load_all, scenario_files
from tests.support.scenarios import failures_of

SCENARIOS = Path(__file__).parents[2] / "scenarios"


async def test_every_scenario_that_ships_passes(hasty_database: Database) -> None:
    if failed := await failures_of(hasty_database, load_all(scenario_files([SCENARIOS]))):
        pytest.fail(failed, pytrace=False)


def test_as_many_ship_as_are_promised() -> None:
    scenarios = load_all(scenario_files([SCENARIOS]))
    assert len(scenarios) >= 60
    assert sum(one.speech.spoken for one in scenarios) >= 30
    assert {one.business.spec.kind.value for one in scenarios} >= {
        "restaurant",
        "hotel",
        "real_estate",
        "salon",
        "clinic",
    }
