"""The weekend, for what is booked by the day: Saturday or Sunday, whichever it will be."""

from collections.abc import Sequence
from datetime import date, timedelta

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found, either
from reception.dialogue.understanding.parsers.normalize import Token, word_at

_SATURDAY = 5


def with_either_day(tokens: Sequence[Token], dates: Sequence[Found], today: date) -> list[Found]:
    """`dates` with both days in place of "the weekend"; a day that is named beside it is the one."""
    days = [one for one in dates if word_at(tokens, one.end - 1) != "weekend"]
    if len(days) == len(dates) or any(isinstance(one.value, date) or one.raw for one in days):
        return days
    return [_days_of(tokens, one, today) if one not in days else one for one in dates]


def weeks_later(tokens: Sequence[Token], said: Found) -> timedelta:
    """How long after this weekend the one is that was `said`: "next weekend", "the weekend after"."""
    if word_at(tokens, said.end) == "after":
        return timedelta(days=14 if word_at(tokens, said.end + 1) == "next" else 7)
    return timedelta(days=7 if word_at(tokens, said.start) == "next" else 0)


def _days_of(tokens: Sequence[Token], said: Found, today: date) -> Found:
    saturday = today - timedelta(days=today.weekday()) + timedelta(days=_SATURDAY)
    sunday = saturday + timedelta(days=1)
    later = weeks_later(tokens, said)
    if later:
        saturday, sunday = saturday + later, sunday + later
    elif today == sunday:
        return Found(SlotName.DATE, said.start, said.end, today)
    return either(SlotName.DATE, said.start, said.end, saturday, sunday)
