"""What a question asks to be true of the thing that is looked for: so many bedrooms, no more than such a price."""

import re
from dataclasses import dataclass

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12,
}  # fmt: skip
_COUNT = rf"(?:\d{{1,2}}|{'|'.join(_WORDS)})"
_NOUNS = r"(?P<noun>bed ?rooms?|bath ?rooms?)"
_ASKED = re.compile(
    rf"(?P<least>\b(?:at least|minimum of|min) )?(?P<over>\b(?:more than|over) )?\b(?P<first>{_COUNT})"
    rf"(?: or (?P<second>{_COUNT}))?(?P<more>(?: or more|\+| plus))?[\s-]+(?:[a-z]+ )?{_NOUNS}\b(?P<later> or more)?",
    re.IGNORECASE,
)
_TOLD = re.compile(rf"\b(?P<first>{_COUNT})(?: and a half)?[\s-]+(?:[a-z]+ )?{_NOUNS}\b", re.IGNORECASE)
_GUESTS = re.compile(
    rf"\b(?P<first>{_COUNT}) (?:people|persons|guests|adults)\b|\bsleeps? (?P<sleeps>{_COUNT})\b", re.I
)
_SLEEPS = re.compile(rf"\bsleeps:? (?:up to )?(?P<first>{_COUNT})\b", re.IGNORECASE)
_AMOUNT = (
    r"(?P<sign>[$€£]\s?)?(?P<figure>\d[\d,]*(?:\.\d+)?(?![\d,]*\d)|(?:\w+ )?(?:hundred|half a million|a million))"
    r"\s?(?P<scale>thousand|grand|million|k\b|m\b)?(?P<unit> (?:dollars|bucks|euros|pounds))?"
)
_AT_MOST = re.compile(
    r"\b(?:under|below|less than|cheaper than|up to|no more than|not more than|at most|maximum(?: of)?|max|within|"
    rf"for less than|beneath) {_AMOUNT}(?!\s*(?:square|feet|sq|miles|minutes|people|guests|years)\b)",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(
    r"\b(?:over|above|more than|at least|from|starting at) "
    rf"{_AMOUNT}(?!\s*(?:square|feet|sq|miles|minutes|people|guests|years)\b)",
    re.IGNORECASE,
)
_PRICE = re.compile(
    r"[$€£]\s?(?P<amount>\d[\d,]*(?:\.\d+)?)(?P<period> (?:a|per|each) (?:month|week|night|year))?", re.I
)
_HOMES = re.compile(
    r"\b(?:which|what|any|list|show me|tell me about|hear about)\b(?: \w+){0,4}? (?:homes|houses|properties|listings|"
    r"apartments|condos|flats)\b(?: \w+){0,3}? (?:do you have|have you got|are there|are available|for sale|for rent|"
    r"to rent|on the market|are you selling|do you sell|are listed|do you offer)\b|"
    r"\bwhat (?:do you have|have you got|is) (?:for (?:sale|rent)|on the market|listed)\b",
    re.IGNORECASE,
)
_STRICTLY = {"under": -0.01, "below": -0.01, "beneath": -0.01, "less": -0.01, "cheaper": -0.01} | {
    "over": 0.01, "above": 0.01, "more": 0.01,
}  # fmt: skip
"""What is to be added to a bound that itself is not meant."""
_SURELY_MONEY = 1000
"""From here on a figure without a currency is read as a price."""
_OF_A_PERIOD = 20_000
"""Bounds from here on are of prices to buy at, not of what is paid by the month."""

_SAME_SORT = 50
"""How many times less than a bound an amount may be to be a price of the same sort, and no fee."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """`counts` are the allowed numbers by noun; `guests` must find room; a price is within `lowest` and `highest`, in
    the currency of the business; `homes`: it is asked which homes there are at all."""

    counts: tuple[tuple[str, range], ...] = ()
    guests: int = 0
    lowest: float = 0.0
    highest: float = float("inf")
    homes: bool = False

    @property
    def searches(self) -> bool:
        """Whether the question looks for things by what they have or cost."""
        return bool(self.counts) or self.bounds_price or self.homes

    @property
    def bounds_price(self) -> bool:
        return self.lowest > 0 or self.highest < float("inf")

    def counts_hold(self, text: str) -> bool:
        """Whether `text` tells of each of the counts, as it is required."""
        told = [(_noun(match["noun"]), _number(match["first"])) for match in _TOLD.finditer(text)]
        return all(any(noun == of and number in allowed for of, number in told) for noun, allowed in self.counts)

    def hold(self, text: str) -> bool:
        """Whether what is told of one thing meets all but the price."""
        return self.counts_hold(text) and self.admits_guests(text)

    def admits_guests(self, text: str) -> bool:
        """False where `text` is of something that sleeps fewer."""
        sleeps = [_number(match["first"]) for match in _SLEEPS.finditer(text)]
        return not (self.guests and sleeps) or max(sleeps) >= self.guests

    def price_holds(self, text: str) -> bool:
        """Whether the first price in `text`, of the sort that is bounded, is within the bounds."""
        if not self.bounds_price:
            return True
        bound = self.lowest or self.highest
        amounts = [
            float(match["amount"].replace(",", ""))
            for match in _PRICE.finditer(text)
            if not match["period"] or bound < _OF_A_PERIOD
        ]
        amounts = [amount for amount in amounts if amount >= bound / _SAME_SORT]
        return bool(amounts) and self.lowest <= amounts[0] <= self.highest


def requirements(question: str) -> Requirements:
    """What `question` requires; nothing for most."""
    counts = tuple((_noun(match["noun"]), _allowed(match)) for match in _ASKED.finditer(question))
    guests = [_number(match["first"] or match["sleeps"]) for match in _GUESTS.finditer(question)]
    highest, lowest = _bound(_AT_MOST, question), _bound(_AT_LEAST, question)
    homes = _HOMES.search(question) is not None
    return Requirements(counts, max(guests, default=0), lowest or 0.0, highest or float("inf"), homes)


def stated(text: str) -> dict[str, float]:
    """What a description of one thing says of its rooms and price: {"bedrooms": 3, "price": 389000}. A price alone is
    no description: it may be a fee."""
    told: dict[str, float] = {}
    for match in _TOLD.finditer(text):
        told.setdefault(f"{_noun(match['noun'])}s", float(_number(match["first"])))
    price = _PRICE.search(text)
    if told and price is not None:
        told["price"] = float(price["amount"].replace(",", ""))
    return told


def without_requirements(question: str) -> str:
    """`question` without the words of what it requires."""
    for pattern in (_ASKED, _AT_MOST, _AT_LEAST):
        question = pattern.sub(" ", question)
    return question


def _allowed(match: re.Match[str]) -> range:
    first = _number(match["first"])
    if match["over"]:
        return range(first + 1, 100)
    if match["least"] or match["more"] or match["later"]:
        return range(first, 100)
    return range(first, _number(match["second"]) + 1 if match["second"] else first + 1)


def _bound(pattern: re.Pattern[str], question: str) -> float | None:
    for match in pattern.finditer(question):
        scale = {"thousand": 1e3, "grand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6}.get(
            (match["scale"] or "").lower(), 1.0
        )
        value = _figure(match["figure"].lower()) * scale
        if value and (match["sign"] or match["unit"] or value >= _SURELY_MONEY):
            return value + _STRICTLY.get(match.group().split()[0].lower(), 0.0)
    return None


def _figure(words: str) -> float:
    if words[0].isdigit():
        return float(words.replace(",", ""))
    if "million" in words:
        return 5e5 if words.startswith("half") else 1e6
    return 100.0 * _WORDS.get(words.split()[0], 1)


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else _WORDS[word.lower()]


def _noun(noun: str) -> str:
    return noun.lower().replace(" ", "").removesuffix("s")
