"""Days told by how far off they are: "in two weeks", "a week on Tuesday", "three days from now"."""

from collections.abc import Sequence
from datetime import date, timedelta

from reception.dialogue.understanding.parsers.calendar_words import WEEKDAYS, add_months, next_weekday
from reception.dialogue.understanding.parsers.day_readings import Day, Reading
from reception.dialogue.understanding.parsers.normalize import Token, word_at
from reception.dialogue.understanding.parsers.numbers import read_cardinal

_SPANS = {"day": 1, "days": 1, "week": 7, "weeks": 7, "fortnight": 14, "month": 0, "months": 0}


def read_span(tokens: Sequence[Token], at: int, day: Day) -> Reading | None:
    """ "in two weeks", "a week on Tuesday", "two weeks from Friday", "a week today", "three days from now"."""
    word = word_at(tokens, at)
    inside = word in {"in", "within"}
    start = at + 1 if inside else at
    if word_at(tokens, start) in {"a", "an", "one"} and word_at(tokens, start + 1) in _SPANS:
        count, unit_at = 1, start + 1
    else:
        number = read_cardinal(tokens, start)
        if number is None or number.value > 366:
            return None
        count, unit_at = number.value, number.end
    unit = word_at(tokens, unit_at)
    if unit not in _SPANS:
        return None
    after = unit_at + 1
    if inside:
        if word_at(tokens, after) in {"time", "times"} or word_at(tokens, after) == "from":
            after += 1
        return Reading(_later(day.today, count, unit), _past_from_now(tokens, after))
    return _read_anchored_span(tokens, after, count, unit, day)


def _read_anchored_span(tokens: Sequence[Token], after: int, count: int, unit: str, day: Day) -> Reading | None:
    if word_at(tokens, after) in {"from", "on", "after", "this"}:
        anchor_at = after + 1
        if word_at(tokens, anchor_at) in {"now", "today"}:
            return Reading(_later(day.today, count, unit), anchor_at + 1)
    else:
        anchor_at = after
    if word_at(tokens, anchor_at) in {"next", "this", "coming"}:
        anchor_at += 1
    weekday = WEEKDAYS.get(word_at(tokens, anchor_at))
    if weekday is not None and (anchor_at > after or unit in {"week", "weeks", "fortnight"}):
        if anchor_at == after:
            return None
        return Reading(_later(next_weekday(day.today, weekday), count, unit), anchor_at + 1)
    offset = {"today": 0, "tomorrow": 1}.get(word_at(tokens, anchor_at))
    if offset is not None and unit in {"week", "weeks", "fortnight"}:
        return Reading(_later(day.today + timedelta(days=offset), count, unit), anchor_at + 1)
    return None


def _past_from_now(tokens: Sequence[Token], at: int) -> int:
    return at + 1 if word_at(tokens, at) in {"now", "today"} else at


def _later(day: date, count: int, unit: str) -> date:
    if unit in {"month", "months"}:
        return add_months(day, count)
    return day + timedelta(days=count * _SPANS[unit])
