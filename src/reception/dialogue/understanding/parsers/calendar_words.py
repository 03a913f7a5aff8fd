"""Calendar arithmetic behind dates: weekdays, months, and days that are given without a month or a year.

Conventions, for a caller who speaks on `today`:
- a bare weekday is the next one after today; "this Friday" may be today;
- "next Friday" is the Friday of the next calendar week, weeks beginning on Monday;
- "Friday week" and "a week on Friday" are seven days after the bare weekday;
- a bare day number is the next such day, today included, in the first month that has it;
- a day and month without a year is the next such day; one that passed less than a month ago is taken as past.
"""

from calendar import monthrange
from datetime import date, timedelta

WEEKDAYS = {
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6, "mondays": 0,
    "mon": 0, "tue": 1, "tues": 1, "wed": 2, "weds": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4,
    "wensday": 2, "wednsday": 2, "teusday": 1, "tuseday": 1, "satuday": 5, "thrusday": 3,
}  # fmt: skip
SHORT_WEEKEND = {"sat": 5, "sun": 6}
"""Also English words, so believed only after "on", "this" or "next", or where a date was asked for."""
MONTHS = {
    "january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8,
    "september": 9, "october": 10, "november": 11, "december": 12, "jan": 1, "feb": 2, "mar": 3, "apr": 4, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12, "febuary": 2,
}  # fmt: skip

_RECENT = timedelta(days=31)
_LONGEST_MONTH = 31


def next_weekday(today: date, weekday: int, *, include_today: bool = False) -> date:
    """The next `weekday` (Monday 0) after `today`."""
    ahead = (weekday - today.weekday()) % 7
    if ahead == 0 and not include_today:
        ahead = 7
    return today + timedelta(days=ahead)


def weekday_of_next_week(today: date, weekday: int) -> date:
    """`weekday` of the calendar week after the one of `today`."""
    return today - timedelta(days=today.weekday()) + timedelta(days=7 + weekday)


def last_weekday(today: date, weekday: int) -> date:
    """The most recent `weekday` before `today`."""
    return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)


def safe_date(year: int, month: int, day: int) -> date | None:
    """The date, or None when the calendar has no such day."""
    if not (1 <= month <= 12 and 1 <= year <= 9999 and 1 <= day <= monthrange(year, month)[1]):
        return None
    return date(year, month, day)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month."""
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def next_day_number(today: date, day: int) -> date | None:
    """The next date, today included, that is the `day`th of its month; None when no month has it."""
    if not 1 <= day <= _LONGEST_MONTH:
        return None
    for months in range(13):
        first = add_months(today.replace(day=1), months)
        candidate = safe_date(first.year, first.month, day)
        if candidate is not None and candidate >= today:
            return candidate
    return None


def next_day_of_month(today: date, month: int, day: int) -> date | None:
    """The next such day; the one just passed when that is recent; None when neither year has it."""
    here = safe_date(today.year, month, day)
    there = safe_date(today.year + 1, month, day)
    if here is None:
        return there if _has_month_passed(today, month) else None
    if here >= today or today - here < _RECENT:
        return here
    return there


def _has_month_passed(today: date, month: int) -> bool:
    return (today.year, month) < (today.year, today.month)
