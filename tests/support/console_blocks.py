"""The commands that the documentation tells its readers to run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class ConsoleBlock:
    """A fenced block of shell commands; `page` is relative to the repository, `line` that of its first command."""

    page: str
    line: int
    commands: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Every page that readers are shown, relative to the repository."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def console_blocks(page: str) -> Iterator[ConsoleBlock]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in _BLOCK.finditer(text):
        yield ConsoleBlock(page, text.count("\n", 0, block.start(1)) + 1, block[1])
