"""Cuts a document into passages that answer one thing each. Pure.

Markdown headings give each passage its path; a question stays with its answer; a table row becomes a sentence of its
own that names the columns; a list stays with the line that introduces it; long paragraphs are cut at sentence ends.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

TARGET_CHARS = 700
"""A passage grows up to this; only an unbroken word is ever longer, and that up to twice as much."""
_SHORT_CHARS = 60

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
_FENCE = re.compile(r"(```|~~~)")
_TABLE_ROW = re.compile(r"\s*\|.*\|\s*")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_ASKED = re.compile(r"\W*(q|question)\s*\d*\W*[:.)]\s*", re.IGNORECASE)
_ITEM = re.compile(r"\s*([-*+•]|\d+[.)])\s")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Chunk:
    """`heading` is the path of headings, outermost first, joined by " > "."""

    heading: str
    text: str


@dataclass(slots=True)
class _Outline:
    """The headings that are in force, by their level."""

    levels: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, title: str) -> None:
        self.levels = [(above, name) for above, name in self.levels if above < level] + [(level, title)]

    @property
    def path(self) -> str:
        return " > ".join(name for _, name in self.levels)


def chunk(text: str) -> list[Chunk]:
    """The passages of `text`, in order; none of them empty."""
    chunks: list[Chunk] = []
    for heading, blocks in _sections(text):
        for passage in _joined(blocks):
            chunks.extend(Chunk(heading, piece) for piece in _split(passage))
    return chunks


def _sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Headings with the blocks under them. A block is a paragraph, a list, or one row of a table."""
    outline, blocks, lines, fenced = _Outline(), list[str](), list[str](), False
    for line in [*text.splitlines(), ""]:
        if _FENCE.match(line.strip()):
            fenced = not fenced
        heading = None if fenced else _HEADING.fullmatch(line.strip())
        if heading is None and (fenced or line.strip()):
            lines.append(line.rstrip())
            continue
        blocks.extend(_blocks(lines))
        lines = []
        if heading is not None:
            if blocks:
                yield outline.path, blocks
                blocks = []
            outline.enter(len(heading[1]), _plain(heading[2]))
    blocks.extend(_blocks(lines))
    if blocks:
        yield outline.path, blocks


def _blocks(lines: list[str]) -> Iterator[str]:
    """What a run of lines without a gap consists of: text, and rows of tables."""
    prose: list[str] = []
    index = 0
    while index < len(lines):
        starts_table = (
            _TABLE_ROW.fullmatch(lines[index]) and index + 1 < len(lines) and _TABLE_RULE.fullmatch(lines[index + 1])
        )
        if not starts_table:
            prose.append(lines[index])
            index += 1
            continue
        if prose:
            yield "\n".join(prose)
            prose = []
        columns, index = _cells(lines[index]), index + 2
        while index < len(lines) and _TABLE_ROW.fullmatch(lines[index]):
            row = _row(columns, _cells(lines[index]))
            if row:
                yield row
            index += 1
    if prose:
        yield "\n".join(prose)


def _cells(line: str) -> list[str]:
    return [_plain(cell) for cell in line.strip().strip("|").split("|")]


def _row(columns: list[str], cells: list[str]) -> str:
    """A table row as a sentence: "Room: Garden Double; Rate: $180; Sleeps: 2."."""
    padded = columns + [""] * (len(cells) - len(columns))
    named = (f"{column}: {cell}" if column else cell for column, cell in zip(padded, cells, strict=False) if cell)
    sentence = "; ".join(named)
    return sentence if not sentence or sentence[-1] in ".!?" else f"{sentence}."


def _joined(blocks: list[str]) -> Iterator[str]:
    """Blocks that belong together as one: questions with answers, introductions with what they introduce."""
    held = ""
    answering = False
    for block in blocks:
        asks = _asks(block)
        if held and (asks or not (answering or _introduces(held))):
            yield held
            held = ""
        if not held:
            answering = bool(_ASKED.match(block))
        held = f"{held}\n{block}" if held else block
    if held:
        yield held


def _asks(block: str) -> bool:
    """Whether a block is a question and nothing else, or is marked as one."""
    return bool(_ASKED.match(block)) or ("\n" not in block and _plain(block).endswith("?"))


def _introduces(block: str) -> bool:
    """Whether what follows belongs to a block: it is a bare question, ends in a colon, or too short alone."""
    last = _plain(block.rsplit("\n", 1)[-1])
    if last.endswith((":", "?")):
        return True
    is_label = "\n" not in block and len(block) < _SHORT_CHARS and not _ITEM.match(block)
    return is_label and not last.endswith((".", "!"))


def _plain(text: str) -> str:
    """`text` without the marks of emphasis around it."""
    return text.strip().strip("*_`").strip()


def _split(passage: str) -> Iterator[str]:
    """`passage` whole, or cut at ends of lines or sentences into pieces near the target length."""
    if len(passage) <= TARGET_CHARS:
        if passage.strip():
            yield passage.strip()
        return
    held = ""
    for piece, glue in _pieces(passage):
        if held and len(held) + len(glue) + len(piece) > TARGET_CHARS:
            yield held
            held = ""
        held = f"{held}{glue}{piece}" if held else piece
    if held:
        yield held


def _pieces(passage: str) -> Iterator[tuple[str, str]]:
    """Sentences, each with what joins it to the one before; those too long come as runs of words."""
    for line in passage.splitlines():
        glue = "\n"
        for sentence in _SENTENCE_END.split(line):
            for piece in _runs(sentence.strip()):
                yield piece, glue
                glue = " "


def _runs(sentence: str) -> Iterator[str]:
    held = ""
    for word in sentence.split() if len(sentence) > TARGET_CHARS else [sentence]:
        for start in range(0, len(word), TARGET_CHARS):
            part = word[start : start + TARGET_CHARS]
            if held and len(held) + 1 + len(part) > TARGET_CHARS:
                yield held
                held = ""
            held = f"{held} {part}" if held else part
    if held:
        yield held
