"""Excel and CSV files: each row is a passage that names its columns."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from reception.domains.knowledge.reading import problems
from reception.domains.knowledge.reading.formats import check_archive, read_text
from reception.domains.knowledge.reading.result import MOST_COLUMNS, MOST_ROWS, Reading, Source
from reception.domains.knowledge.reading.tables import NumberedRow, sheet_chunks

_MOST_SHEETS = 50
_MOST_EMPTY_ROWS = 1_000
_LONGEST_CELL = 8_000
_SNIFFED_CHARS = 64_000
_CURRENCY = re.compile(r"[$€£]")


def read_excel(source: Source) -> Reading:
    """The passages of an .xlsx file, from every sheet that is shown.

    Raises:
        Unreadable: it is damaged, or has too many rows.
    """
    check_archive(Path(source.path)).close()
    with Path(source.path).open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except (InvalidFileException, KeyError, ValueError, ParseError, OSError):
            raise problems.damaged() from None
        return _read_book(book, source)


def read_csv(source: Source) -> Reading:
    """The passages of a file of comma, semicolon or tab separated values.

    Raises:
        Unreadable: it is no text, or has too many rows.
    """
    text = read_text(Path(source.path))
    csv.field_size_limit(_LONGEST_CELL * 10)
    try:
        rows = list(_csv_rows(text))
    except csv.Error:
        raise problems.damaged("A line of this file") from None
    reading = Reading("csv", page_count=len(rows))
    name = Path(source.name).stem.replace("_", " ").replace("-", " ")
    reading.chunks = sheet_chunks(name, rows, source.chunking, several=False)
    return reading


def _read_book(book: Any, source: Source) -> Reading:
    reading = Reading("excel")
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"][:_MOST_SHEETS]
    hidden = len(book.worksheets) - len(sheets)
    if hidden:
        reading.notes.append(f"{hidden} hidden sheet(s) were left out.")
    for sheet in sheets:
        try:
            rows = list(_excel_rows(sheet))
        except (KeyError, ValueError, ParseError):
            raise problems.damaged() from None
        reading.page_count += len(rows)
        reading.chunks += sheet_chunks(sheet.title, rows, source.chunking, several=len(sheets) > 1)
    book.close()
    return reading


def _excel_rows(sheet: Any) -> Iterator[NumberedRow]:
    empty = found = 0
    for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), start=1):
        values = [_shown(cell) for cell in cells]
        while values and not values[-1]:
            values.pop()
        if not values:
            empty += 1
            if empty > _MOST_EMPTY_ROWS:
                return
            continue
        empty = 0
        found += 1
        if found > MOST_ROWS:
            raise problems.too_many_passages(MOST_ROWS)
        yield number, values


def _shown(cell: Any) -> str:
    """A cell as Excel shows it, nearly: amounts with their currency, shares in percent, dates without midnight."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, int | float):
        return _figure(value, str(getattr(cell, "number_format", "") or ""))
    return str(value)[:_LONGEST_CELL]


def _figure(value: float, number_format: str) -> str:
    if "%" in number_format:
        return f"{value * 100:.4g}%"
    whole = float(value).is_integer()
    currency = _CURRENCY.search(number_format)
    if currency is not None:
        return f"{currency.group()}{value:,.0f}" if whole else f"{currency.group()}{value:,.2f}"
    return f"{value:.0f}" if whole and abs(value) < 1e15 else f"{value:.10g}"


def _csv_rows(text: str) -> Iterator[NumberedRow]:
    try:
        dialect: Any = csv.Sniffer().sniff(text[:_SNIFFED_CHARS], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    found = 0
    for number, row in enumerate(csv.reader(io.StringIO(text), dialect), start=1):
        if not any(cell.strip() for cell in row):
            continue
        found += 1
        if found > MOST_ROWS + 1:
            raise problems.too_many_passages(MOST_ROWS)
        yield number, [cell[:_LONGEST_CELL] for cell in row[:MOST_COLUMNS]]
