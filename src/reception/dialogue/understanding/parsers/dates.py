"""Dates as they are said, resolved against a day. The conventions are those of `calendar_words`."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.calendar_words import (
    MONTHS,
    SHORT_WEEKEND,
    WEEKDAYS,
    add_months,
    last_weekday,
    next_day_number,
    next_day_of_month,
    next_weekday,
    safe_date,
    weekday_of_next_week,
)
from reception.dialogue.understanding.parsers.day_readings import (
    AMBIGUOUS,
    CONTRADICTORY,
    NO_SUCH_DATE,
    PAST_DATE,
    Day,
    Reading,
    contradiction,
)
from reception.dialogue.understanding.parsers.day_spans import read_span
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.month_days import read_day_of_month
from reception.dialogue.understanding.parsers.named_days import read_named_day
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import Number, read_cardinal, read_ordinal

_NOT_A_DAY = word_set(
    "one ones time times option floor name names thing of slot table room place person question choice choices "
    "offer half course party people guest guests number word letter street avenue road lane"
)
_AFTER_NAMED_DAY = frozenset({"name", "names"})
_DAY_PARTS = word_set("morning afternoon evening night lunchtime noon")
_TONIGHT = frozenset({"tonight", "tonite"})


def find_dates(tokens: Sequence[Token], day: Day) -> list[Found]:
    """Every date in `tokens`, in order; past and impossible ones with their reason."""
    found: list[Found] = []
    next_week = False
    at = 0
    while at < len(tokens):
        reading = read_date(tokens, at, day)
        if reading is None:
            at += 1
            continue
        reading = _of_next_year(tokens, _joined(tokens, reading, day), day)
        if next_week and reading.weekday is not None and reading.end == at + 1:
            reading = replace(reading, value=weekday_of_next_week(day.today, reading.weekday))
        next_week = next_week or [token.word for token in tokens[at : reading.end]] == ["next", "week"]
        reason = reading.reason
        if reading.value is not None and reading.value < day.today:
            reason = PAST_DATE
        if reason == CONTRADICTORY and reading.value is not None and reading.weekday is not None:
            found.append(contradiction(at, reading.end, reading.value, reading.weekday, day.today))
            at = reading.end
            continue
        weak = reading.number is not None and reason == NO_SUCH_DATE
        value, lone = None if reason else reading.value, reading.weekday is not None
        found.append(Found(SlotName.DATE, at, reading.end, value, reason, weak=weak, weekday=lone))
        at = reading.end
    return found


def read_date(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """The date that starts at `at`."""
    for reader in _READERS:
        reading = reader(tokens, at, day)
        if reading is not None:
            return reading
    return None


def _of_next_year(tokens: Sequence[Token], reading: Reading, day: Day) -> Reading:
    """ "March 12th next year"."""
    at = reading.end + (1 if word_at(tokens, reading.end) in {"of", "in"} else 0)
    if reading.value is None or (word_at(tokens, at), word_at(tokens, at + 1)) != ("next", "year"):
        return reading
    value = safe_date(day.today.year + 1, reading.value.month, reading.value.day)
    return replace(reading, value=value, end=at + 2) if value is not None else reading


def _joined(tokens: Sequence[Token], reading: Reading, day: Day) -> Reading:
    """Joins "Friday" with "the 14th" or "March 14th" that follows it, and the other way round."""
    at = reading.end
    while word_at(tokens, at) in {"the", "on", "which", "that", "is", "a", "so"} and at - reading.end < 3:
        at += 1
    if (reading.weekday is None) == (reading.number is None):
        return reading
    start = at if word_at(tokens, at - 1) != "the" else at - 1
    following = read_date(tokens, start, replace(day, expected=day.expected or word_at(tokens, at - 1) == "the"))
    if following is None or following.end <= reading.end:
        return reading
    if reading.weekday is not None and following.weekday is None and following.value is not None:
        return _agreeing(following, reading.weekday, day)
    if reading.number is not None and following.weekday is not None and reading.value is not None:
        return _agreeing(replace(reading, end=following.end), following.weekday, day)
    return reading


def _agreeing(reading: Reading, weekday: int, day: Day) -> Reading:
    """`reading` when it falls on `weekday`; a later month's same number when that does; else a contradiction."""
    if reading.value is not None and reading.value.weekday() == weekday:
        return reading
    if reading.number is not None:
        month = day.today
        for _ in range(3):
            candidate = safe_date(month.year, month.month, reading.number)
            if candidate is not None and candidate >= day.today and candidate.weekday() == weekday:
                return replace(reading, value=candidate)
            month = add_months(month, 1)
    return replace(reading, reason=CONTRADICTORY, weekday=weekday)


