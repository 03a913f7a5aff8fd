"""Figures of a period, of each of its buckets, and of the period before."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Row

from reception.domains.analytics.period import BEFORE, Period

_Figures = TypeVar("_Figures")


@dataclass(frozen=True, slots=True)
class Report(Generic[_Figures]):
    """`series` has every bucket of the period in order, by where it begins; `before` is of as many days before."""

    totals: _Figures
    before: _Figures
    series: Sequence[tuple[datetime, _Figures]]

    def changes(self) -> Mapping[str, float | None]:
        """How much each plain figure differs from that of the period before, as a share of it; None where that is
        nothing."""
        assert hasattr(self.totals, "__dataclass_fields__")
        names = [each.name for each in fields(self.totals)]  # type: ignore[arg-type]
        pairs = {name: (getattr(self.totals, name), getattr(self.before, name)) for name in names}
        return {name: _change(*pair) for name, pair in pairs.items() if all(_is_plain(value) for value in pair)}


def report(
    period: Period, rows: Iterable[Row[Any]], figures: Callable[[Sequence[Row[Any]]], _Figures]
) -> Report[_Figures]:
    """`figures` of the rows of the period, of the one before, and of each bucket, by `row.bucket`."""
    by_bucket: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        by_bucket[row.bucket].append(row)
    before = by_bucket.pop(BEFORE, [])
    return Report(
        totals=figures([row for bucket in by_bucket.values() for row in bucket]),
        before=figures(before),
        series=[
            (start, figures(by_bucket.get(number, ())))
            for number, start in enumerate(period.starts(), start=BEFORE + 1)
        ],
    )


def ratio(part: float, whole: float) -> float | None:
    """Rounded to four places; None where there is no whole."""
    return round(part / whole, 4) if whole else None


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, int | float)


def _change(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else round((now - before) / before, 4)
