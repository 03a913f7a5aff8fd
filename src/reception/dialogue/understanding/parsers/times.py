"""Times of day as they are said: "half past seven", "half seven", "quarter to eight", "7 30 pm", "nineteen thirty"."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import time

from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import TENS, UNITS, read_below_hundred, read_cardinal

_PREFIXES = word_set("at around about by @ after before between say from until till past like")
_BRIDGES = word_set("about around say like maybe roughly exactly")
_AFTER_WEAK = word_set(
    "people person guests guest adults adult kids kid children child of nights night days day weeks week month months "
    "minutes minute hours hour pounds dollars euros percent bedroom bedrooms bed beds bath street avenue road lane "
    "years year rooms room tables table persons pax covers covers' heads men women babies more times th "
    "hundred thousand"
)
_BEFORE_COUNT = frozenset({"number", "option", "choice"})
_BEFORE_ONE = word_set(
    "the first second third fourth fifth last earlier later earliest latest middle that this other pm am next which any"
)
_MORNING, _EVENING = "am", "pm"
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class TimeReading:
    """A clock reading. `hour` is 0 to 23; `half` is "am" or "pm" when said; `exact` when the hour needs no half.

    `strong` readings are times by their form ("7:30", "half past"); others need a reason to be believed.
    """

    hour: int
    minute: int
    start: int
    end: int
    half: str = ""
    exact: bool = False
    strong: bool = True

    def possible(self) -> tuple[time, ...]:
        """The times it can mean, one or two."""
        if self.exact or self.hour > 12 or (self.hour == 0):
            return (time(self.hour % 24, self.minute),)
        if self.half == _MORNING:
            return (time(self.hour % 12, self.minute),)
        if self.half == _EVENING:
            return (time(self.hour % 12 + 12, self.minute),)
        return (time(self.hour % 12, self.minute), time(self.hour % 12 + 12, self.minute))


def find_times(
    tokens: Sequence[Token], *, expected: bool = False, after: frozenset[int] = frozenset()
) -> list[TimeReading]:
    """Every time in `tokens`, in order.

    A bare number counts when a time is `expected`, after a word such as "at", or at one of the token places in `after`
    (where a date has just ended, say).
    """
    found: list[TimeReading] = []
    at = 0
    while at < len(tokens):
        reading = read_time(tokens, at)
        if reading is not None and (reading.strong or expected or at in after or _is_prefixed(tokens, at)):
            if not (reading.strong or _fits_alone(tokens, reading)):
                at += 1
                continue
            found.append(_with_half(tokens, reading))
            at = found[-1].end
        else:
            at += 1
    return found


def read_time(tokens: Sequence[Token], at: int) -> TimeReading | None:
    """The time that starts at `at`, without a part of the day that follows it."""
    for reader in _READERS:
        reading = reader(tokens, at)
        if reading is not None:
            return reading
    return None


def day_part(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """The half of the day that the words at `at` name, and their end: "pm", "in the evening", "at night"."""
    word, following, third = (word_at(tokens, at + offset) for offset in range(3))
    if word in {"am", "pm"}:
        return word, at + 1
    if word in {"a", "p"} and following == "m":
        return word + "m", at + 2
    if word in {"in", "this", "that"} and (following in _PARTS or (following == "the" and third in _PARTS)):
        return _PARTS[third if following == "the" else following], at + (3 if following == "the" else 2)
    if word == "at" and following in {"night", "lunch", "dinner", "lunchtime", "dinnertime"}:
        return _EVENING, at + 2
    if word == "for" and following in _MEALS:
        return _MEALS[following], at + 2
    if word in {"tonight", "tonite"}:
        return _EVENING, at
    if word in _PARTS:
        return _PARTS[word], at + 1
    return "", at


_PARTS = {
    "morning": _MORNING, "afternoon": _EVENING, "evening": _EVENING, "night": _EVENING, "mornings": _MORNING,
    "evenings": _EVENING, "lunchtime": _EVENING,
}  # fmt: skip
_MEALS = {"dinner": _EVENING, "supper": _EVENING, "lunch": _EVENING, "breakfast": _MORNING, "brunch": _MORNING}
_HALF_WORDS = {**_PARTS, **_MEALS, "tonight": _EVENING, "tonite": _EVENING}


def spoken_half(tokens: Sequence[Token]) -> str:
    """The half of the day that the utterance as a whole speaks of, empty when none or both."""
    halves = {_HALF_WORDS[token.word] for token in tokens if token.word in _HALF_WORDS}
    greeted = {"good morning", "good afternoon", "good evening"}
    for at, token in enumerate(tokens[:-1]):
        if f"{token.word} {tokens[at + 1].word}" in greeted:
            return spoken_half((*tokens[:at], *tokens[at + 2 :]))
    return halves.pop() if len(halves) == 1 else ""


def _with_half(tokens: Sequence[Token], reading: TimeReading) -> TimeReading:
    end = reading.end
    if word_at(tokens, end) in {"ish", "sharp", "exactly", "ish."}:
        end += 1
    half, after = day_part(tokens, end)
    if half and not reading.exact:
        return replace(reading, half=half, end=after)
    if half and reading.exact and word_at(tokens, end) in {"am", "pm"}:
        return replace(reading, end=after)
    return replace(reading, end=end)


def _is_prefixed(tokens: Sequence[Token], at: int) -> bool:
    before = at - 1
    while word_at(tokens, before) in _BRIDGES and word_at(tokens, before - 1) in _PREFIXES:
        before -= 1
    if word_at(tokens, before) == "and" and _is_number(tokens, before - 1):
        return word_at(tokens, before - 2) == "between"
    return word_at(tokens, before) in _PREFIXES


def _is_number(tokens: Sequence[Token], at: int) -> bool:
    return read_cardinal(tokens, at) is not None


def _fits_alone(tokens: Sequence[Token], reading: TimeReading) -> bool:
    """Whether a bare number may be a time: not a count of something, nor a house number."""
    if word_at(tokens, reading.start - 1) in _BEFORE_COUNT or (
        word_at(tokens, reading.start) == "one" and word_at(tokens, reading.start - 1) in _BEFORE_ONE
    ):
        return False
    following = word_at(tokens, reading.end)
    second = word_at(tokens, reading.end + 1)
    third = word_at(tokens, reading.end + 2)
    streets = {"street", "avenue", "road", "lane", "drive", "close", "court", "square"}
    is_night = following == "night" and word_at(tokens, reading.end - 2) == "at"
    return (following not in _AFTER_WEAK or is_night) and not ({second, third} & streets)


def _read_word(tokens: Sequence[Token], at: int) -> TimeReading | None:
    hour = {"noon": 12, "midday": 12, "midnight": 0}.get(word_at(tokens, at))
    if hour is None and word_at(tokens, at) == "12" and word_at(tokens, at + 1) in {"noon", "midday", "midnight"}:
        return TimeReading(12 if word_at(tokens, at + 1) != "midnight" else 0, 0, at, at + 2, exact=True)
    if hour is None and word_at(tokens, at) == "twelve" and word_at(tokens, at + 1) in {"noon", "midday", "midnight"}:
        return TimeReading(12 if word_at(tokens, at + 1) != "midnight" else 0, 0, at, at + 2, exact=True)
    return None if hour is None else TimeReading(hour, 0, at, at + 1, exact=True)


def is_impossible_clock(word: str) -> bool:
    """Whether `word` has the form of a clock time and no clock shows it: "25:00", "7:75"."""
    match = _CLOCK.fullmatch(word)
    return match is not None and (int(match.group(1)) > 24 or int(match.group(2)) > 59)


def is_impossible_hour(tokens: Sequence[Token], at: int) -> int:
    """The end of "thirty o'clock" at `at`, an hour that no clock shows; 0 when there is none."""
    number = read_cardinal(tokens, at) if word_at(tokens, at) not in {"a", "an"} else None
    if number is None or number.value <= 24 or word_at(tokens, number.end) != "o'clock":
        return 0
    return number.end + 1


def _read_clock(tokens: Sequence[Token], at: int) -> TimeReading | None:
    match = _CLOCK.fullmatch(word_at(tokens, at))
    if match is None or is_impossible_clock(match.group()):
        return None
    hour = int(match.group(1)) % 24
    end = at + 1
    if word_at(tokens, end) == "o'clock":
        end += 1
    exact = hour > 12 or hour == 0 or match.group(1).startswith("0")
    return TimeReading(hour, int(match.group(2)), at, end, exact=exact)


_RELATIONS = {"past": 1, "after": 1, "to": -1, "till": -1, "til": -1, "before": -1, "of": -1, "two": -1, "too": -1}


def _read_relation(tokens: Sequence[Token], at: int) -> TimeReading | None:
    """ "half past seven", "half seven", "quarter to eight", "ten past seven", "five minutes to nine"."""
    start = at
    if word_at(tokens, at) == "a" and word_at(tokens, at + 1) in {"quarter", "half"}:
        at += 1
    word = word_at(tokens, at)
    if word == "half":
        after = at + 2 if word_at(tokens, at + 1) in {"past", "passed", "pass", "after"} else at + 1
        hour = _hour(tokens, after)
        return None if hour is None else TimeReading(hour[0], 30, start, hour[1])
    minutes, after = (15, at + 1) if word == "quarter" else _minutes(tokens, at)
    if minutes is None:
        return None
    if word_at(tokens, after) in {"minutes", "minute", "mins"}:
        after += 1
    relation = word_at(tokens, after)
    sign = 1 if relation in {"passed", "pass"} else _RELATIONS.get(relation)
    if sign is None or (relation in {"of", "after", "before", "two", "too"} and word != "quarter"):
        return None
    hour = _hour(tokens, after + 1)
    if hour is None:
        return None
    if sign > 0:
        return TimeReading(hour[0], minutes, start, hour[1])
    return TimeReading((hour[0] - 2) % 12 + 1, 60 - minutes, start, hour[1])


def _minutes(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    number = read_cardinal(tokens, at) if word_at(tokens, at) not in {"a", "an", "couple", "half"} else None
    if number is None or number.value not in {5, 10, 20, 25}:
        return None, at
    return number.value, number.end


def _hour(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """An hour from 1 to 12, with "o'clock" or without."""
    word = word_at(tokens, at)
    if word.isdecimal() and len(word) <= 2:
        value = int(word)
    elif word in UNITS:
        value = UNITS[word]
    elif clock := re.fullmatch(r"(\d{1,2}):00", word):
        value = int(clock.group(1))
    else:
        return None
    if not 1 <= value <= 12:
        return None
    return value, at + (2 if word_at(tokens, at + 1) == "o'clock" else 1)


def _read_pair(tokens: Sequence[Token], at: int) -> TimeReading | None:
    """ "seven thirty", "7 30", "seven oh five", "nineteen thirty", "nineteen hundred"."""
    hour_at = _hour_of_day(tokens, at)
    if hour_at is None:
        return None
    hour, after = hour_at
    word = word_at(tokens, after)
    exact = hour > 12 or hour == 0
    if word == "o'clock":
        return TimeReading(hour, 0, at, after + 1, exact=exact)
    if word == "hundred" and (exact or word_at(tokens, after + 1) == "hours"):
        return TimeReading(hour, 0, at, after + (2 if word_at(tokens, after + 1) == "hours" else 1), exact=True)
    minute = _spoken_minute(tokens, after) if _read_relation(tokens, after) is None else None
    if minute is None:
        half, _ = day_part(tokens, after)
        said = half and word_at(tokens, after) in {"am", "pm", "a", "p", "in"}
        ish = word_at(tokens, after) in {"ish", "sharp"}
        plausible = bool(said or ish)
        return TimeReading(hour, 0, at, after, exact=exact, strong=plausible)
    return TimeReading(hour, minute[0], at, minute[1], exact=exact)


def _hour_of_day(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    word = word_at(tokens, at)
    if word.isdecimal() and len(word) <= 2 and int(word) <= 24:
        return int(word) % 24, at + 1
    if word in UNITS and UNITS[word] > 0:
        return UNITS[word], at + 1
    if word == "ate":
        return 8, at + 1
    if word == "twenty":
        unit = UNITS.get(word_at(tokens, at + 1), 0)
        return (20 + unit, at + 2) if 1 <= unit <= 3 else (20, at + 1)
    return None


def _spoken_minute(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    word = word_at(tokens, at)
    if word_at(tokens, at - 1) and tokens[at - 1].gap in {",", ".", ";", "?"}:
        return None
    if word.isdecimal():
        return (int(word), at + 1) if len(word) == 2 and int(word) <= 59 and not _is_counted(tokens, at + 1) else None
    if word in {"oh", "o", "zero"}:
        unit = UNITS.get(word_at(tokens, at + 1), 0)
        return (unit, at + 2) if 1 <= unit <= 9 else None
    if word in TENS or UNITS.get(word, 0) in {10, 15}:
        number = read_below_hundred(tokens, at)
        if number is not None and number.value <= 59 and not _is_counted(tokens, number.end):
            return number.value, number.end
    return None


def _is_counted(tokens: Sequence[Token], at: int) -> bool:
    return word_at(tokens, at) in _AFTER_WEAK and word_at(tokens, at) not in {"of", "night"}


def _read_block(tokens: Sequence[Token], at: int) -> TimeReading | None:
    """ "730", "0730", "1930", believed only where a time is likely."""
    word = word_at(tokens, at)
    if not (word.isdecimal() and 3 <= len(word) <= 4):
        return None
    hour, minute = int(word[:-2]), int(word[-2:])
    if hour > 24 or minute > 59:
        return None
    half, _ = day_part(tokens, at + 1)
    said = bool(half) or word_at(tokens, at + 1) in {"o'clock", "hours"}
    end = at + 2 if word_at(tokens, at + 1) in {"o'clock", "hours"} else at + 1
    return TimeReading(hour % 24, minute, at, end, exact=hour > 12 or (len(word) == 4 and hour < 10), strong=said)


_READERS: tuple[Callable[[Sequence[Token], int], TimeReading | None], ...] = (
    _read_word,
    _read_clock,
    _read_relation,
    _read_pair,
    _read_block,
)
