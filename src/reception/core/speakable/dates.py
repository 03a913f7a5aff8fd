"""Days and times of day."""

import re

from reception.core.speakable.numerals import ordinal

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_WEEKDAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "tues": "Tuesday",
    "wed": "Wednesday",
    "weds": "Wednesday",
    "thu": "Thursday",
    "thur": "Thursday",
    "thurs": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_SHORT_DAY = r"(?:Mon|Tues?|Weds?|Thu(?:rs?)?|Fri|Sat|Sun)"
_LONG_DAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_DAY_RANGE = re.compile(rf"\b({_SHORT_DAY}|{_LONG_DAY})s?\.?\s*[-–—]\s*({_SHORT_DAY}|{_LONG_DAY})(s?)\b")
# "Sat", "Sun" and "Wed" are words: without a full stop they are days only before something that goes with a day.
_DAY_DOTTED = re.compile(rf"\b({_SHORT_DAY})\.(?=,|\s*\d|\s+[a-z]|\s+(?:{_MONTH.replace('?P<month>', '?:')})\b|$)")
_DAY_BARE = re.compile(rf"\b({_SHORT_DAY})(?=,?\s+(?:\d|{_MONTH.replace('?P<month>', '?:')}\s+\d))")

_ISO = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b(?!-)")
_SLASHED = re.compile(r"(?<![\d/$])(?P<month>\d{1,2})/(?P<day>\d{1,2})(?:/(?P<year>\d{4}|\d{2}))?(?![\d/])")
_MONTH_RANGE = re.compile(
    rf"\b{_MONTH}\s+(?P<first>\d{{1,2}})(?:st|nd|rd|th)?\s*[-–—]\s*(?P<last>\d{{1,2}})(?:st|nd|rd|th)?\b"
)
_MONTH_DAY = re.compile(
    rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:|\s*[ap]\.?m\b|%)(?P<year>,?\s+\d{{4}}\b)?", re.ASCII
)
_DAY_MONTH = re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}(?=\W|$)(?P<year>,?\s+\d{{4}}\b)?")
_MONTHS_APART = re.compile(rf"\b{_MONTH}\s*[-–—]\s*{_MONTH.replace('month', 'until')}(?=\W|$)")

_MERIDIEM = r"(?P<{0}>[ap]\.?\s?m\b\.?)"
_TIME = re.compile(
    r"(?<![\d:.$-])(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d))?\s*" + _MERIDIEM.format("half"), re.IGNORECASE
)
_CLOCK = re.compile(r"(?<![\d:.$-])(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:]|\s*[AP]M\b)")
_TIME_RANGE = re.compile(
    r"(?<![\d:.$-])(?P<first>\d{1,2}(?::[0-5]\d)?)\s*(?:(?P<half>[ap]\.?m\b\.?)\s*)?[-–—]\s*"
    r"(?P<last>\d{1,2}(?::[0-5]\d)?)\s*(?P<until>[ap]\.?m\b\.?)",
    re.IGNORECASE,
)
_CLOCK_RANGE = re.compile(r"(?<![\d:.-])(\d{1,2}:[0-5]\d)\s*[-–—]\s*(\d{1,2}:[0-5]\d)(?![\d:])")


def speak_dates(text: str) -> str:
    """Months and weekdays in full, days as ordinals."""
    text = _DAY_BARE.sub(lambda m: _weekday(m[1]), text)
    text = _ISO.sub(_numeric, text)
    text = _SLASHED.sub(_numeric, text)
    text = _MONTH_RANGE.sub(
        lambda m: f"{_month(m['month'])} {ordinal(int(m['first']))} to {ordinal(int(m['last']))}", text
    )
    text = _DAY_MONTH.sub(_day_month, text)
    text = _MONTH_DAY.sub(_month_day, text)
    text = _MONTHS_APART.sub(lambda m: f"{_month(m['month'])} to {_month(m['until'])}", text)
    text = _DAY_RANGE.sub(lambda m: f"{_weekday(m[1])}{m[3]} to {_weekday(m[2])}{m[3]}", text)
    return _DAY_DOTTED.sub(lambda m: _weekday(m[1]), text)


def speak_times(text: str) -> str:
    """Twelve hours with AM and PM, no minutes on the full hour, "to" in ranges."""
    text = _TIME_RANGE.sub(_time_range, text)
    text = _CLOCK_RANGE.sub(r"\1 to \2", text)
    text = _TIME.sub(lambda m: _twelve(m["hour"], m["minute"], m["half"]) + _stop(m, "half"), text)
    return _CLOCK.sub(_clock, text)


def _month(written: str) -> str:
    return next(name for name in _MONTHS if name.lower().startswith(written[:3].lower()))


def _weekday(written: str) -> str:
    return _WEEKDAYS.get(written.lower(), written)


def _numeric(match: re.Match[str]) -> str:
    month, day, year = int(match["month"]), int(match["day"]), match["year"]
    if not (1 <= month <= 12 and 1 <= day <= 31) or (year is None and day <= 12):
        return match.group()
    spoken = f"{_MONTHS[month - 1]} {ordinal(day)}"
    return f"{spoken}, {year if len(year) == 4 else f'20{year}'}" if year else spoken


def _day_month(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match.group()
    return f"the {ordinal(int(match['day']))} of {_month(match['month'])}{match['year'] or ''}"


def _month_day(match: re.Match[str]) -> str:
    if not 1 <= int(match["day"]) <= 31:
        return match.group()
    year = f", {match['year'].strip(' ,')}" if match["year"] else ""
    return f"{_month(match['month'])} {ordinal(int(match['day']))}{year}"


def _twelve(hour: str, minute: str | None, half: str) -> str:
    minutes = f":{minute}" if minute and minute != "00" else ""
    return f"{int(hour)}{minutes} {half[0].upper()}M"


def _stop(match: re.Match[str], half: str) -> str:
    """The full stop of "p.m." when it also ends the sentence."""
    after = match.string[match.end() :]
    dotted = match[half].endswith(".") and match[half].count(".") == 2
    single = match[half].endswith(".") and match[half].count(".") == 1
    ends = not after.strip() or bool(re.match(r"\s+[A-Z\"']", after))
    return "." if single or (dotted and ends) else ""


def _time_range(match: re.Match[str]) -> str:
    first, last = match["first"].split(":"), match["last"].split(":")
    until = _twelve(last[0], last[1] if len(last) > 1 else None, match["until"])
    minutes = f":{first[1]}" if len(first) > 1 and first[1] != "00" else ""
    half = f" {match['half'][0].upper()}M" if match["half"] else ""
    return f"{int(first[0])}{minutes}{half} to {until}{_stop(match, 'until')}"


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match["hour"]), match["minute"]
    if 0 < hour <= 12 and not match["hour"].startswith("0"):
        return f"{hour}:{minute}" if minute != "00" else f"{hour} o'clock"
    return _twelve(str(hour % 12 or 12), minute, "a" if hour % 24 < 12 else "p")
