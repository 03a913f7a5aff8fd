"""Days told by their place in a month: "the last Friday of March", "the first Saturday in April"."""

from collections.abc import Sequence
from datetime import date, timedelta

from reception.dialogue.understanding.parsers.calendar_words import MONTHS, WEEKDAYS, add_months
from reception.dialogue.understanding.parsers.day_readings import Day, Reading
from reception.dialogue.understanding.parsers.normalize import Token, word_at

_PLACES = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3, "last": -1}


def read_day_of_month(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """The day at `at` that is told by its place in a month, past ones of this month left out."""
    start = at + 1 if word_at(tokens, at) == "the" else at
    return _read_weekday_of_month(tokens, start, day) or _read_end_of_month(tokens, start, day)


def _read_weekday_of_month(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    place, weekday = _PLACES.get(word_at(tokens, at)), WEEKDAYS.get(word_at(tokens, at + 1))
    if place is None or weekday is None or word_at(tokens, at + 2) not in {"of", "in"}:
        return None
    month = _month(tokens, at + 3, day)
    if month is None:
        return None
    first, end = month
    value = _placed(first, weekday, place)
    if value < day.today and word_at(tokens, at + 3) in MONTHS:
        value = _placed(first.replace(year=first.year + 1), weekday, place)
    return Reading(value, end)


def _placed(first: date, weekday: int, place: int) -> date:
    if place < 0:
        last = add_months(first, 1) - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * place)


def _read_end_of_month(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """ "the last day of March", "the end of the month"."""
    words = [word_at(tokens, at + offset) for offset in range(3)]
    if words == ["last", "day", "of"]:
        month = _month(tokens, at + 3, day)
    elif words[:2] == ["end", "of"] and words[2] not in MONTHS:
        month = _month(tokens, at + 2, day)
    else:
        return None
    return None if month is None else Reading(add_months(month[0], 1) - timedelta(days=1), month[1])


def _month(tokens: Sequence[Token], at: int, day: Day) -> tuple[date, int] | None:
    """The first of the month named at `at`, and the end of its words."""
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word in {"the", "this", "next"} and following == "month":
        return add_months(day.today.replace(day=1), int(word == "next")), at + 2
    month = MONTHS.get(word)
    if month is None:
        return None
    return date(day.today.year + int(month < day.today.month), month, 1), at + 1
