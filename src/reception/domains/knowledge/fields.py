"""What the row of a table states, as values that can be compared. Pure."""

import re
from collections.abc import Sequence

from reception.ports.knowledge import Fields

_MOST_FIELDS = 40
_LONGEST_VALUE = 200
_LONGEST_NAME = 40
_SAME = {
    "bedrooms": ("bedroom", "beds", "bed", "br", "bdr", "bedrooms"),
    "bathrooms": ("bathroom", "baths", "bath", "ba", "bathrooms"),
    "price": (
        "price", "prices", "asking price", "list price", "sale price", "cost", "rent", "rate", "amount", "fee",
        "monthly rent", "nightly rate", "price usd", "price eur", "price gbp",
    ),
    "area": ("area", "sqft", "sq ft", "square feet", "size", "floor area", "living area", "sqm", "square metres"),
    "sleeps": ("sleeps", "guests", "capacity", "max guests", "people", "seats"),
}  # fmt: skip
_NAMES = {variant: name for name, variants in _SAME.items() for variant in variants}
_NUMBER = re.compile(
    r"(?:[$€£]|usd|eur|gbp)?\s?(?P<figure>\d{1,3}(?:[, ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\s?"
    r"(?P<scale>k|m|million|thousand)?"
    r"(?:\s?(?:[$€£]|usd|eur|gbp|dollars|euros|sq\.? ?ft\.?|sqm|m2|square feet|bedrooms?|beds?|bathrooms?|baths?"
    r"|guests|people|(?:per|a|each|/) ?(?:person|night|month|week|hour|year|piece)))?",
    re.IGNORECASE,
)
_SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6}


def fields_of(columns: Sequence[str], cells: Sequence[str]) -> Fields:
    """The values of a row by the name of their column; a price is `price` whatever the column calls it."""
    found: dict[str, str | float] = {}
    for column, cell in zip(columns, cells, strict=False):
        name, value = field_name(column), cell.strip()
        if not name or not value or name in found or len(found) == _MOST_FIELDS:
            continue
        number = number_of(value)
        found[name] = value[:_LONGEST_VALUE] if number is None else number
    return found


def field_name(column: str) -> str:
    """The name by which a column is known: "Asking price" is `price`, "Beds" is `bedrooms`, "Pets OK" is `pets_ok`."""
    plain = " ".join(re.sub(r"[^\w]+", " ", column.casefold()).split())
    return _NAMES.get(plain, plain.replace(" ", "_"))[:_LONGEST_NAME]


def number_of(value: str) -> float | None:
    """The number that `value` is: "$389,000" is 389000, "2.5 baths" is 2.5; None for more than one number and its
    unit."""
    match = _NUMBER.fullmatch(value.strip())
    if match is None:
        return None
    return float(match["figure"].replace(",", "").replace(" ", "")) * _SCALES.get((match["scale"] or "").lower(), 1.0)
