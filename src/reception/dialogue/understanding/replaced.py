"""A number that takes the place of another: "7 instead of 8", "swap the eight for a nine". What it replaces says which
value is meant."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from reception.dialogue.commands import SlotName, SlotValue, TimeOfDay
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at, words_of
from reception.dialogue.understanding.parsers.numbers import Number, read_cardinal
from reception.dialogue.understanding.parsers.times import find_times

_INSTEAD_OF = frozenset({"instead of", "rather than", "and not", "in place of"})
_SWAPS = frozenset({"swap", "swapping", "replace", "exchange", "switch", "change"})
_FOR = frozenset({"for", "with", "to", "by"})
_ARTICLES = frozenset({"a", "an", "the", "at", "o'clock", "that", "on", "of"})
_NUMBER = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen)"
REPLACES = re.compile(
    rf"\b{_NUMBER} (?:o'clock )?(?:instead of|rather than|and not|not|in place of) (?:at |the |a |an )?{_NUMBER}\b"
    rf"|\b(?:swap|swapping|replace|exchange|switch|change) (?:the |a |an |that )?{_NUMBER} (?:for|with|to|by) "
    rf"(?:the |a |an )?{_NUMBER}\b|\bnot (?:at )?{_NUMBER} (?:but )?(?:at )?{_NUMBER}\b"
)
_COUNTS = (SlotName.PARTY_SIZE, SlotName.NIGHTS)


@dataclass(frozen=True, slots=True)
class _Pair:
    new: int
    old: int
    start: int
    end: int
    new_at: int


def read_replacement(tokens: Sequence[Token], known: Mapping[SlotName, SlotValue]) -> Found | None:
    """The number given in place of one that is `known`; nothing where none or several values can be meant."""
    pair = _read_pair(tokens)
    if pair is None:
        return None
    meant = [slot for slot in (*_COUNTS, SlotName.TIME, SlotName.DATE) if _is(known.get(slot), pair.old)]
    if len(meant) > 1 and any(token.word in {"time", "o'clock", "pm", "am"} for token in tokens):
        meant = [slot for slot in meant if slot is SlotName.TIME]
    if len(meant) != 1:
        return None
    if meant[0] in _COUNTS:
        return Found(meant[0], pair.start, pair.end, pair.new) if pair.new else None
    was = known[meant[0]]
    if isinstance(was, TimeOfDay):
        readings = find_times(tokens[pair.new_at : pair.new_at + 1], expected=True)
        times = readings[0].possible() if readings else ()
        same_half = [at for at in times if (at.hour < 12) == (was.time.hour < 12)]
        meant_times = same_half or list(times)
        return Found(SlotName.TIME, pair.start, pair.end, TimeOfDay(meant_times[0])) if meant_times else None
    if isinstance(was, date):
        try:
            return Found(SlotName.DATE, pair.start, pair.end, was.replace(day=pair.new))
        except ValueError:
            return None
    return None


def with_replacement(
    tokens: Sequence[Token], found: Sequence[Found], known: Mapping[SlotName, SlotValue]
) -> list[Found]:
    """`found` with the number that takes another's place; empty where there is none."""
    replacing = read_replacement(tokens, known)
    if replacing is None:
        return []
    others = [one for one in found if one.slot is not replacing.slot and not one.overlaps(replacing)]
    return sorted([*others, replacing], key=lambda one: one.start)


def _is(value: SlotValue | None, number: int) -> bool:
    if isinstance(value, TimeOfDay):
        return value.time.minute == 0 and number <= 24 and value.time.hour % 12 == number % 12
    if isinstance(value, date):
        return value.day == number
    return value == number


def _read_pair(tokens: Sequence[Token]) -> _Pair | None:
    if REPLACES.search(words_of(tokens)) is None:
        return None
    for at in range(len(tokens)):
        first = _number(tokens, at)
        if first is None:
            continue
        joint = first.end + (1 if word_at(tokens, first.end) == "o'clock" else 0)
        pair = words_of(tokens[joint : joint + 2])
        word = word_at(tokens, joint)
        length = 3 if words_of(tokens[joint : joint + 3]) in _INSTEAD_OF else 2 if pair in _INSTEAD_OF else 1
        second_at = joint + length
        while word_at(tokens, second_at) in _ARTICLES:
            second_at += 1
        second = _number(tokens, second_at)
        if second is None and word_at(tokens, at - 1) == "not":
            second_at, joint, word, length = joint, joint, "but", 1
            second = _number(tokens, second_at)
        if second is None:
            continue
        if word_at(tokens, at - 1) == "past" or _number(tokens, second.end) is not None:
            return None
        if length > 1 or word == "not":
            return _Pair(first.value, second.value, at, second.end, at)
        before = {token.word for token in tokens[max(0, at - 3) : at]}
        if (word in _FOR and before & _SWAPS) or (word == "but" and "not" in before):
            return _Pair(second.value, first.value, at, second.end, second_at)
    return None


def _number(tokens: Sequence[Token], at: int) -> Number | None:
    word = word_at(tokens, at)
    return read_cardinal(tokens, at) if word and word not in {"a", "an", "half"} else None
