"""Rooms and listings by the names a business gives them, however loosely a caller says them."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import UNITS

AMBIGUOUS = "ambiguous"

_EMPTY = word_set("the a an on in at of with and for to by room rooms bed bedroom bedrooms st no number")
_GENERIC = word_set(
    "house flat apartment cottage villa studio suite street road lane avenue drive close way terrace hill park view "
    "court square place penthouse bungalow loft townhouse mews farm garden gardens"
)
"""Words that name a kind of place: they tell places apart only when one place alone has them."""
_CLOSE_ENOUGH = 0.84
_SHORTEST_FUZZY = 5
_WINDOW = 7
_FIGURES = {str(value): word for word, value in UNITS.items()}
_ALSO = {"dbl": "double", "apt": "apartment", "rd": "road", "st": "street", "ave": "avenue", "ln": "lane"}


def find_places(tokens: Sequence[Token], places: tuple[str, ...]) -> list[Found]:
    """The place meant, at most one; ambiguous when two are equally near."""
    if not places or not tokens:
        return []
    index = _index(places)
    hits: dict[int, str] = {}
    for at, token in enumerate(tokens):
        matched = _match(_canonical(token.word), index)
        if matched and not _is_something_else(tokens, at):
            hits[at] = matched
    if not hits:
        return []
    return _best(tokens, hits, places)


def _best(tokens: Sequence[Token], hits: dict[int, str], places: tuple[str, ...]) -> list[Found]:
    scored: list[tuple[float, float, str, list[int]]] = []
    for place in places:
        words = _words(place)
        weights = _weights(places)
        places_at = _densest([at for at, word in hits.items() if word in words])
        weight = sum(weights[word] for word in {hits[at] for at in places_at})
        whole = words <= {hits[at] for at in places_at}
        named = weight > 1.0 or whole or word_at(tokens, min(places_at, default=0) - 1) in {"the", "that", "your"}
        if weight >= 1.0 and named:
            total = sum(weights[word] for word in words)
            scored.append((weight, weight / total, place, places_at))
    if not scored:
        return []
    scored.sort(key=lambda entry: (-entry[0], -entry[1]))
    best = scored[0]
    start, end = min(best[3]), max(best[3]) + 1
    while word_at(tokens, end) in {"room", "rooms", "suite", "house", "lane", "street", "road", "apartment", "flat"}:
        end += 1
    tied = [entry for entry in scored if entry[0] == best[0] and entry[1] == best[1]]
    if len(tied) > 1:
        return [Found(SlotName.PLACE, start, end, reason=AMBIGUOUS, weak=True)]
    return [Found(SlotName.PLACE, start, end, best[2], weak=True)]


def _densest(at: list[int]) -> list[int]:
    """The largest group of places in the text that lie near each other; the last of equals."""
    best: list[int] = []
    for start in at:
        group = [other for other in at if start <= other < start + _WINDOW]
        if len(group) >= max(len(best), 1):
            best = group
    return best


def _is_something_else(tokens: Sequence[Token], at: int) -> bool:
    """ "double five" and "double l" are dictated, "family of four" is a party, "for two" a number."""
    word, following, before = word_at(tokens, at), word_at(tokens, at + 1), word_at(tokens, at - 1)
    if word in {"double", "triple", "single"}:
        return following in UNITS or len(following) == 1 or following.isdecimal()
    if word in UNITS or word.isdecimal():
        return following not in {"bed", "bedroom", "bedrooms", "beds"} and not _is_address(tokens, at)
    return (word in {"family", "party"} and following == "of") or before == "no"


def _is_address(tokens: Sequence[Token], at: int) -> bool:
    return bool({word_at(tokens, at + 2), word_at(tokens, at + 3)} & _GENERIC)


def _canonical(word: str) -> str:
    word = _ALSO.get(word, word)
    return _FIGURES.get(word, word)


def _match(word: str, index: frozenset[str]) -> str:
    if word in index:
        return word
    singular = word.removesuffix("'s").removesuffix("s")
    if singular in index:
        return singular
    if len(word) < _SHORTEST_FUZZY:
        return ""
    near = [(SequenceMatcher(None, word, known).ratio(), known) for known in index if known[0] == word[0]]
    best = max(near, default=(0.0, ""))
    return best[1] if best[0] >= _CLOSE_ENOUGH else ""


@lru_cache(maxsize=256)
def _words(place: str) -> frozenset[str]:
    words = (_canonical(word) for word in re.findall(r"[^\W_]+", place.lower()))
    return frozenset(word for word in words if word not in _EMPTY)


@lru_cache(maxsize=256)
def _index(places: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for place in places for word in _words(place))


@lru_cache(maxsize=256)
def _weights(places: tuple[str, ...]) -> dict[str, float]:
    """A word is worth 2 when one place alone has it, less the more have it; kinds of place half of that."""
    weights: dict[str, float] = {}
    for word in _index(places):
        holders = sum(word in _words(place) for place in places)
        worth = 2.0 / holders if holders < len(places) or len(places) == 1 else 0.25
        weights[word] = worth * (0.5 if word in _GENERIC else 1.0)
    return weights
