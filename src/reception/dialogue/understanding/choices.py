"""Which of the things offered a caller picks."""

import re
from collections.abc import Sequence
from datetime import date

from reception.dialogue.commands import SlotName, TimeOfDay
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.slots import matches_slot_time
from reception.ports.expectation import Expects

LAST = -1

_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "fifth": 4}
_NUMBERS = {"one": 0, "1": 0, "two": 1, "2": 1, "three": 2, "3": 2, "four": 3, "4": 3}
_BY_ORDINAL = re.compile(
    r"\b(?:the |your )?(first|second|third|fourth|fifth|1st|2nd|3rd|4th)(?: (?:one|option|time|slot|choice|table|"
    r"room|place|offer|of (?:those|them|these|the)))?\b"
)
_BY_NUMBER = re.compile(r"\b(?:number|option|choice) (one|two|three|four|1|2|3|4)\b")
_LAST = re.compile(r"\b(?:the )?(?:last|final)(?: (?:one|option|time|slot|choice))?\b|\bthe latter\b")
_FORMER = re.compile(r"\bthe former\b")
_EARLIEST = re.compile(r"\b(?:earlier|earliest|sooner|soonest)\b(?! than)")
_LATEST = re.compile(r"\b(?:later|latest)\b(?! than)")
_ANY = re.compile(
    r"\b(?:either|any|whichever|whatever|any of (?:them|those)|do not mind|no preference|you choose|you pick|"
    r"does not matter)\b"
)
_ONLY_A_DATE = re.compile(r"\b(?:the )?(?:first|second|third|fourth|fifth|\d+(?:st|nd|rd|th))$|\bof\b")


def choose(words: str, found: Sequence[Found], context: UnderstandingContext) -> int | None:
    """The index of the offer that `words`, with the values `found` in them, pick; None when they pick none."""
    count = len(context.offered) or len(context.expectation.options)
    if not count:
        return None
    by_value = _by_value(found, context)
    if by_value is not None:
        return by_value
    asked = context.expectation.expects in {
        Expects.CHOICE,
        Expects.ANYTHING,
        Expects.TIME,
        Expects.YES_NO,
        Expects.DATE,
    }
    if not asked or any(one.slot in {SlotName.TIME, SlotName.PARTY_SIZE, SlotName.PHONE} for one in found):
        return None
    by_position = _by_position(words, context, count)
    if by_position is not None:
        return by_position
    return _by_option(words, context.expectation.options) if context.expectation.expects is Expects.CHOICE else None


def _by_value(found: Sequence[Found], context: UnderstandingContext) -> int | None:
    time = next((one.value for one in found if isinstance(one.value, TimeOfDay)), None)
    day = next((one.value for one in found if isinstance(one.value, date)), None)
    place = next((one.value for one in found if one.slot is SlotName.PLACE and one.value is not None), None)
    staff = next((one.value for one in found if one.slot is SlotName.STAFF and one.value is not None), None)
    if time is None and day is None and place is None and staff is None:
        return None
    matching = [
        index
        for index, slot in enumerate(context.offered)
        if (time is None or matches_slot_time(time, slot))
        and (day is None or slot.starts_at.date() == day)
        and (place is None or slot.place == place)
        and (staff is None or slot.staff == staff)
    ]
    return matching[0] if len(matching) == 1 else None


def _by_position(words: str, context: UnderstandingContext, count: int) -> int | None:
    ordinal = _BY_ORDINAL.search(words)
    if ordinal is not None and _ORDINALS[ordinal.group(1)] < count and not re.search(r"\bfirst of all\b", words):
        return _ORDINALS[ordinal.group(1)]
    number = _BY_NUMBER.search(words)
    if number is not None and _NUMBERS[number.group(1)] < count:
        return _NUMBERS[number.group(1)]
    if _LAST.search(words):
        return LAST
    if count == 3 and re.search(r"\bmiddle\b", words):
        return 1
    if _FORMER.search(words):
        return 0
    starts = [slot.starts_at for slot in context.offered]
    if len(starts) > 1 and _EARLIEST.search(words):
        return starts.index(min(starts))
    if len(starts) > 1 and _LATEST.search(words):
        return starts.index(max(starts))
    if _ANY.search(words):
        return 0
    lone = re.fullmatch(r"(?:um |the |okay |yes |i will take )*(one|two|three|1|2|3)(?: please)?", words)
    if lone is not None and context.expectation.expects is Expects.CHOICE and _NUMBERS[lone.group(1)] < count:
        return _NUMBERS[lone.group(1)]
    return None


def _by_option(words: str, options: Sequence[str]) -> int | None:
    """The option that shares the most words with `words`, when there is one such."""
    said = set(words.split())
    scores = [
        len(said & (set(re.findall(r"[\w:]+", option.lower())) - {"the", "a", "at", "on", "room"}))
        for option in options
    ]
    best = max(scores, default=0)
    return scores.index(best) if best and scores.count(best) == 1 else None
