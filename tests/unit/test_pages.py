"""The pages of the documentation hold together: links lead somewhere, and named tests exist."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support.console_blocks import ROOT, pages

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(curl|docker|make|pip|python3?|\.venv/bin/\w+|reception) ")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
PROOF = re.compile(r"`([\w/]+\.py)::(\w+)`")
FEATURES = ROOT / "docs" / "FEATURES.md"


def _prose(path: Path) -> str:
    return re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+)$", _prose(path), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"`|\[|\]\([^)]*\)", "", heading).lower())
        found.add(words.replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", pages())
def test_links_between_pages_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for match in LINK.finditer(_prose(path)):
        target = match[1] or match[2]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        reached = (path.parent / name).resolve() if name else path
        assert reached.exists(), f"{page} links to {target}"
        if anchor:
            assert anchor in _anchors(reached), f"{page} links to {target}"


@pytest.mark.parametrize("page", pages())
def test_commands_are_marked_as_such(page: str) -> None:
    """Else the tests would not see that they are to be run."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not [body for language, body in BLOCK.findall(text) if not language and COMMAND.match(body)]


@cache
def _tests_in(path: Path) -> frozenset[str]:
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_proof_of_a_feature_exists() -> None:
    proofs = PROOF.findall(FEATURES.read_text(encoding="utf-8"))
    assert len(proofs) > 80
    for file, name in proofs:
        path = ROOT / "tests" / file
        assert path.is_file(), f"{file} is named in {FEATURES.name}"
        assert name in _tests_in(path), f"{file}::{name} is named in {FEATURES.name}"


def test_every_feature_has_a_proof() -> None:
    rows = [line for line in FEATURES.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    unproved = [row for row in rows if not PROOF.search(row) and not row.endswith("| proved by |")]
    assert not unproved
