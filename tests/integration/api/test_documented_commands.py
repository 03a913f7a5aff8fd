"""The commands of the documentation are run as they stand there, against a server."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from tests.integration.api.installation import Installation
from tests.support.console_blocks import ROOT, ConsoleBlock, console_blocks, pages
from tests.support.running_server import clean_environment

pytestmark = pytest.mark.asyncio(loop_scope="session")

IN_ORDER = ("docs/QUICK_START.md", "docs/API.md", "docs/KNOWLEDGE.md", "docs/AGENTS.md", "README.md")
"""Pages that are gone through in one shell. Their first sign-in is with the login that the server printed."""
ELSEWHERE = {
    ("docs/QUICK_START.md", "make run"): ".ci/run runs it: it makes an environment of its own",
    ("docs/QUICK_START.md", 'RECEPTION_URL="$URL" RECEPTION_KEY="$RECEPTION_KEY" RECEPTION_AGENT="$AGENT"'): (
        "tests/integration/api/test_twilio_webhook.py"
    ),
    ("docs/QUICK_START.md", 'RECEPTION_EMAIL="$EMAIL" RECEPTION_PASSWORD="$PASSWORD"'): (
        "tests/integration/api/test_examples.py"
    ),
    ("docs/QUICK_START.md", '.venv/bin/reception call --url "$URL"'): "tests/e2e/test_bad_input.py",
    ("README.md", "make run "): "makes an environment of its own",
    ("README.md", ".venv/bin/reception call "): "tests/e2e/test_booking_call.py",
    ("CONTRIBUTING.md", "make check"): "runs all tests, this one too",
    ("docs/ACCESS.md", "reception create-admin "): "tests/integration/test_create_admin.py",
    ("docs/KNOWLEDGE.md", "api POST /knowledge/ingest"): "tests/integration/test_site.py",
    ("docs/RUNNING.md", "python3.11 -m venv "): "tests/integration/test_image.py",
    ("docs/RUNNING.md", "reception/bin/pip install --no-deps "): "tests/integration/test_image.py",
    ("docs/RUNNING.md", "cp .env.example .env "): "tests/unit/test_container_files.py",
    ("docs/RUNNING.md", "reception backup "): "tests/integration/test_backup.py",
    ("docs/SCENARIOS.md", ".venv/bin/reception eval scenarios "): "tests/integration/test_eval_command.py",
    ("docs/SCENARIOS.md", ".venv/bin/reception eval record "): "tests/integration/test_recorded_scenarios.py",
}
"""Blocks, by how they begin, that are not run here: the test that runs what they do, or why none can."""
OURS = "http://127.0.0.1:8000"


def _exception(block: ConsoleBlock) -> str | None:
    return next((why for (page, begins), why in ELSEWHERE.items() if page == block.page and _fits(block, begins)), None)


def _fits(block: ConsoleBlock, begins: str) -> bool:
    return block.commands.startswith(begins)


def _script(installation: Installation) -> str:
    """What a reader types, with a line that tells which block has been come to before each."""
    lines = ["set -euo pipefail"]
    for page in IN_ORDER:
        for block in console_blocks(page):
            if _exception(block) is None:
                lines += [f"printf '\\n@@ {block}\\n'", block.commands]
    return "\n".join(lines).replace(OURS, installation.url)


async def test_each_command_is_run_by_some_test() -> None:
    blocks = [block for page in pages() for block in console_blocks(page)]
    unseen = [str(block) for block in blocks if block.page not in IN_ORDER and _exception(block) is None]
    assert not unseen, "run them in a test, and say in ELSEWHERE which"
    for (page, begins), why in ELSEWHERE.items():
        assert [block for block in blocks if block.page == page and _fits(block, begins)], f"{page} has no {begins!r}"
        if why.startswith("tests/"):
            assert (ROOT / why).is_file(), why


async def test_the_quick_start_and_the_guide_work_as_they_stand(installation: Installation, tmp_path: Path) -> None:
    for name in ("docs", "examples"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    script = tmp_path / "commands.sh"
    script.write_text(_script(installation), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        "bash", str(script), cwd=tmp_path, env=clean_environment(),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    typed = f"{installation.login.email}\n{installation.login.password}\n"
    async with asyncio.timeout(180):
        output, _ = await process.communicate(typed.encode())
    printed = output.decode()
    assert process.returncode == 0, printed[-4000:]
    answers = dict(re.findall(r"^@@ (\S+)$\n(.*?)(?=^@@ |\Z)", printed, re.MULTILINE | re.DOTALL))
    chatted = next(text for text in answers.values() if "Maria Ramos" in text and '"items"' in text)
    assert "yard" in chatted
    [booked] = json.loads(chatted[chatted.index('{"items"') :].partition("\n")[0])["items"]
    assert (booked["status"], booked["party_size"], booked["guest"]["name"]) == ("confirmed", 4, "Maria Ramos")
    assert booked["starts_at"][11:16] == "19:00"


async def test_the_other_businesses_of_the_quick_start_are_accepted(installation: Installation) -> None:
    text = (ROOT / "docs" / "QUICK_START.md").read_text(encoding="utf-8")
    bodies = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]
    assert [body["kind"] for body in bodies] == ["room", "staff"]
    shop = await installation.open_shop()
    for body in bodies:
        made = await installation.http.post("/resources", json=body, headers=shop.headers)
        assert made.status_code == 201, made.text
