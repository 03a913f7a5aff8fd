"""Cuts a document into passages that answer one thing each. Pure.

Markdown headings give each passage its path; a question stays with its answer; a table row becomes a sentence of its
own that names the columns; a list stays with the line that introduces it; long paragraphs are cut at sentence ends.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from reception.domains.knowledge.fields import fields_of
from reception.ports.knowledge import Fields

TARGET_CHARS = 700
_SHORT_CHARS = 60
_LONGEST_COLUMN = 40

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*")
_FENCE = re.compile(r"(```|~~~)")
_TABLE_ROW = re.compile(r"\s*\|.*\|\s*")
_TABLE_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*")
_ASKED = re.compile(r"\W*(q|question)\s*\d*\W*[:.)]\s*", re.IGNORECASE)
_ITEM = re.compile(r"\s*([-*+•]|\d+[.)])\s")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Chunking:
    """A passage grows up to `target_chars`; only an unbroken word is ever longer, and that up to twice as much. Where
    a text must be cut, the next passage begins with up to `overlap_chars` of sentences of the one before."""

    target_chars: int = TARGET_CHARS
    overlap_chars: int = 0


DEFAULT_CHUNKING = Chunking()


@dataclass(frozen=True, slots=True)
class Chunk:
    """`heading` is the path of headings, outermost first, joined by " > "; `place` the page or row, where there is one;
    `fields` what a row of a table states."""

    heading: str
    text: str
    place: str = ""
    fields: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of Markdown that stands at one `place`: a page of a file or of a site."""

    text: str
    place: str = ""


@dataclass(slots=True)
class _Outline:
    """The headings that are in force, by their level."""

    levels: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, title: str) -> None:
        self.levels = [(above, name) for above, name in self.levels if above < level] + [(level, title)]

    @property
    def path(self) -> str:
        return " > ".join(name for _, name in self.levels)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of a table, as a sentence, with what it states."""

    text: str
    fields: Fields


def chunk(text: str, chunking: Chunking = DEFAULT_CHUNKING) -> list[Chunk]:
    """The passages of `text`, in order; none of them empty."""
    return chunk_parts((Part(text),), chunking)


def chunk_parts(parts: Iterable[Part], chunking: Chunking = DEFAULT_CHUNKING) -> list[Chunk]:
    """The passages of a document's parts, in order. A heading stays in force over the parts that follow."""
    chunks: list[Chunk] = []
    outline = _Outline()
    for part in parts:
        for heading, blocks in _sections(part.text, outline):
            for passage in _joined(blocks):
                if isinstance(passage, _Row):
                    pieces = _split(passage.text, Chunking(chunking.target_chars))
                    chunks.extend(Chunk(heading, piece, part.place, passage.fields) for piece in pieces)
                else:
                    chunks.extend(Chunk(heading, piece, part.place) for piece in _split(passage, chunking))
    return chunks


