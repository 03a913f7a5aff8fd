"""Stays told by their ends: from one day to another, and an arrival or a departure that is moved by days."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from reception.dialogue.commands import SlotName, SlotValue
from reception.dialogue.understanding.parsers.calendar_words import MONTHS, add_months, safe_date
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at, words_of
from reception.dialogue.understanding.parsers.numbers import read_cardinal

STEP = "step"
"""More or fewer than what is booked; by how many is what was said, with its sign."""
BEFORE_ARRIVAL = "before_arrival"
"""A departure on a day before that of the arrival."""
_LONGEST_SAID = 60
"""Days further apart than this are not the ends of one stay."""
_LONGEST_UNNAMED = 14
"""A departure by its number alone is in the arrival's month, or so soon in the next."""
_JOINED = re.compile(
    r"(?:to|until|till|through|and|leaving|and leaving|and (?:we will |we would |i will |we |i )?leave|"
    r"and checking out|checking out|(?:and )?check ?out|departing|for|and departing|-|returning)?"
    r"(?: noon| midday| the morning| the afternoon)?(?: on| of| the)*"
)
_SURELY_ENDS = re.compile(r"\b(?:to|until|till|through|leav|depart|check|return)")
_NOT_DAYS = frozenset({"people", "persons", "guests", "adults", "of", "nights", "night", "am", "pm", "o'clock", "kids"})


def nights_between(tokens: Sequence[Token], first: Found, later: Found, between: str) -> Found | None:
    """The nights from the day `first` to the day `later`; rejected when that lies before. None when they are no ends
    of a stay."""
    arrival, end = first.value, later.value
    if _JOINED.fullmatch(between) is None or not isinstance(arrival, date) or not isinstance(end, date):
        return None
    if later.weekday:
        while end <= arrival:
            end += timedelta(days=7)
    elif _is_unnamed(tokens, later) and not _is_unnamed(tokens, first):
        end = _by_number(arrival, end.day) or end
    elif end <= arrival:
        end = safe_date(end.year + 1, end.month, end.day) or end
    nights = (end - arrival).days
    if 0 < nights <= _LONGEST_SAID:
        return Found(SlotName.NIGHTS, later.start, later.end, nights)
    if _SURELY_ENDS.search(between) is None:
        return None
    return Found(SlotName.NIGHTS, later.start, later.end, reason=BEFORE_ARRIVAL)


def departure_after(tokens: Sequence[Token], arrival: date, one: Found) -> date | None:
    """The day of `one` as that of a departure: by its number alone it follows the `arrival`."""
    if not isinstance(one.value, date):
        return None
    return (_by_number(arrival, one.value.day) if _is_unnamed(tokens, one) else None) or one.value


def _is_unnamed(tokens: Sequence[Token], one: Found) -> bool:
    """Whether the day is given by its number alone."""
    words = {token.word for token in tokens[one.start : one.end]}
    figures = any(not word[:1].isalpha() and ("/" in word or "-" in word) for word in words)
    number = any(
        word.rstrip("stndrh").isdecimal() or word.endswith(("first", "second", "third", "th")) for word in words
    )
    return number and not figures and not words & {*MONTHS, "month"} and not one.weekday


def _by_number(arrival: date, number: int) -> date | None:
    same = safe_date(arrival.year, arrival.month, number)
    if same is not None and same > arrival:
        return same
    following = add_months(arrival.replace(day=1), 1)
    later = safe_date(following.year, following.month, number)
    return later if later is not None and (later - arrival).days <= _LONGEST_UNNAMED else same


def with_shared_months(tokens: Sequence[Token], dates: Sequence[Found]) -> list[Found]:
    """`dates` with an arrival by its number alone put into the month of its departure: "the 8th to the 10th of
    December", "8 to 10 December"."""
    read: list[Found] = []
    for at, one in enumerate(dates):
        ends = isinstance(one.value, date) and {t.word for t in tokens[one.start : one.end]} & set(MONTHS)
        if not ends or word_at(tokens, one.start - 1) not in {"to", "until", "till", "through", "-"}:
            read.append(one)
            continue
        before = dates[at - 1] if at and dates[at - 1].end == one.start - 1 else None
        figure = word_at(tokens, one.start - 2)
        if before is not None and _is_unnamed(tokens, before) and isinstance(before.value, date):
            arrival = _before(one.value, before.value.day)
            read[-1] = replace(before, value=arrival or before.value)
        elif before is None and figure.isdecimal() and 1 <= int(figure[:4]) <= 31:
            arrival = _before(one.value, int(figure[:4]))
            read.extend([Found(SlotName.DATE, one.start - 2, one.start - 1, arrival)] if arrival else [])
        read.append(one)
    return read


