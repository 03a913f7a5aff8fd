"""Lengths of time in minutes: "ten minutes", "a quarter of an hour", "half an hour", "an hour and a half"."""

from collections.abc import Callable, Sequence

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at
from reception.dialogue.understanding.parsers.numbers import HOMOPHONES, Number, read_cardinal

LONGEST_MINUTES = 600
_MINUTES = frozenset({"minute", "minutes", "min", "mins", "minuets"})
_HOURS = frozenset({"hour", "hours", "hr", "hrs"})
_VAGUE = {"few": 5, "couple": 5, "bit": 10, "little": 10}
"""What "a few minutes" is taken for."""


def find_minutes(tokens: Sequence[Token], *, expected: bool) -> list[Found]:
    """How long in minutes; of two lengths ("ten or fifteen minutes") the longer. Where it is `expected`, a lone number
    is one."""
    lengths = _all(tokens, _read) or (_all(tokens, _number) if expected else [])
    kept = [(at, one) for at, one in lengths if 0 < one.value <= LONGEST_MINUTES]
    if not kept:
        return []
    _, longest = max(kept, key=lambda entry: entry[1].value)
    return [Found(SlotName.MINUTES, min(start for start, _ in kept), longest.end, longest.value)]


def _all(tokens: Sequence[Token], reader: Callable[[Sequence[Token], int], Number | None]) -> list[tuple[int, Number]]:
    """What `reader` finds, and where; no word is read twice."""
    found: list[tuple[int, Number]] = []
    at = 0
    while at < len(tokens):
        read = reader(tokens, at)
        if read is not None:
            found.append((at, read))
        at = read.end if read is not None else at + 1
    return found


def _read(tokens: Sequence[Token], at: int) -> Number | None:
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word == "quarter" and following in {"of", "hour"}:
        end = at + 2
        while word_at(tokens, end) in {"an", "a", "hour"}:
            end += 1
        return Number(15, end) if word_at(tokens, end - 1) == "hour" else None
    if word == "half" and following in {"an", "a", "hour"}:
        end = at + (2 if following == "hour" else 3)
        return Number(30, end) if word_at(tokens, end - 1) == "hour" else None
    if word in {"three", "3"} and following in {"quarters", "quarter"}:
        return Number(45, min(len(tokens), at + 5))
    if word in {"a", "an", "one"} and following in _HOURS:
        return _and_a_half(tokens, Number(60, at + 2))
    if word in _VAGUE and (following in _MINUTES or word_at(tokens, at + 2) in _MINUTES):
        return Number(_VAGUE[word], at + 2)
    number = _number(tokens, at)
    if number is None:
        return None
    unit = word_at(tokens, number.end)
    if unit in _MINUTES:
        return Number(number.value, number.end + 1)
    if unit == "or" and (later := _number(tokens, number.end + 1)) and word_at(tokens, later.end) in _MINUTES:
        return Number(later.value, later.end + 1)
    return _and_a_half(tokens, Number(number.value * 60, number.end + 1)) if unit in _HOURS else None


def _number(tokens: Sequence[Token], at: int) -> Number | None:
    if word_at(tokens, at) in {"a", "an", "half", "couple", "dozen"}:
        return None
    number = read_cardinal(tokens, at)
    if number is None and word_at(tokens, at + 1) in _MINUTES and word_at(tokens, at) in HOMOPHONES:
        return Number(HOMOPHONES[word_at(tokens, at)], at + 1)
    return number


def _and_a_half(tokens: Sequence[Token], hours: Number) -> Number:
    ahead = [word_at(tokens, hours.end + offset) for offset in range(3)]
    if ahead == ["and", "a", "half"]:
        return Number(hours.value + 30, hours.end + 3)
    if ahead[:1] == ["and"] and (rest := _read(tokens, hours.end + 1)) is not None and rest.value < 60:
        return Number(hours.value + rest.value, rest.end)
    return hours
