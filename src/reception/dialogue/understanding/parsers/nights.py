"""Lengths of stay: "two nights", "a week", "a fortnight"."""

from collections.abc import Sequence
from datetime import date, timedelta

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found, either
from reception.dialogue.understanding.parsers.normalize import Token, word_at
from reception.dialogue.understanding.parsers.numbers import HOMOPHONES, Number, read_cardinal
from reception.dialogue.understanding.parsers.party import OUT_OF_RANGE
from reception.dialogue.understanding.parsers.weekends import weeks_later

LONGEST = 365
_UNITS = {"night": 1, "nights": 1, "nite": 1, "nites": 1, "week": 7, "weeks": 7, "fortnight": 14}
_MOVED = frozenset({"later", "earlier", "sooner", "ago", "before", "after", "from"})
"""After a week: by how much something is moved, not how long it lasts."""
_LASTS = frozenset({"for", "stay", "staying"})
_NIGHT_ONLY = frozenset({"night", "nights", "nite", "nites"})


def find_nights(tokens: Sequence[Token], *, stays: bool, expected: bool) -> list[Found]:
    """Numbers of nights in `tokens`. Weeks and days count only where people `stays` (a hotel)."""
    found: list[Found] = []
    at = 0
    while at < len(tokens):
        nights = _read_nights(tokens, at, stays=stays, expected=expected)
        if nights is None:
            at += 1
            continue
        if 1 <= nights.lowest < nights.value:
            found.append(either(SlotName.NIGHTS, at, nights.end, nights.lowest, nights.value))
            at = nights.end
            continue
        good = 1 <= nights.value <= LONGEST
        found.append(
            Found(SlotName.NIGHTS, at, nights.end, nights.value if good else None, "" if good else OUT_OF_RANGE)
        )
        at = nights.end
    return found


def _is_length(tokens: Sequence[Token], unit_at: int, *, counts_weeks: bool) -> bool:
    """Whether the unit at `unit_at` measures a stay: not "at night", nor "a week later"."""
    if word_at(tokens, unit_at) in _NIGHT_ONLY:
        return word_at(tokens, unit_at) != "night" or word_at(tokens, unit_at - 2) != "at"
    lasts = word_at(tokens, unit_at + 1) == "from" and word_at(tokens, unit_at - 2) in _LASTS
    return counts_weeks and (lasts or word_at(tokens, unit_at + 1) not in _MOVED)


def _read_nights(tokens: Sequence[Token], at: int, *, stays: bool, expected: bool) -> Number | None:
    word = word_at(tokens, at)
    if word in {"a", "one"} and word_at(tokens, at + 1) in {"whole", "full"} and word_at(tokens, at + 2) in _UNITS:
        number: Number | None = Number(1, at + 2)
    elif word in {"a", "one", "single", "the"} and word_at(tokens, at + 1) in _UNITS:
        number = Number(1, at + 1)
        for_the_night = word_at(tokens, at + 1) == "night" and (
            expected or (stays and word_at(tokens, at - 1) == "for")
        )
        if word == "the" and not for_the_night:
            return None
    elif word == "just" and word_at(tokens, at + 1) == "the" and word_at(tokens, at + 2) == "night":
        return Number(1, at + 3)
    else:
        number = read_cardinal(tokens, at)
        if number is None and expected and word in HOMOPHONES:
            number = Number(HOMOPHONES[word], at + 1)
    if number is None:
        return None
    upper = read_cardinal(tokens, number.end + 1) if word_at(tokens, number.end) in {"or", "to"} else None
    if upper is not None and number.value < upper.value and word_at(tokens, upper.end) in _NIGHT_ONLY:
        return Number(upper.value, upper.end + 1, number.value)
    if word_at(tokens, number.end) in {"whole", "full"}:
        number = Number(number.value, number.end + 1)
    unit = word_at(tokens, number.end)
    if unit == "more" and word_at(tokens, number.end + 1) in _UNITS:
        return None
    if unit not in _UNITS or not _is_length(tokens, number.end, counts_weeks=stays or expected):
        return None
    return Number(number.value * _UNITS[unit], number.end + 1)


_WEEKEND_NIGHTS = 2
_FRIDAY = 4


def with_weekends(tokens: Sequence[Token], dates: Sequence[Found], today: date) -> list[Found]:
    """`dates` with "the weekend" as people stay for it: from Friday, two nights where no others are said."""
    read: list[Found] = []
    counted = any(token.word in _NIGHT_ONLY for token in tokens)
    for one in dates:
        if one.slot is not SlotName.DATE or word_at(tokens, one.end - 1) != "weekend":
            read.append(one)
            continue
        monday = today - timedelta(days=today.weekday())
        friday = monday + timedelta(days=_FRIDAY) + weeks_later(tokens, one)
        begun = friday < today
        friday = max(friday, today)
        read.append(Found(SlotName.DATE, one.start, one.end - 1, friday))
        if not counted and not begun:
            read.append(Found(SlotName.NIGHTS, one.end - 1, one.end, _WEEKEND_NIGHTS))
    return read
