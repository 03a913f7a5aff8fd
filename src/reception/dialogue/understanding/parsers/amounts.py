"""Numbers and sums of money, in figures or words, with fractions: "85", "1,200.50", "twelve hundred", "2.5 million"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.understanding.parsers.normalize import Token, tokenize, word_at
from reception.dialogue.understanding.parsers.numbers import HOMOPHONES, TENS, UNITS, read_cardinal

_SCALES = {"k": 1e3, "grand": 1e3, "hundred": 1e2, "thousand": 1e3, "m": 1e6, "million": 1e6, "mil": 1e6}
_FIGURES = re.compile(
    r"(?<![\w.,])(?P<sign>[-−]|minus )?[$€£]?\s?(?P<number>\d[\d,]*(?:\.\d+)?)\s?(?P<scale>k|grand|hundred|thousand|"
    r"mil|million|m)?(?![\w:/]|[.,]\d)",
    re.IGNORECASE,
)
_CORRECTS = re.compile(r"\b(?:no|sorry|actually|rather|i mean|make (?:it|that)|wait)\b", re.IGNORECASE)
_HALVES = ("and", "a", "half")


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` read at `start`, a place in the text."""

    value: float
    start: int


def find_amounts(text: str, *, money: bool = False) -> list[Amount]:
    """Every number in `text`, in order. `money` reads "eight fifty" as 850, "eighty five fifty" as 85.50."""
    found = [_of_figures(match) for match in _FIGURES.finditer(text)]
    taken = [(match.start(), match.end()) for match in _FIGURES.finditer(text)]
    tokens = tokenize(text)
    at = 0
    while at < len(tokens):
        if any(start <= tokens[at].start < end for start, end in taken):
            at += 1
            continue
        read = _in_words(tokens, at, money=money)
        if read is None:
            at += 1
            continue
        value, at_end = read
        found.append(Amount(value, tokens[at].start))
        at = at_end
    if not found and len(tokens) == 1 and tokens[0].word in HOMOPHONES:
        found.append(Amount(float(HOMOPHONES[tokens[0].word]), 0))
    return sorted(found, key=lambda one: one.start)


def read_amount(text: str, *, money: bool = False) -> float | None:
    """The one number that `text` gives: the first, or the one that takes an earlier one back ("five, no, six")."""
    found = find_amounts(text, money=money)
    if not found:
        return None
    corrected = [correction.end() for correction in _CORRECTS.finditer(text) if correction.start() > found[0].start]
    later = [one for one in found if corrected and one.start >= corrected[-1]]
    return (later or found)[0].value


def _of_figures(match: re.Match[str]) -> Amount:
    value = float(match.group("number").replace(",", ""))
    value *= _SCALES.get((match.group("scale") or "").lower(), 1.0)
    return Amount(-value if match.group("sign") else value, match.start())


def _in_words(tokens: Sequence[Token], at: int, *, money: bool) -> tuple[float, int] | None:
    number = read_cardinal(tokens, at)
    if number is None:
        return None
    value, end = float(number.value), number.end
    if money and value < 100 and word_at(tokens, end) in TENS:
        rest = read_cardinal(tokens, end)
        if rest is not None and rest.value < 100:
            value, end = (value * 100 + rest.value if value < 20 else value + rest.value / 100), rest.end
    if word_at(tokens, end) == "point":
        value, end = _decimals(tokens, value, end)
    if tuple(token.word for token in tokens[end : end + 3]) == _HALVES:
        value, end = value + 0.5, end + 3
    scale = _SCALES.get(word_at(tokens, end))
    if scale is not None:
        value, end = value * scale, end + 1
    if money and word_at(tokens, end) in {"dollars", "euros", "pounds", "dollar", "euro", "pound"}:
        value, end = _cents(tokens, value, end + 1)
    return value, end


def _decimals(tokens: Sequence[Token], whole: float, at: int) -> tuple[float, int]:
    digits = ""
    end = at + 1
    while word_at(tokens, end) in UNITS and UNITS[word_at(tokens, end)] < 10:
        digits += str(UNITS[word_at(tokens, end)])
        end += 1
    return (whole + float(f"0.{digits}"), end) if digits else (whole, at)


def _cents(tokens: Sequence[Token], whole: float, at: int) -> tuple[float, int]:
    start = at + 1 if word_at(tokens, at) == "and" else at
    cents = read_cardinal(tokens, start)
    if cents is None or cents.value >= 100 or word_at(tokens, cents.end) not in {"cents", "cent", "pence", "p"}:
        return whole, at
    return whole + cents.value / 100, cents.end + 1
