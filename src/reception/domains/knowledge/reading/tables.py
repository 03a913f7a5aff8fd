"""Rows under a header, whatever kind of file they come from. Pure."""

import re
from collections.abc import Iterable, Sequence

from reception.domains.knowledge.chunking import Chunk, Chunking, Part, chunk_parts, row_chunks
from reception.domains.knowledge.reading import problems
from reception.domains.knowledge.reading.hygiene import visible
from reception.domains.knowledge.reading.result import MOST_ROWS

_FIGURE = re.compile(r"[$€£]?\s?[\d.,]+\s?%?")
_PLAIN_SHEET = re.compile(r"(sheet|tabelle|feuil|hoja|blad|table|data)\s?\d*", re.IGNORECASE)
_SEARCHED_FOR_HEADER = 15

NumberedRow = tuple[int, list[str]]


def sheet_chunks(name: str, rows: Iterable[NumberedRow], chunking: Chunking, *, several: bool) -> list[Chunk]:
    """Passages of a sheet. What stands above the header becomes its heading; rows of one cell among the others head
    those that follow ("Starters").

    Args:
        rows: their numbers, from 1, and cells.
        several: whether the file has other sheets, so that a row's place needs this one's name.

    Raises:
        Unreadable: more rows than can be taken in.
    """
    filled = [(number, [_clean(cell) for cell in cells]) for number, cells in rows]
    filled = [(number, cells) for number, cells in filled if any(cells)]
    if len(filled) > MOST_ROWS:
        raise problems.too_many_passages(MOST_ROWS)
    title = "" if _PLAIN_SHEET.fullmatch(name) else _clean(name)
    at = header_at([cells for _, cells in filled[:_SEARCHED_FOR_HEADER]])
    if at is None:
        text = "\n\n".join(" ".join(filter(None, cells)) for _, cells in filled)
        return chunk_parts([Part(f"# {title}\n{text}" if title else text)], chunking)
    above = [" ".join(filter(None, cells)) for _, cells in filled[:at]]
    heading = " > ".join(filter(None, [title, *above[:1]]))
    columns = filled[at][1]
    chunks: list[Chunk] = []
    section = ""
    for number, cells in filled[at + 1 :]:
        told = [cell for cell in cells if cell]
        if len(told) == 1 and cells[0] and len(columns) > 2 and not _FIGURE.fullmatch(told[0]):
            section = told[0]
            continue
        path = " > ".join(filter(None, [heading, section]))
        place = f"{name}, row {number}" if several else f"row {number}"
        chunks += row_chunks(columns, cells, heading=path, place=place, chunking=chunking)
    return chunks


def header_at(rows: Sequence[Sequence[str]]) -> int | None:
    """The index of the row that names the columns: the first that is filled as far as others are, without figures."""
    widths = [sum(bool(cell) for cell in row) for row in rows]
    widest = max(widths, default=0)
    if widest < 2 or len(rows) < 2:
        return None
    for index, (row, width) in enumerate(zip(rows[:-1], widths, strict=False)):
        named = [cell for cell in row if cell]
        if width >= max(2, widest - 1) and not any(_FIGURE.fullmatch(cell) or len(cell) > 60 for cell in named):
            return index
    return None


def _clean(cell: str) -> str:
    return " ".join(visible(cell).split())
