"""Numbers as words."""

import re

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *DIGITS,
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_IRREGULAR = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}


def digits(text: str) -> str:
    """Each digit of `text` as a word, anything else left out: "01 4" is "zero one four"."""
    return " ".join(DIGITS[int(character)] for character in text if character.isascii() and character.isdigit())


def cardinal(number: int) -> str:
    """0 to 99 in words; larger numbers in figures."""
    if not 0 <= number < 100:
        return str(number)
    if number < 20:
        return _TEENS[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens]}-{DIGITS[ones]}" if ones else _TENS[tens]


def ordinal(number: int) -> str:
    """0 to 99 in words ("twenty-second"); larger numbers in figures with their ending."""
    if not 0 <= number < 100:
        teen = 10 <= number % 100 < 20
        return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
    head, dash, last = cardinal(number).rpartition("-")
    if last in _IRREGULAR:
        return head + dash + _IRREGULAR[last]
    return head + dash + re.sub("y$", "ie", last) + "th"
