"""One page of a PDF as Markdown: its lines in reading order, paragraphs, headings and tables."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reception.domains.knowledge.reading.hygiene import visible
from reception.domains.knowledge.reading.tables import header_at

_LARGER = 1.12
_LONGEST_HEADING = 120
_LINE_TOLERANCE = 3.0
_PARAGRAPH_GAP = 0.75
"""The gap between lines, in heights of a line, beyond which a paragraph ends."""
_MOST_STROKES = 4_000
_MOST_COLUMNS = 30
_FEWEST_COLUMN_WORDS = 3.0
_BULLETS = "•●▪◦‣·–-*"


@dataclass(frozen=True, slots=True)
class Headings:
    """The sizes of headings, largest first; a line of the first one's is of the first level."""

    body: float = 0.0
    sizes: tuple[float, ...] = ()

    @classmethod
    def of(cls, sizes: "Counter[float]") -> "Headings":
        """From how many characters there are of each size: the commonest is the text's."""
        if not sizes:
            return cls()
        body = sizes.most_common(1)[0][0]
        larger = sorted((size for size in sizes if size >= body * _LARGER), reverse=True)
        return cls(body, tuple(larger[:4]))

    def level(self, size: float) -> int:
        """1 to 4, or 0 for text."""
        near = [level for level, heading in enumerate(self.sizes, start=1) if abs(size - heading) < 0.3]
        return near[0] if near else 0


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    top: float
    bottom: float
    size: float
    bold: bool


def page_markdown(page: Any, headings: Headings, columns: Sequence[str]) -> tuple[str, list[str]]:
    """A page's text, and the columns of the table that its last lines belong to.

    Args:
        columns: those of the table that the page before ended with, which goes on here when it has as many.
    """
    tables = _tables(page)
    words = [word for word in _words(page) if not any(_within(word, table.bbox) for table in tables)]
    items: list[tuple[float, str]] = []
    carried = list(columns)
    for table in tables:
        rows = [[_cell(cell) for cell in row] for row in table.extract()]
        rows = [row for row in rows if any(row)]
        if not rows:
            continue
        goes_on = len(carried) == len(rows[0]) and header_at(rows) is None and rows[0] != carried
        header = carried if goes_on else rows.pop(0)
        items.append((float(table.bbox[1]), _markdown(header, rows)))
        carried = header
    # Columns of text are read one after the other, and after that nothing is above or below anything else.
    offset = 0.0
    for column in _columns(words, float(page.width)):
        items += [(offset + top, text) for top, text in _paragraphs(_lines(column), headings)]
        offset += float(page.height) * (not tables)
    items.sort(key=lambda item: item[0])
    ends_in_table = bool(items) and items[-1][1].startswith("| ")
    return "\n\n".join(text for _, text in items), carried if ends_in_table else []


def _tables(page: Any) -> list[Any]:
    if len(page.lines) + len(page.rects) + len(page.curves) > _MOST_STROKES:
        return []
    found = page.find_tables()
    return [table for table in found if len(table.rows) > 1 and 1 < len(table.columns) <= _MOST_COLUMNS]


def _words(page: Any) -> list[Any]:
    words: list[Any] = page.extract_words(extra_attrs=["size", "fontname"], keep_blank_chars=False)
    return words


def _within(word: Any, bbox: tuple[float, float, float, float]) -> bool:
    middle_x, middle_y = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
    return bool(bbox[0] <= middle_x <= bbox[2] and bbox[1] <= middle_y <= bbox[3])


def _columns(words: list[Any], width: float) -> list[list[Any]]:
    """The words of a page of one column, or of its left and then its right one. A price beside a dish is no column."""
    for tenths in (50, 48, 52, 46, 54):
        at = width * tenths / 100
        left = [word for word in words if word["x1"] <= at]
        right = [word for word in words if word["x0"] >= at]
        crossing = len(words) - len(left) - len(right)
        if crossing <= 0.05 * len(words) and min(len(left), len(right)) > 0.25 * len(words):
            if min(_words_a_line(left), _words_a_line(right)) < _FEWEST_COLUMN_WORDS:
                return [words]
            middle = [word for word in words if word["x0"] < at < word["x1"]]
            return [[*middle, *left], right]
    return [words]


def _words_a_line(words: list[Any]) -> float:
    return len(words) / max(1, len({round(word["top"] / 4) for word in words}))


def _lines(words: list[Any]) -> list[_Line]:
    rows: list[list[Any]] = []
    for word in sorted(words, key=lambda word: (word["top"], word["x0"])):
        if rows and abs(word["bottom"] - rows[-1][0]["bottom"]) <= _LINE_TOLERANCE:
            rows[-1].append(word)
        else:
            rows.append([word])
    lines = []
    for row in rows:
        row.sort(key=lambda word: word["x0"])
        text = " ".join(visible(" ".join(str(word["text"]) for word in row)).split())
        if text:
            size = Counter(round(float(word["size"]), 1) for word in row).most_common(1)[0][0]
            bold = all("bold" in str(word["fontname"]).lower() for word in row)
            lines.append(_Line(text, min(w["top"] for w in row), max(w["bottom"] for w in row), size, bold))
    return lines


def _paragraphs(lines: list[_Line], headings: Headings) -> list[tuple[float, str]]:
    items: list[tuple[float, str]] = []
    before: _Line | None = None
    for line in lines:
        level = _level(line, headings)
        if level:
            items.append((line.top, f"{'#' * level} {line.text}"))
            before = None
            continue
        text = f"- {line.text[1:].strip()}" if line.text[0] in _BULLETS and line.text[1:2] == " " else line.text
        text = text.lstrip("#|") if not text.startswith("- ") else text
        goes_on = before is not None and line.top - before.bottom < _PARAGRAPH_GAP * (line.bottom - line.top)
        if goes_on and items:
            top, held = items[-1]
            items[-1] = (top, f"{held}\n{text}")
        else:
            items.append((line.top, text))
        before = line
    return items


def _level(line: _Line, headings: Headings) -> int:
    if len(line.text) > _LONGEST_HEADING or not any(character.isalpha() for character in line.text):
        return 0
    level = headings.level(line.size)
    if level:
        return level
    alone = line.bold and not line.text.endswith((".", ",", ";")) and len(line.text) < _LONGEST_HEADING / 2
    return len(headings.sizes) + 1 if alone and line.size >= headings.body else 0


def _cell(cell: object) -> str:
    return " ".join(visible(str(cell or "")).split()).replace("|", "/")


def _markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
