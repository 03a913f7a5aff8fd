"""What reading a date comes to, and by which conventions it is read."""

from dataclasses import dataclass
from datetime import date, timedelta

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found

NO_SUCH_DATE = "no_such_date"
PAST_DATE = "past_date"
AMBIGUOUS = "ambiguous"
CONTRADICTORY = "contradictory"
"""A weekday and a date that do not fall together."""


@dataclass(frozen=True, slots=True)
class Day:
    """Who asks: the local day, whether 3/14 puts the day first, and whether a date was just asked for."""

    today: date
    day_first: bool = False
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A date, or None with the reason. `weekday_only` and `number_only` readings may be joined with a neighbour."""

    value: date | None
    end: int
    reason: str = ""
    weekday: int | None = None
    number: int | None = None


def contradiction(start: int, end: int, numbered: date, weekday: int, today: date) -> Found:
    """ "Sunday the 16th" of a month whose 16th is a Monday: the date that was said, and the nearest such weekday."""
    ahead = (weekday - numbered.weekday()) % 7
    named = numbered + timedelta(days=ahead if ahead <= 3 else ahead - 7)
    if named < today:
        named += timedelta(days=7)
    raw = f"{numbered.isoformat()}|{named.isoformat()}"
    return Found(SlotName.DATE, start, end, reason=CONTRADICTORY, raw=raw)
