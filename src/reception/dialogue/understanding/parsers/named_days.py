"""Days that have names, and when they next come."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from reception.dialogue.understanding.parsers.normalize import Token, word_at


def easter_sunday(year: int) -> date:
    """Western Easter, by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    ell = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * ell) // 451
    month, day = divmod(h + ell - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _thanksgiving(year: int) -> date:
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def _mothers_day(year: int) -> date:
    first = date(year, 5, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7)


def _fathers_day(year: int) -> date:
    first = date(year, 6, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 14)


def _fixed(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


_NAMED: tuple[tuple[tuple[str, ...], Callable[[int], date]], ...] = (
    (("christmas", "eve"), _fixed(12, 24)),
    (("christmas", "day"), _fixed(12, 25)),
    (("christmas",), _fixed(12, 25)),
    (("boxing", "day"), _fixed(12, 26)),
    (("new", "year's", "eve"), _fixed(12, 31)),
    (("new", "years", "eve"), _fixed(12, 31)),
    (("new", "year's", "day"), _fixed(1, 1)),
    (("new", "years", "day"), _fixed(1, 1)),
    (("new", "year's"), _fixed(1, 1)),
    (("valentine's", "day"), _fixed(2, 14)),
    (("valentines", "day"), _fixed(2, 14)),
    (("valentine's",), _fixed(2, 14)),
    (("saint", "patrick's", "day"), _fixed(3, 17)),
    (("st", "patrick's", "day"), _fixed(3, 17)),
    (("halloween",), _fixed(10, 31)),
    (("thanksgiving",), _thanksgiving),
    (("mother's", "day"), _mothers_day),
    (("father's", "day"), _fathers_day),
    (("good", "friday"), lambda year: easter_sunday(year) - timedelta(days=2)),
    (("easter", "sunday"), easter_sunday),
    (("easter", "monday"), lambda year: easter_sunday(year) + timedelta(days=1)),
    (("easter",), easter_sunday),
)


_BY_FIRST_WORD = {
    first: tuple(entry for entry in _NAMED if entry[0][0] == first) for first in {e[0][0] for e in _NAMED}
}


def read_named_day(tokens: Sequence[Token], at: int, today: date) -> tuple[date, int] | None:
    """The next such day, today included, and the end of its words."""
    for words, on in _BY_FIRST_WORD.get(word_at(tokens, at), ()):
        if all(word_at(tokens, at + offset) == word for offset, word in enumerate(words)):
            day = on(today.year)
            return (day if day >= today else on(today.year + 1)), at + len(words)
    return None