def _read_figures(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    word = word_at(tokens, at)
    if iso := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", word):
        value = safe_date(int(iso.group(1)), int(iso.group(2)), int(iso.group(3)))
        return Reading(value, at + 1, "" if value else NO_SUCH_DATE)
    slash = re.fullmatch(r"(\d{1,2})/(\d{1,2})(?:/(\d{2,4}))?", word)
    if slash is None:
        return None
    first, second = int(slash.group(1)), int(slash.group(2))
    month, number = (second, first) if day.day_first else (first, second)
    if month > 12 >= number:
        month, number = number, month
    year = slash.group(3)
    return _on(day, month, number, None if year is None else int(year) % 100 + 2000, at + 1)


def _on(day: Day, month: int, number: int, year: int | None, end: int) -> Reading:
    if year is not None:
        value = safe_date(year, month, number)
    else:
        value = next_day_of_month(day.today, month, number) if 1 <= month <= 12 else None
    return Reading(value, end, "" if value else NO_SUCH_DATE)


def _read_year(tokens: Sequence[Token], at: int) -> tuple[int | None, int]:
    word = word_at(tokens, at)
    if word.isdecimal() and len(word) == 4 and word.startswith("20"):
        return int(word), at + 1
    for century in (("twenty",), ("two", "thousand", "and"), ("two", "thousand")):
        end = at + len(century)
        if all(word_at(tokens, at + offset) == part for offset, part in enumerate(century)):
            rest = read_cardinal(tokens, end)
            if rest is not None and 20 <= rest.value <= 60:
                return 2000 + rest.value, rest.end
    return None, at


def _read_month_day(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """ "March 14", "March the fourteenth", "the 14th of March", "14 March"."""
    month = MONTHS.get(word_at(tokens, at))
    if month is not None:
        after = at + 2 if word_at(tokens, at + 1) == "the" else at + 1
        number = _day_number(tokens, after)
        if number is None:
            return None
        year, end = _read_year(tokens, number.end)
        return _on(day, month, number.value, year, end)
    start = at + 1 if word_at(tokens, at) == "the" else at
    number = _day_number(tokens, start)
    if number is None or _counts_people(tokens, at, number.end):
        return None
    of = number.end + 1 if word_at(tokens, number.end) == "of" else number.end
    month = MONTHS.get(word_at(tokens, of))
    if month is not None and not (word_at(tokens, of) == "may" and word_at(tokens, of + 1) in {"i", "we"}):
        year, end = _read_year(tokens, of + 1)
        return _on(day, month, number.value, year, end)
    if of > number.end and word_at(tokens, of) == "the":
        numbered = read_ordinal(tokens, of + 1)
        if numbered is not None and 1 <= numbered.value <= 12 and read_ordinal(tokens, start) is not None:
            return _on(day, numbered.value, number.value, None, numbered.end)
    return _day_of_relative_month(tokens, of, number.value, day)


def _counts_people(tokens: Sequence[Token], at: int, end: int) -> bool:
    """Whether the number before a month is that of "for two, December 12", with the day after the month."""
    if word_at(tokens, at - 1) != "for" or word_at(tokens, end) not in MONTHS:
        return False
    after = end + 2 if word_at(tokens, end + 1) == "the" else end + 1
    later = _day_number(tokens, after)
    return later is not None and word_at(tokens, later.end) not in {"am", "pm", "o'clock"}


def _day_of_relative_month(tokens: Sequence[Token], at: int, number: int, day: Day) -> Reading | None:
    for words, months in (("next month", 1), ("this month", 0), ("the month", 0)):
        if word_at(tokens, at) == words.split()[0] and word_at(tokens, at + 1) == words.split()[1]:
            month = add_months(day.today.replace(day=1), months)
            value = safe_date(month.year, month.month, number)
            return Reading(value, at + 2, "" if value else NO_SUCH_DATE)
    return None


def _day_number(tokens: Sequence[Token], at: int) -> Number | None:
    ordinal = read_ordinal(tokens, at)
    if ordinal is not None:
        return ordinal
    word = word_at(tokens, at)
    if word.isdecimal() and len(word) > 2:
        return None
    number = read_cardinal(tokens, at)
    return number if number is not None and number.value <= 99 and word not in {"a", "an", "half", "couple"} else None


def _read_relative(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    word = word_at(tokens, at)
    if word in _TONIGHT or word == "today" or (word == "this" and word_at(tokens, at + 1) in _DAY_PARTS):
        return Reading(day.today + _week_after(tokens, at + 1), _past_week(tokens, at + 1, at + 1))
    if word == "tomorrow" or word in {"tomorow", "tommorow", "tommorrow", "tmrw"}:
        return Reading(day.today + timedelta(days=1) + _week_after(tokens, at + 1), _past_week(tokens, at + 1, at + 1))
    if word == "yesterday":
        return Reading(day.today - timedelta(days=1), at + 1)
    start = at + 1 if word == "the" else at
    if [word_at(tokens, start + offset) for offset in range(3)] == ["day", "after", "tomorrow"]:
        return Reading(day.today + timedelta(days=2), start + 3)
    if word == "overmorrow":
        return Reading(day.today + timedelta(days=2), at + 1)
    return None


def _week_after(tokens: Sequence[Token], at: int) -> timedelta:
    return timedelta(days=7) if word_at(tokens, at) == "week" else timedelta()


def _past_week(tokens: Sequence[Token], at: int, end: int) -> int:
    return at + 1 if word_at(tokens, at) == "week" else end


def _read_weekday(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """ "Friday", "this Friday", "next Friday", "Friday week", "Friday after next", "next week Tuesday"."""
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word == "next" and following == "week":
        after = at + 3 if word_at(tokens, at + 2) in {"on", "is"} else at + 2
        weekday = _weekday(tokens, after, day)
        if weekday is None:
            return Reading(None, at + 2, AMBIGUOUS)
        return Reading(weekday_of_next_week(day.today, weekday), after + 1, weekday=weekday)
    weekday = _weekday(tokens, at + 1, day)
    if weekday is not None and word in {"next", "this", "coming", "last"}:
        if word == "last":
            return Reading(last_weekday(day.today, weekday), at + 2)
        if word == "next":
            return Reading(weekday_of_next_week(day.today, weekday), at + 2, weekday=weekday)
        value = next_weekday(day.today, weekday, include_today=word == "this")
        return Reading(value, at + 2, weekday=weekday)
    weekday = _weekday(tokens, at, day)
    if weekday is None:
        return None
    return _after_weekday(tokens, at + 1, weekday, day)


def _after_weekday(tokens: Sequence[Token], at: int, weekday: int, day: Day) -> Reading:
    value = next_weekday(day.today, weekday)
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word == "week":
        return Reading(value + timedelta(days=7), at + 1)
    if word == "fortnight":
        return Reading(value + timedelta(days=14), at + 1)
    if word == "after" and following == "next":
        return Reading(value + timedelta(days=7), at + 2)
    start = at + 1 if word == "of" else at
    if word_at(tokens, start) == "next" and word_at(tokens, start + 1) == "week":
        return Reading(weekday_of_next_week(day.today, weekday), start + 2, weekday=weekday)
    if word_at(tokens, start) == "this" and word_at(tokens, start + 1) == "week":
        return Reading(next_weekday(day.today, weekday, include_today=True), start + 2, weekday=weekday)
    return Reading(value, at, weekday=weekday)


def _weekday(tokens: Sequence[Token], at: int, day: Day) -> int | None:
    word = word_at(tokens, at)
    if word in WEEKDAYS:
        return WEEKDAYS[word]
    if word in SHORT_WEEKEND and (day.expected or word_at(tokens, at - 1) in {"on", "this", "next"}):
        return SHORT_WEEKEND[word]
    return None


def _read_weekend(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    for words in (("this", "weekend"), ("next", "weekend"), ("the", "weekend"), ("next", "month"), ("this", "week")):
        if (word_at(tokens, at), word_at(tokens, at + 1)) == words:
            return Reading(None, at + 2, AMBIGUOUS)
    return None


def _read_day_number(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """ "the 14th", "on the fourteenth", and, where a date was asked for, "fourteenth" and "14"."""
    definite = word_at(tokens, at) == "the"
    start = at + 1 if definite else at
    number = read_ordinal(tokens, start)
    if number is None and day.expected and not definite and word_at(tokens, start).isdecimal():
        number = _day_number(tokens, start)
    if number is None or _is_counted(tokens, number.end):
        return None
    figures = word_at(tokens, start)[:1].isdecimal()
    if not (definite or day.expected or figures):
        return None
    value = next_day_number(day.today, number.value)
    return Reading(value, number.end, "" if value else NO_SUCH_DATE, number=number.value)


def _is_counted(tokens: Sequence[Token], at: int) -> bool:
    """Whether what follows says that the number before it is that of something else ("the second table")."""
    word = word_at(tokens, at)
    if word in _AFTER_NAMED_DAY and word_at(tokens, at + 1) in {"of", "is"}:
        return False
    return word in _NOT_A_DAY


def _read_after_named(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """ "The day after Christmas", "the day before my birthday" excepted; "not this Friday, the one after"."""
    start = at + 1 if word_at(tokens, at) == "the" else at
    sign = {"after": 1, "before": -1}.get(word_at(tokens, start + 1), 0)
    if sign and word_at(tokens, start) == "day" and word_at(tokens, start + 2) not in {"that", "this", ""}:
        anchor = read_date(tokens, start + 2, day)
        if anchor is not None and anchor.value is not None:
            return Reading(anchor.value + timedelta(days=sign), anchor.end)
    if word_at(tokens, at) != "not" or word_at(tokens, at + 1) not in {"this", "on", "next", "the"}:
        return None
    weekday = _weekday(tokens, at + 2, day)
    rest = [word_at(tokens, at + 3 + offset) for offset in range(4)]
    rest = rest[1:] if rest[:1] == ["but"] else rest
    if weekday is None or rest[:1] != ["the"] or rest[1] not in {"one", "week", "next", "following"}:
        return None
    if rest[1] in {"one", "week"} and rest[2] not in {"after", "following"}:
        return None
    before = _read_weekday(tokens, at + 1, day)
    if before is None or before.value is None:
        return None
    end = at + 3 + (4 if word_at(tokens, at + 3) == "but" else 3)
    return Reading(before.value + timedelta(days=7), min(end, len(tokens)))


def _read_named(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    named = read_named_day(tokens, at, day.today)
    return None if named is None else Reading(named[0], named[1])


_READERS: tuple[Callable[[Sequence[Token], int, Day], Reading | None], ...] = (
    _read_figures,
    read_day_of_month,
    _read_after_named,
    _read_named,
    _read_relative,
    read_span,
    _read_weekend,
    _read_month_day,
    _read_weekday,
    _read_day_number,
)
