"""Days, times and lengths of time as people write them in a scenario. Everything raises ValueError with a sentence."""

import re
from datetime import date, datetime, time, timedelta

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?\s*([ap])?\.?(?:m\.?)?")
_STEP = re.compile(r"([+-]?\d+)\s*(d|days?|w|weeks?)")
_IN = re.compile(r"in\s+(\d+)\s*(days?|weeks?)")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?(?:\s+of)?\s+([a-z]{3,9})\.?(?:,?\s+(\d{4}))?")
_LENGTH_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_UNITS = {
    "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
    "m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60,
    "h": 3600, "hr": 3600, "hrs": 3600, "hour": 3600, "hours": 3600,
    "d": 86400, "day": 86400, "days": 86400,
    "w": 604800, "week": 604800, "weeks": 604800,
    "month": 2592000, "months": 2592000, "year": 31536000, "years": 31536000,
}  # fmt: skip

DAY_FORMS = '"2027-03-13", "today", "tomorrow", "+3d", "+2w", "saturday", "next saturday" or "March 13"'
TIME_FORMS = '"19:30", "7:30 PM", "7pm", "noon" or "midnight"'
LENGTH_FORMS = '"90m", "1h30m", "45 minutes", "2 hours", "90 days" or "2 weeks"'


def read_time(text: str, *, bare_hour: bool = False) -> time:
    """A time of day; `bare_hour` takes "10" for ten in the morning."""
    plain = text.strip().lower()
    if plain in {"noon", "midday"}:
        return time(12)
    if plain in {"midnight", "24:00", "24"}:
        return time(0)
    found = _TIME.fullmatch(plain)
    if found is None or (found[2] is None and found[3] is None and not bare_hour):
        raise ValueError(f'"{text}" is no time of day; write {TIME_FORMS}')
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= 12:
            raise ValueError(f'"{text}" is no time of day; write {TIME_FORMS}')
        hour = hour % 12 + (12 if found[3] == "p" else 0)
    if hour > 23 or minute > 59:
        raise ValueError(f'"{text}" is no time of day; write {TIME_FORMS}')
    return time(hour, minute)


def read_length(text: str) -> timedelta:
    """A length of time with its unit."""
    plain = text.strip().lower()
    if plain in {"0", "none"}:
        return timedelta()
    rest = _LENGTH_PART.sub("", plain).replace("and", "").replace(",", "").strip()
    parts = _LENGTH_PART.findall(plain)
    trailing = re.fullmatch(r"(\d+)\s*h(?:ours?)?\s*(\d{1,2})", plain)
    if trailing is not None:
        return timedelta(hours=int(trailing[1]), minutes=int(trailing[2]))
    if not parts or rest or any(unit not in _UNITS for _, unit in parts):
        raise ValueError(f'"{text}" is no length of time; write {LENGTH_FORMS}')
    return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))


def read_day(text: str, today: date) -> date:
    """A day, absolute or as seen from `today`: "saturday" is the first one after today, "next saturday" the one of
    the week after this, weeks beginning on Monday."""
    plain = " ".join(text.lower().split())
    near = {"today": 0, "tonight": 0, "tomorrow": 1, "day after tomorrow": 2, "yesterday": -1}
    if plain in near:
        return today + timedelta(days=near[plain])
    found = _STEP.fullmatch(plain) or _IN.fullmatch(plain)
    if found is not None and (plain[0] in "+-" or plain.startswith("in")):
        return today + timedelta(days=int(found[1]) * (7 if found[2][0] == "w" else 1))
    weekday = _weekday(plain.removeprefix("this ").removeprefix("next ").removeprefix("on "))
    if weekday is not None:
        if plain.startswith("next "):
            return today + timedelta(days=7 - today.weekday() + weekday)
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    day = _calendar_day(plain, today)
    if day is None:
        raise ValueError(f'"{text}" is no day; write {DAY_FORMS}')
    return day


def read_moment(text: str, today: date) -> datetime:
    """A local day and time, without a zone: "2027-03-13 19:30", "tomorrow at 7pm", "+3d 19:30"."""
    plain = text.strip().replace("T", " ") if _ISO.match(text.strip()) else text.strip()
    for cut in range(len(plain), 0, -1):
        if cut < len(plain) and plain[cut] not in " ,":
            continue
        head, tail = plain[:cut].strip(" ,"), plain[cut:].strip(" ,")
        tail = re.sub(r"^at\s+", "", tail)
        head = re.sub(r"\s+at$", "", head)
        if not tail:
            continue
        try:
            return datetime.combine(read_day(head, today), read_time(tail))
        except ValueError:
            continue
    raise ValueError(f'"{text}" is no day and time; write a day ({DAY_FORMS}), a blank and a time ({TIME_FORMS})')


def _weekday(word: str) -> int | None:
    if len(word) < 3:
        return None
    for number, name in enumerate(WEEKDAYS):
        if name == word or (name.startswith(word) and len(word) <= 5):
            return number
    return None


def _calendar_day(plain: str, today: date) -> date | None:
    found = _ISO.fullmatch(plain)
    if found is not None:
        return _day(int(found[1]), int(found[2]), int(found[3]), plain)
    for pattern, month_at, day_at in ((_MONTH_DAY, 1, 2), (_DAY_MONTH, 2, 1)):
        named = pattern.fullmatch(plain)
        month = _month(named[month_at]) if named is not None else None
        if named is None or month is None:
            continue
        if named[3]:
            return _day(int(named[3]), month, int(named[day_at]), plain)
        day = _day(today.year, month, int(named[day_at]), plain)
        return day if day >= today else _day(today.year + 1, month, int(named[day_at]), plain)
    return None


def _month(word: str) -> int | None:
    for number, name in enumerate(MONTHS, start=1):
        if name.startswith(word):
            return number
    return None


def _day(year: int, month: int, day: int, text: str) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f'there is no such day as "{text}"') from None


def weekday_of(word: str) -> int | None:
    """0 for "mon", "Monday" or "mondays"."""
    plain = word.strip().lower()
    return _weekday(plain) if _weekday(plain) is not None else _weekday(plain.removesuffix("s"))
