"""Money, percentages, fractions, measures and ranges of numbers."""

import re

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_MONEY_NAMES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
}
_SIGN = r"[$€£]"
_MONEY_RANGE = re.compile(rf"({_SIGN})\s?({_NUMBER})\s*[-–—]\s*{_SIGN}?\s?({_NUMBER})(?![\d.]*\d)")
_LARGE = re.compile(rf"({_SIGN})\s?({_NUMBER})\s?(k|K|m|M|bn|thousand|million|billion)\b")
_LARGE_NAMES = {"k": "thousand", "m": "million", "bn": "billion"}
_MONEY = re.compile(rf"({_SIGN})\s?({_NUMBER})")
_MONEY_AFTER = re.compile(rf"(?<![\w.,])({_NUMBER})\s?([€£])")

_PERCENT = re.compile(r"(?<=\d)\s?%")
_RANGE = re.compile(rf"(?<![\w.,:/-])({_NUMBER})\s*(?:–|—|-)\s*({_NUMBER})(?![\w:/-]|\.\d)(?!\s?-)")
_RANGE_UNIT = re.compile(rf"(?<![\w.,:/-])({_NUMBER})\s*(?:–|-)\s*(?={_NUMBER}\s?(?:%|°|km|kg|min|hrs?|ft|sq)\b)")
_FRACTIONS = {
    "1/2": "one half",
    "1/3": "one third",
    "2/3": "two thirds",
    "1/4": "one quarter",
    "3/4": "three quarters",
    "½": "one half",
    "⅓": "one third",
    "⅔": "two thirds",
    "¼": "one quarter",
    "¾": "three quarters",
}
_MIXED = {"one half": "a half", "one third": "a third", "one quarter": "a quarter"}
_FRACTION = re.compile(r"(?<![\d/])(?:(\d+)(?:\s|(?=[½⅓⅔¼¾])))?([½⅓⅔¼¾]|[123]/[234])(?![\d/])")

_UNITS = {
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"),
    "cl": ("centiliter", "centiliters"),
    "ft": ("foot", "feet"),
    "yd": ("yard", "yards"),
    "mi": ("mile", "miles"),
    "mph": ("mile per hour", "miles per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "wk": ("week", "weeks"),
    "wks": ("week", "weeks"),
    "yr": ("year", "years"),
    "yrs": ("year", "years"),
    "sqft": ("square foot", "square feet"),
    "sq ft": ("square foot", "square feet"),
    "sq. ft": ("square foot", "square feet"),
    "ft²": ("square foot", "square feet"),
    "sqm": ("square meter", "square meters"),
    "sq m": ("square meter", "square meters"),
    "m²": ("square meter", "square meters"),
    "mbps": ("megabit per second", "megabits per second"),
    "gb": ("gigabyte", "gigabytes"),
    "kw": ("kilowatt", "kilowatts"),
    "kwh": ("kilowatt hour", "kilowatt hours"),
    "°f": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°c": ("degree Celsius", "degrees Celsius"),
    "°": ("degree", "degrees"),
    "m": ("meter", "meters"),
    "g": ("gram", "grams"),
    "bdrm": ("bedroom", "bedrooms"),
    "br": ("bedroom", "bedrooms"),
    "ba": ("bathroom", "bathrooms"),
}
_UNIT_NAMES = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
# A full stop belongs to the unit when the sentence goes on in lower case.
_UNIT = re.compile(rf"(?<![\w.,#])({_NUMBER})([ -]?)({_UNIT_NAMES})(?![\w²/])(?:\.(?=\s+[a-z(]|,))?", re.IGNORECASE)
_AMBIGUOUS_CAPITALS = frozenset({"M", "G", "BA", "MI", "Mi"})
_PER = re.compile(
    r"(?<=[\w%])\s?/\s?(person|people|night|day|hour|hr|week|month|mo|year|yr|guest|adult|child|head|visit|car|pet|room)\b"
)
_PER_NAMES = {"hr": "hour", "mo": "month", "yr": "year"}


def speak_amounts(text: str) -> str:
    """Write out money, percent, fractions, units and ranges; plain numbers stay figures."""
    text = _PER.sub(lambda m: f" per {_PER_NAMES.get(m[1], m[1])}", text)
    text = _MONEY_RANGE.sub(_money_range, text)
    text = _LARGE.sub(lambda m: f"{m[2]} {_LARGE_NAMES.get(m[3].lower(), m[3])} {_MONEY_NAMES[m[1]][1]}", text)
    text = _MONEY.sub(lambda m: _money(m[1], m[2]), text)
    text = _MONEY_AFTER.sub(lambda m: _money(m[2], m[1]), text)
    text = _FRACTION.sub(_fraction, text)
    text = _RANGE_UNIT.sub(r"\1 to ", text)
    text = _RANGE.sub(r"\1 to \2", text)
    text = _PERCENT.sub(" percent", text)
    return _UNIT.sub(_unit, text)


def _money(sign: str, number: str) -> str:
    one, many, cent, cents = _MONEY_NAMES[sign]
    whole, _, fraction = number.partition(".")
    if fraction and len(fraction) != 2:
        return f"{number} {many}"
    small = int(fraction or 0)
    smaller = f"{small} {cent if small == 1 else cents}" if small else ""
    if whole == "0" and smaller:
        return smaller
    larger = f"{whole} {one if whole == '1' else many}"
    return f"{larger} and {smaller}" if smaller else larger


def _money_range(match: re.Match[str]) -> str:
    sign, low, high = match.groups()
    if "." in low:
        return f"{_money(sign, low)} to {_money(sign, high)}"
    return f"{low} to {_money(sign, high)}"


def _fraction(match: re.Match[str]) -> str:
    spoken = _FRACTIONS.get(match[2])
    if spoken is None:
        return match.group()
    return f"{match[1]} and {_MIXED.get(spoken, spoken)}" if match[1] else spoken


def _unit(match: re.Match[str]) -> str:
    number, joint, unit = match.groups()
    if unit in _AMBIGUOUS_CAPITALS:
        return match.group()
    one, many = _UNITS[unit.lower()]
    # "a 30-min walk" stays singular, as anything that describes another word.
    return f"{number} {one if number == '1' or joint == '-' else many}"