def _before(departure: SlotValue | None, number: int) -> date | None:
    if not isinstance(departure, date):
        return None
    same = safe_date(departure.year, departure.month, number)
    if same is not None and same < departure:
        return same
    month = (departure.replace(day=1) - timedelta(days=1)).replace(day=1)
    earlier = safe_date(month.year, month.month, number)
    return earlier if earlier is not None and (departure - earlier).days <= _LONGEST_UNNAMED else same


def find_short_departures(tokens: Sequence[Token], dates: Sequence[Found]) -> list[Found]:
    """ "December 8 to 10": the departure by a mere number after a day that has its month, in nights."""
    found: list[Found] = []
    for one in dates:
        if not isinstance(one.value, date) or not {t.word for t in tokens[one.start : one.end]} & set(MONTHS):
            continue
        dashed = tokens[one.end - 1].gap.strip() in {"-", "–"}
        if not dashed and word_at(tokens, one.end) not in {"to", "until", "till", "through"}:
            continue
        number = read_cardinal(tokens, one.end + (0 if dashed else 1))
        if number is None or number.value > 31 or word_at(tokens, number.end) in _NOT_DAYS | set(MONTHS):
            continue
        end = _by_number(one.value, number.value)
        if end is not None and end > one.value:
            found.append(Found(SlotName.NIGHTS, one.end, number.end, (end - one.value).days))
    return found


_BY_DAYS = r"(?P<count>an?|one|two|three|four|five|\d)(?: whole| full)? (?P<unit>days?|nights?|weeks?) "
_WAY = r"(?P<way>later|earlier|sooner|early|late)\b"
_LEAVE = r"(?:leave|leaving|depart|departing|check(?:ing)? out|go(?:ing)? home|fly(?:ing)? home|head(?:ing)? home)"
_ARRIVE = r"(?:arrive|arriving|come|coming|check(?:ing)? in|get there|start|get in)"
LEAVES_BY_DAYS = re.compile(rf"\b{_LEAVE} (?:\w+ )?{_BY_DAYS}{_WAY}")
_ARRIVES_BY_DAYS = re.compile(rf"\b{_ARRIVE} (?:\w+ )?{_BY_DAYS}{_WAY}")
_BOTH = re.compile(rf"\b{_ARRIVE} and {_LEAVE}\b")
_SAME_END = re.compile(
    rf"\b{_LEAVE} (?:\w+ ){{0,4}}(?:same|as (?:planned|booked|before))\b|\bsame (?:departure|check ?out|leaving)\b"
)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5}


def read_stay_steps(tokens: Sequence[Token], known: Mapping[SlotName, SlotValue]) -> list[Found]:
    """ "Leave a day earlier": as many nights fewer. "Arrive a day later but leave on the same day": both ends."""
    words = words_of(tokens)
    if _BOTH.search(words):
        return []
    leaves, arrives = LEAVES_BY_DAYS.search(words), _ARRIVES_BY_DAYS.search(words)
    day = known.get(SlotName.DATE)
    if arrives is None or not isinstance(day, date):
        return [_nights(len(tokens), _days(leaves), known)] if leaves is not None else []
    if leaves is None and _SAME_END.search(words) is None:
        return []
    days = _days(arrives)
    later = (_days(leaves) if leaves is not None else 0) - days
    moved = Found(SlotName.DATE, 0, len(tokens), day + timedelta(days=days))
    return [moved, _nights(len(tokens), later, known)] if later else [moved]


def with_stay_steps(
    tokens: Sequence[Token], found: Sequence[Found], known: Mapping[SlotName, SlotValue]
) -> list[Found]:
    """`found` with the ends of the stay as they are moved; empty where they are not."""
    steps = read_stay_steps(tokens, known)
    others = [one for one in found if one.slot not in {SlotName.DATE, SlotName.NIGHTS}]
    return [*others, *steps] if steps else []


def _days(step: re.Match[str]) -> int:
    count = _COUNTS.get(step.group("count")) or int(step.group("count"))
    days = count * (7 if step.group("unit").startswith("week") else 1)
    return days if step.group("way") in {"later", "late"} else -days


def _nights(end: int, step: int, known: Mapping[SlotName, SlotValue]) -> Found:
    nights = known.get(SlotName.NIGHTS)
    if isinstance(nights, int):
        return Found(SlotName.NIGHTS, 0, end, max(1, nights + step))
    return Found(SlotName.NIGHTS, 0, end, reason=STEP, raw=f"{step:+d}")
