"""Decides between morning and evening by when the business is open."""

from datetime import date, time

from reception.dialogue.commands import TimeOfDay
from reception.dialogue.understanding.parsers.times import TimeReading
from reception.ports.business import Bookable, Business, OpenSpan

_FIRST_MORNING_HOUR = 9
"""Said alone and with no opening hours to decide, nine to eleven mean the morning and the rest the afternoon."""


def resolve(reading: TimeReading, half: str, business: Business, day: date | None) -> TimeOfDay:
    """The time that `reading` means at `business` on `day`, on any day when that is not known.

    `half` is what the rest of the utterance said of the part of the day, empty when nothing. Not certain only when
    the business is open at both times.
    """
    possible = reading.possible()
    if len(possible) == 1:
        return TimeOfDay(possible[0])
    morning, evening = possible
    if half:
        return TimeOfDay(_in_half(morning, evening, half))
    spans = business.hours.on(day) if day is not None else ()
    if not spans:
        spans = tuple(span for weekday in business.hours.weekly for span in weekday)
    open_mornings = any(_covers(span, morning) for span in spans)
    open_evenings = any(_covers(span, evening) for span in spans)
    if open_mornings != open_evenings:
        return TimeOfDay(morning if open_mornings else evening)
    serves_dinner = business.rules.bookable is Bookable.TABLE
    guess = morning if _FIRST_MORNING_HOUR <= morning.hour <= 11 and not serves_dinner else evening
    return TimeOfDay(guess, certain=not open_mornings)


def _in_half(morning: time, evening: time, half: str) -> time:
    return morning if half == "am" else evening


def _covers(span: OpenSpan, at: time) -> bool:
    if span.opens < span.closes:
        return span.opens <= at < span.closes
    return at >= span.opens or at < span.closes
