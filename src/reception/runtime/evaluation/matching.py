"""Matchers of texts and of rows: what they test, and how they read in a report."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_SPACES = re.compile(r"\s+")
_HALF_OF_DAY = re.compile(r"\b([ap])\.\s?m\.?", re.IGNORECASE)


def plain(text: str) -> str:
    """`text` in lower case, with single blanks, straight quotes and "pm" for "p.m."."""
    straight = text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"')
    return _SPACES.sub(" ", _HALF_OF_DAY.sub(r"\1m", straight)).strip().casefold()


@dataclass(frozen=True, slots=True)
class Match:
    """A test of one value. `told` reads as in "expected …"."""

    told: str
    test: Callable[[Any], bool]

    def __call__(self, value: Any) -> bool:
        return self.test(value)


@dataclass(frozen=True, slots=True)
class RowWanted:
    """A row by some of its fields; `status` is one of them where it was given or has a default."""

    fields: tuple[tuple[str, Match], ...]
    count: int = 1
    line: int = 0

    @property
    def told(self) -> str:
        return ", ".join(f"{name} {match.told}" for name, match in self.fields) or "any"

    def mismatches(self, row: Mapping[str, Any]) -> list[str]:
        """Which fields of `row` are not as wanted."""
        return [
            f"{name} is {_shown(row.get(name))}, not {match.told}"
            for name, match in self.fields
            if not match(row.get(name))
        ]


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """What a table must hold.

    `table` names a view of `rows.VIEWS`, or a table of tenants. `exactly` are the rows that are new or changed, with
    no others; None leaves that open. `includes` must be there, `excludes` must not. `count` is of rows that stand.
    `unchanged`: nothing is new or changed. `none`: nothing stands at all.
    """

    table: str
    exactly: tuple[RowWanted, ...] | None = None
    includes: tuple[RowWanted, ...] = ()
    excludes: tuple[RowWanted, ...] = ()
    count: tuple[int, int] | None = None
    unchanged: bool = False
    none: bool = False
    line: int = 0


def _shown(value: object) -> str:
    return "empty" if value in (None, "") else f'"{value}"' if isinstance(value, str) else str(value)


def equals(text: str) -> Match:
    wanted = plain(text)
    return Match(f'"{text}"', lambda value: plain(str(value if value is not None else "")) == wanted)


def contains(text: str) -> Match:
    wanted = plain(text)
    return Match(f'with "{text}"', lambda value: wanted in plain(_as_text(value)))


def matches(pattern: re.Pattern[str]) -> Match:
    return Match(f"like /{pattern.pattern}/", lambda value: pattern.search(_as_text(value)) is not None)


def any_of(options: Sequence[Match]) -> Match:
    return Match(" or ".join(one.told for one in options), lambda value: any(one(value) for one in options))


def all_of(parts: Sequence[Match]) -> Match:
    return Match(" and ".join(one.told for one in parts), lambda value: all(one(value) for one in parts))


def negated(inner: Match) -> Match:
    return Match(f"not {inner.told}", lambda value: not inner(value))


EMPTY = Match("empty", lambda value: value in (None, "", [], {}))
PRESENT = Match("anything", lambda value: value not in (None, "", [], {}))


def same(value: object, told: str = "") -> Match:
    return Match(told or f"{value}", lambda other: bool(other == value))


def within(least: float, most: float) -> Match:
    return Match(f"{least:g} to {most:g}", lambda value: isinstance(value, int | float) and least <= value <= most)


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_as_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(_as_text, value))
    return "" if value is None else str(value)
