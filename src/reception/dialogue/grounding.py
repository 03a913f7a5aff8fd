"""Withholds what nothing stands behind: every figure, time, price, link, address and name must occur in a source."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from reception.dialogue.spoken import say_count

_LINK = re.compile(
    r"\b(?:https?://|www\.)\S+|\b[\w.+-]+@[\w-]+\.[\w.-]+\b|\b[a-z0-9-]+\.(?:com|org|net|example)\b", re.I
)
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:.](\d{2}))?\s?([ap])\.?\s?m\b\.?|\b(\d{1,2}):(\d{2})\b", re.I)
_NUMBER = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?")
_NAME = re.compile(r"[A-ZÀ-Ö][\w'’À-ÿ-]+")
_DIGITS = re.compile(r"\d[\d ().-]{6,}\d")

_CAPITALS_TEXT = """
    I I'm I'll I'd I've Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mondays Tuesdays Wednesdays
    Thursdays Fridays Saturdays Sundays January February March April May June July August September October
    November December AM PM English OK
"""
_COMMON_CAPITALS = frozenset(_CAPITALS_TEXT.split())
_WORDS = {say_count(number): str(number) for number in range(13)}


def facts_of(sentence: str) -> tuple[str, ...]:
    """What in `sentence` needs a source, in a uniform writing."""
    facts: list[str] = []
    rest = sentence
    for match in _LINK.finditer(rest):
        facts.append(match.group().lower().rstrip(".,;"))
    rest = _LINK.sub(" ", rest)
    facts += [_clock(match) for match in _CLOCK.finditer(rest)]
    rest = _CLOCK.sub(" ", rest)
    facts += [_only_digits(match.group()) for match in _DIGITS.finditer(rest)]
    rest = _DIGITS.sub(" ", rest)
    facts += [match.group().replace(",", "").rstrip(".") for match in _NUMBER.finditer(rest)]
    facts += _names(rest)
    return tuple(facts)


def is_grounded(sentence: str, sources: Sequence[str]) -> bool:
    """Whether every fact of `sentence` occurs in one of `sources`."""
    facts = facts_of(sentence)
    if not facts:
        return True
    known = [_known_in(source) for source in sources]
    return all(any(fact in one for one in known) or _within(fact, sources) for fact in facts)


@lru_cache(maxsize=1024)
def _known_in(source: str) -> frozenset[str]:
    known = set(facts_of(source))
    for word in re.findall(r"[\w'’À-ÿ-]+", source):
        known.add(word.lower())
        if word.lower() in _WORDS:
            known.add(_WORDS[word.lower()])
    return frozenset(known)


def _within(fact: str, sources: Iterable[str]) -> bool:
    """Whether a number is a run of digits that a source holds in another grouping."""
    if not (fact.isdigit() and len(fact) >= 7):
        return False
    return any(fact in _only_digits(source) for source in sources)


def _clock(match: re.Match[str]) -> str:
    if match.group(3):
        hour = int(match.group(1)) % 12 + (12 if match.group(3).lower() == "p" else 0)
        return f"{hour:02d}:{match.group(2) or '00'}"
    return f"{int(match.group(4)):02d}:{match.group(5)}"


def _only_digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _names(sentence: str) -> list[str]:
    """Capitalised words that do not merely begin the sentence."""
    names: list[str] = []
    for match in _NAME.finditer(sentence):
        word = match.group()
        begins = not sentence[: match.start()].strip(" \"'(“") or sentence[: match.start()].rstrip().endswith(
            (".", "!", "?", ":")
        )
        if not begins and word not in _COMMON_CAPITALS:
            names.append(word.lower().removesuffix("'s").removesuffix("’s"))
    return names
