"""docs/SCENARIOS.md: every scenario on the page is played, and passes."""

import re
from pathlib import Path

import pytest

from reception.db.database import Database
from reception.runtime.evaluation.document import members, parse
from reception.runtime.evaluation.scenario import Scenario
from reception.runtime.evaluation.scenario_file import read_scenarios
from tests.support.scenarios import failures_of

PAGE = Path(__file__).parents[2] / "docs" / "SCENARIOS.md"


def blocks() -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def scenarios() -> list[Scenario]:
    found: list[Scenario] = []
    for number, block in enumerate(blocks(), start=1):
        documents = parse(block, f"example {number}")
        assert all("business" in members(document) for document in documents), block
        found += read_scenarios(documents, f"example {number}", PAGE.parent)
    return found


async def test_every_example_on_the_page_passes(hasty_database: Database) -> None:
    played = scenarios()
    assert len(played) >= 10
    assert {one.business.spec.kind.value for one in played} >= {"restaurant", "hotel", "salon", "real_estate"}
    if failed := await failures_of(hasty_database, played):
        pytest.fail(failed, pytrace=False)
