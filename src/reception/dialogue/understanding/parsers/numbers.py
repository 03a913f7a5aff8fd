"""Number words and figures, cardinal and ordinal, as people say them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.understanding.parsers.normalize import Token, word_at

UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_ORDINAL_UNITS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
}  # fmt: skip
_ORDINAL_TENS = {
    "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "seventieth": 70,
    "eightieth": 80, "ninetieth": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
HOMOPHONES = {"to": 2, "too": 2, "for": 4, "fore": 4, "ate": 8, "won": 1, "sex": 6, "tree": 3, "tu": 2}
"""What transcription writes for a lone number; only believed where a number was asked for."""

_LARGEST_DIGITS = 9
_ORDINAL_FIGURES = re.compile(r"(\d+)(?:st|nd|rd|th)")


@dataclass(frozen=True, slots=True)
class Number:
    """`value` read from the tokens up to, not including, `end`. Of "six or seven" it is the larger, and `lowest` the
    smaller."""

    value: int
    end: int
    lowest: int = 0


def read_cardinal(tokens: Sequence[Token], at: int) -> Number | None:
    """The number that starts at `at`: "4", "twenty five", "a hundred and twenty", "a couple", "half a dozen"."""
    word = word_at(tokens, at)
    if word.isdecimal() and len(word) <= _LARGEST_DIGITS:
        return _scaled(tokens, int(word), at + 1)
    if word in {"a", "an"}:
        return _read_article(tokens, at)
    if word == "half" and word_at(tokens, at + 1) == "a" and word_at(tokens, at + 2) == "dozen":
        return Number(6, at + 3)
    if word == "couple":
        return Number(2, at + (2 if word_at(tokens, at + 1) == "of" else 1))
    if word == "dozen":
        return Number(12, at + 1)
    small = read_below_hundred(tokens, at)
    return None if small is None else _scaled(tokens, small.value, small.end)


def _read_article(tokens: Sequence[Token], at: int) -> Number | None:
    following = word_at(tokens, at + 1)
    if following in {"couple", "dozen"}:
        return read_cardinal(tokens, at + 1)
    if following in _SCALES:
        return _scaled(tokens, 1, at + 1)
    return None


def read_below_hundred(tokens: Sequence[Token], at: int) -> Number | None:
    """A number word from zero to ninety-nine."""
    word = word_at(tokens, at)
    if word in UNITS:
        return Number(UNITS[word], at + 1)
    if word in TENS:
        unit = UNITS.get(word_at(tokens, at + 1), 0)
        if 1 <= unit <= 9:
            return Number(TENS[word] + unit, at + 2)
        return Number(TENS[word], at + 1)
    return None


def _scaled(tokens: Sequence[Token], value: int, at: int) -> Number:
    """Applies "hundred", "thousand" and what follows them to `value`."""
    scale = _SCALES.get(word_at(tokens, at))
    if scale is None:
        return Number(value, at)
    value *= scale
    at += 1
    after = at + 1 if word_at(tokens, at) == "and" else at
    rest = read_cardinal(tokens, after) if word_at(tokens, after) not in {"a", "an", "half"} else None
    if rest is not None and rest.value < scale:
        return Number(value + rest.value, rest.end)
    if word_at(tokens, at) in _SCALES:
        return _scaled(tokens, value, at)
    return Number(value, at)


def read_ordinal(tokens: Sequence[Token], at: int) -> Number | None:
    """The ordinal that starts at `at`: "14th", "fourteenth", "twenty first"."""
    word = word_at(tokens, at)
    figures = _ORDINAL_FIGURES.fullmatch(word)
    if figures is not None:
        return Number(int(figures.group(1)), at + 1)
    if word in _ORDINAL_UNITS:
        return Number(_ORDINAL_UNITS[word], at + 1)
    if word in _ORDINAL_TENS:
        return Number(_ORDINAL_TENS[word], at + 1)
    tens = TENS.get(word) or (int(word) if word in {"20", "30"} else 0)
    if tens:
        following = word_at(tokens, at + 1)
        unit = _ORDINAL_UNITS.get(following, 0)
        if figures := _ORDINAL_FIGURES.fullmatch(following):
            unit = int(figures.group(1))
        if 1 <= unit <= 9:
            return Number(tens + unit, at + 2)
    return None


def in_words(value: int) -> str:
    """`value` from 0 to 99 the way it is said."""
    for word, number in UNITS.items():
        if number == value:
            return word
    for word, number in TENS.items():
        if number == value - value % 10 and word != "fourty":
            return word if value == number else f"{word} {in_words(value % 10)}"
    raise ValueError(f"{value} is not between 0 and 99")
