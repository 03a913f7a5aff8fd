"""Tables as CSV (RFC 4180) that a spreadsheet can open without harm."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in header])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def columns_of(figures: object, prefix: str = "") -> Mapping[str, object]:
    """The figures of a dataclass by the names of columns: `outcomes.booked` for what is in a mapping."""
    values: Mapping[str, Any] = {}
    if is_dataclass(figures):
        values = {each.name: getattr(figures, each.name) for each in fields(figures)}
    elif isinstance(figures, Mapping):
        values = figures
    found: dict[str, object] = {}
    for name, value in values.items():
        if is_dataclass(value) or isinstance(value, Mapping):
            found.update(columns_of(value, f"{prefix}{name}."))
        else:
            found[f"{prefix}{name}"] = value
    return found


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
