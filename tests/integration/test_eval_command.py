"""`reception eval` as a command: what it prints, what it writes, and how it exits."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from reception.cli.app import app
from reception.db.embedded import EmbeddedPostgres, running_server

GOOD_AND_BAD = """
business: {name: Noodle Bar, hours: daily 10-22, tables: {2: 2}, documents: {Menu: "# Menu\\n## Soup\\nSoup costs $9."}}
tags: [quick]
scenarios:
  - name: Soup
    turns: [How much is the soup]
    expect: {said: [$9], reservations: none}
  - name: A table that nobody booked <at all>
    turns: [How much is the soup]
    expect: {said: [lobster], reservations: [{party: 2}]}
"""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["eval", *arguments], env={"COLUMNS": "200", "NO_COLOR": "1"})
    return result.exit_code, result.output


def test_a_failure_is_shown_written_and_told_by_the_exit_code(tmp_path: Path) -> None:
    file, junit, html = tmp_path / "noodles.yaml", tmp_path / "out" / "junit.xml", tmp_path / "page.html"
    file.write_text(GOOD_AND_BAD)
    code, printed = run(str(file), "--junit", str(junit), "--html", str(html))
    assert code == 1
    assert "1 of 2 scenarios passed" in printed
    assert 'the agent never said anything with "lobster"' in printed
    assert "no row with party 2" in printed
    suite = ET.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    (failure,) = suite.iter("failure")
    assert "lobster" in str(failure.get("message"))
    assert "Caller: How much is the soup" in str(failure.text)
    page = html.read_text()
    assert "1 of 2 passed" in page
    assert "nobody booked &lt;at all&gt;" in page


def test_json_is_one_document_and_all_passing_exits_with_zero(tmp_path: Path) -> None:
    file = tmp_path / "noodles.yaml"
    file.write_text(GOOD_AND_BAD)
    code, printed = run(str(file), "-k", "soup", "--tag", "quick", "--json")
    assert code == 0
    document = json.loads(printed)
    assert (document["passed"], document["failed"]) == (1, 0)
    assert document["scenarios"][0]["exchanges"][1]["did"] == "How much is the soup"


def test_files_are_checked_without_being_run(tmp_path: Path) -> None:
    file = tmp_path / "noodles.yaml"
    file.write_text(GOOD_AND_BAD)
    assert run("--check", str(tmp_path)) == (0, "2 scenarios are valid.\n")
    file.write_text(GOOD_AND_BAD.replace("expect:", "expects:"))
    code, printed = run(str(file), "--check")
    assert code == 2
    assert f'{file}:7: scenarios[0].expects: "expects" is no field of a scenario. Did you mean "expect"?' in printed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--mode", "magic"], "local, llm"),
        (["-k", "nothing like it"], "No scenario is left"),
        (["--speech"], "No scenario is left"),
        (["--mode", "llm"], "No language model is configured"),
    ],
)
def test_what_cannot_be_run_says_why(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("GROQ_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "RECEPTION_LLM"):
        monkeypatch.delenv(variable, raising=False)
    file = tmp_path / "noodles.yaml"
    file.write_text(GOOD_AND_BAD)
    code, printed = run(str(file), *arguments)
    assert code == 2
    assert told in printed


def test_a_server_that_runs_is_found_by_its_directory(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    assert running_server(tmp_path) is None
    assert running_server(postgres.data_dir) == postgres.runtime_url


def test_recording_needs_a_tenant_that_there_is(tmp_path: Path) -> None:
    nobody = "01990000-0000-7000-8000-000000000999"
    result = CliRunner().invoke(app, ["eval", "record", nobody, "--tenant", "nowhere", "--data-dir", str(tmp_path)])
    assert result.exit_code == 1
    assert "harbor-table" in result.output
