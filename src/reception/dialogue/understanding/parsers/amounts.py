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
_SURELY_MONEY = 1_000
"""From here on a number is a sum of money, where money is spoken of at all."""
_CURRENCY_AFTER = re.compile(
    r"\s*(?:dollars?|euros?|pounds?|bucks|quid|[$€£]|(?:a|per|each|every) (?:month|week|year)|pcm|monthly|"
    r"weekly)\b",
    re.IGNORECASE,
)
_JOINS = re.compile(r"\W*(?:and|to|or|-|–|maybe|perhaps|possibly)?\W*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Amount:
    """`value` read from `start` to `end`, places in the text. `money` when its form says that it is a sum of it."""

    value: float
    start: int
    end: int = 0
    money: bool = False


def find_amounts(text: str, *, money: bool = False) -> list[Amount]:
    """Every number in `text`, in order. `money` reads "eight fifty" as 850, "eighty five fifty" as 85.50."""
    found = [_of_figures(match, text) for match in _FIGURES.finditer(text)]
    taken = [(match.start(), match.end()) for match in _FIGURES.finditer(text)]
    tokens = tokenize(text)
    at = 0
    while at < len(tokens):
        if any(start <= tokens[at].start < end for start, end in taken):
            at += 1
            continue
        read = _of_millions(tokens, at)
        if read is None:
            read = _in_words(tokens, at, money=money)
        if read is None:
            at += 1
            continue
        value, at_end = read
        end = tokens[at_end - 1].end
        found.append(Amount(value, tokens[at].start, end, value >= _SURELY_MONEY or _is_money(text, end)))
        at = at_end
    if not found and len(tokens) == 1 and tokens[0].word in HOMOPHONES:
        found.append(Amount(float(HOMOPHONES[tokens[0].word]), 0, tokens[0].end))
    return sorted(found, key=lambda one: one.start)


def read_amount(text: str, *, money: bool = False) -> float | None:
    """The one number that `text` gives: the first, or the one that takes an earlier one back ("five, no, six")."""
    found = find_amounts(text, money=money)
    if not found:
        return None
    corrected = [correction.end() for correction in _CORRECTS.finditer(text) if correction.start() > found[0].start]
    later = [one for one in found if corrected and one.start >= corrected[-1]]
    return (later or found)[0].value


def find_budget(text: str) -> Amount | None:
    """The sum of money that `text` speaks of: of a span ("between 300 and 400 thousand") its larger end."""
    sums = find_amounts(text, money=True)
    for at, amount in enumerate(sums):
        if not amount.money:
            continue
        for later in sums[at + 1 :]:
            if not later.money or not _JOINS.fullmatch(text[amount.end : later.start]):
                break
            amount = later if later.value >= amount.value else amount
        return amount
    return None


def _of_millions(tokens: Sequence[Token], at: int) -> tuple[float, int] | None:
    """ "Half a million", "a million and a half"."""
    words = tuple(token.word for token in tokens[at : at + 5])
    if words[:3] == ("half", "a", "million"):
        return 5e5, at + 3
    if words[1:] == ("million", *_HALVES) and words[0] in {"a", "one"}:
        return 1.5e6, at + 5
    return (1e6, at + 2) if words[:2] == ("a", "million") else None


def _is_money(text: str, end: int) -> bool:
    return _CURRENCY_AFTER.match(text[end:]) is not None


def _of_figures(match: re.Match[str], text: str) -> Amount:
    value = float(match.group("number").replace(",", ""))
    value *= _SCALES.get((match.group("scale") or "").lower(), 1.0)
    signed = re.search(r"[$€£]", match.group()) is not None or match.group("scale") is not None
    money = signed or value >= _SURELY_MONEY or _is_money(text, match.end())
    return Amount(-value if match.group("sign") else value, match.start(), match.end(), money)


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
