"""Dates, times, numbers and lists as people say them; written, for the voice makes them speakable."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal

import phonenumbers

_COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def say_count(number: int) -> str:
    """Small numbers in words, larger ones in figures."""
    return _COUNTS[number] if 0 <= number < len(_COUNTS) else str(number)


def say_time(moment: time | datetime, *, half: bool = True) -> str:
    """ "7:30 PM", "7 PM"; without `half` of the day "7:30", "7:00"."""
    hour = moment.hour % 12 or 12
    if not half:
        return f"{hour}:{moment.minute:02d}"
    if moment.hour == 12 and moment.minute == 0:
        return "noon"
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{hour}{minutes} {'AM' if moment.hour < 12 else 'PM'}"


def say_ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def say_day(day: date) -> str:
    """ "Friday, November 27th"."""
    return f"{_WEEKDAYS[day.weekday()]}, {_MONTHS[day.month - 1]} {say_ordinal(day.day)}"


def say_near_day(day: date, today: date) -> str:
    """ "today", "tomorrow", "Friday" within a week, else the full date."""
    ahead = (day - today).days
    if ahead == 0:
        return "today"
    if ahead == 1:
        return "tomorrow"
    return say_weekday(day) if 1 < ahead < 7 else say_day(day)


def say_weekday(day: date) -> str:
    return _WEEKDAYS[day.weekday()]


def say_list(items: Sequence[str], joined_by: str = "and") -> str:
    """ "a", "a or b", "a, b or c"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joined_by} {items[-1]}"


def say_phone(phone: str, region: str) -> str:
    """A number as written in its own country: "(415) 555-0142" becomes "415 555 0142"; a foreign one keeps its "+"."""
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return phone
    home = phonenumbers.country_code_for_region(region) == number.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    written = phonenumbers.format_number(number, form)
    return " ".join("".join(" " if c in "()-./" else c for c in written).split())


def say_nights(nights: int) -> str:
    return "one night" if nights == 1 else f"{say_count(nights)} nights"


def say_digits(digits: str) -> str:
    """Digits of an unfinished phone number, grouped."""
    if len(digits) <= 4:
        return digits
    groups = [digits[:3], digits[3:]] if len(digits) == 7 else [digits[:3], digits[3:6], digits[6:]]
    return " ".join(group for group in groups if group)


_CURRENCIES = {
    "US": "$",
    "CA": "$",
    "AU": "$",
    "NZ": "$",
    "GB": "£",
    "IE": "€",
    "FR": "€",
    "DE": "€",
    "ES": "€",
    "IT": "€",
}


_SYMBOLS = {"USD": "$", "GBP": "£", "EUR": "€", "CAD": "$", "AUD": "$", "NZD": "$"}


def say_price(amount: Decimal, currency: str) -> str:
    """ "$290", "£72.50", "300 CHF": `currency` is an ISO 4217 code."""
    written = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
    return f"{_SYMBOLS[currency]}{written}" if currency in _SYMBOLS else f"{written} {currency}"


def say_money(amount: int, region: str) -> str:
    """ "$1,800", in the currency of `region` (ISO 3166) where it is one that we know."""
    return f"{_CURRENCIES.get(region, '')}{amount:,}"