def row_chunks(
    columns: Sequence[str], cells: Sequence[str], *, heading: str, place: str, chunking: Chunking = DEFAULT_CHUNKING
) -> list[Chunk]:
    """A row of a sheet: one passage that names the columns, or several that each begin with the first cell."""
    labels = [_label(column) for column in columns]
    text = _row(labels, [cell.replace(";", ",") for cell in cells])
    if not text:
        return []
    fields = fields_of(labels, cells)
    if len(text) <= 2 * chunking.target_chars:
        return [Chunk(heading, text, place, fields)]
    first, _, rest = text.partition("; ")
    room = Chunking(max(chunking.target_chars - len(first), chunking.target_chars // 2))
    return [Chunk(heading, f"{first}; {piece}", place, fields) for piece in _split(rest, room)]


def _sections(text: str, outline: _Outline) -> Iterator[tuple[str, list[str | _Row]]]:
    """Headings with the blocks under them. A block is a paragraph, a list, or one row of a table."""
    blocks, lines, fenced = list[str | _Row](), list[str](), False
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


def _blocks(lines: list[str]) -> Iterator[str | _Row]:
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
            cells = _cells(lines[index])
            row = _row(columns, cells)
            if row:
                yield _Row(row, fields_of(columns, cells))
            index += 1
    if prose:
        yield "\n".join(prose)


def _cells(line: str) -> list[str]:
    return [_plain(cell) for cell in line.strip().strip("|").split("|")]


def _label(column: str) -> str:
    """The name of a column as it can be read out: without brackets and the like."""
    return " ".join(re.sub(r"[^\w' -]+", " ", column).split())[:_LONGEST_COLUMN]


def _row(columns: Sequence[str], cells: Sequence[str]) -> str:
    """A table row as a sentence: "Room: Garden Double; Rate: $180; Sleeps: 2."."""
    padded = [*columns, *[""] * (len(cells) - len(columns))]
    named = (f"{column}: {cell}" if column else cell for column, cell in zip(padded, cells, strict=False) if cell)
    sentence = "; ".join(named)
    return sentence if not sentence or sentence[-1] in ".!?" else f"{sentence}."


def _joined(blocks: list[str | _Row]) -> Iterator[str | _Row]:
    """Blocks that belong together as one: questions with answers, introductions with what they introduce."""
    held: str | _Row | None = None
    answering = False
    for block in blocks:
        text = block.text if isinstance(block, _Row) else block
        asks = _asks(text)
        if held is not None and (asks or not (answering or _introduces(held))):
            yield held
            held = None
        if held is None:
            answering = bool(_ASKED.match(text))
            held = block
            continue
        fields = {**_fields(held), **_fields(block)}
        joined = f"{held.text if isinstance(held, _Row) else held}\n{text}"
        held = _Row(joined, fields) if fields else joined
    if held is not None:
        yield held


def _fields(block: str | _Row) -> Fields:
    return block.fields if isinstance(block, _Row) else {}


def _asks(block: str) -> bool:
    """Whether a block is a question and nothing else, or is marked as one."""
    return bool(_ASKED.match(block)) or ("\n" not in block and _plain(block).endswith("?"))


def _introduces(held: str | _Row) -> bool:
    """Whether what follows belongs to a block: it is a bare question, ends in a colon, or too short alone."""
    block = held.text if isinstance(held, _Row) else held
    last = _plain(block.rsplit("\n", 1)[-1])
    if last.endswith((":", "?")):
        return True
    is_label = "\n" not in block and len(block) < _SHORT_CHARS and not _ITEM.match(block)
    return is_label and not last.endswith((".", "!"))


def _plain(text: str) -> str:
    """`text` without the marks of emphasis around it."""
    return text.strip().strip("*_`").strip()


def _split(passage: str, chunking: Chunking) -> Iterator[str]:
    """`passage` whole, or cut at ends of lines or sentences into pieces near the target length."""
    if len(passage) <= chunking.target_chars:
        if passage.strip():
            yield passage.strip()
        return
    held: list[tuple[str, str]] = []
    length = fresh = 0
    for piece, glue in _pieces(passage, chunking.target_chars):
        if fresh and length + len(glue) + len(piece) > chunking.target_chars:
            yield _glued(held)
            held = _tail(held, min(chunking.overlap_chars, chunking.target_chars - len(piece) - 1))
            length, fresh = len(_glued(held)), 0
        held.append((piece, glue))
        length += len(piece) + (len(glue) if len(held) > 1 else 0)
        fresh += 1
    if fresh:
        yield _glued(held)


def _glued(pieces: Sequence[tuple[str, str]]) -> str:
    return "".join(piece if at == 0 else glue + piece for at, (piece, glue) in enumerate(pieces))


def _tail(pieces: list[tuple[str, str]], longest: int) -> list[tuple[str, str]]:
    """The last of `pieces` that together are no longer than `longest`."""
    kept: list[tuple[str, str]] = []
    for piece in reversed(pieces):
        if len(_glued([piece, *kept])) > longest:
            break
        kept.insert(0, piece)
    return kept


def _pieces(passage: str, target_chars: int) -> Iterator[tuple[str, str]]:
    """Sentences, each with what joins it to the one before; those too long come as runs of words."""
    for line in passage.splitlines():
        glue = "\n"
        for sentence in _SENTENCE_END.split(line):
            for piece in _runs(sentence.strip(), target_chars):
                yield piece, glue
                glue = " "


def _runs(sentence: str, target_chars: int) -> Iterator[str]:
    held = ""
    for word in sentence.split() if len(sentence) > target_chars else [sentence]:
        for start in range(0, len(word), target_chars):
            part = word[start : start + target_chars]
            if held and len(held) + 1 + len(part) > target_chars:
                yield held
                held = ""
            held = f"{held} {part}" if held else part
    if held:
        yield held
