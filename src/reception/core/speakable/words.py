"""Abbreviations, ordinals and the symbols that are left."""

import re

from reception.core.speakable.numerals import ordinal

_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)

_STREET = {
    "St": "Street",
    "Dr": "Drive",
    "Ave": "Avenue",
    "Av": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Ln": "Lane",
    "Hwy": "Highway",
    "Pkwy": "Parkway",
    "Pl": "Place",
    "Sq": "Square",
    "Ct": "Court",
}
_BEFORE_NAME = {
    "St": "Saint",
    "Dr": "Doctor",
    "Mr": "Mister",
    "Mrs": "Missus",
    "Ms": "Miz",
    "Prof": "Professor",
    "Mt": "Mount",
    "Ft": "Fort",
    "Capt": "Captain",
    "Rev": "Reverend",
}
_ANYWHERE = {
    "Apt": "Apartment",
    "Ste": "Suite",
    "Bldg": "Building",
    "Dept": "Department",
    "Jr": "Junior",
    "Sr": "Senior",
    "approx": "approximately",
    "incl": "including",
    "excl": "excluding",
    "min": "minimum",
    "max": "maximum",
    "vs": "versus",
    "tel": "telephone",
    "Tel": "Telephone",
    "ext": "extension",
    "resv": "reservation",
    "Approx": "Approximately",
    "Incl": "Including",
    "Min": "Minimum",
    "Max": "Maximum",
    "etc": "et cetera",
    "Mr": "Mister",
    "Mrs": "Missus",
}
_STREET_NAMES = "|".join(_STREET)
_HOUSE = re.compile(
    rf"\b(\d+\w*\s+(?:(?:[NSEW]\.?|[A-Z][\w']+|\d+\w*|\w+-?\w*(?:st|nd|rd|th))\s+){{1,3}})({_STREET_NAMES})\b(\.?)"
)
_TITLE = re.compile(rf"\b({'|'.join(_BEFORE_NAME)})\b\.?(?=\s+[A-Z][\w']+)")
_STREET_AFTER = re.compile(rf"\b((?:[A-Z][\w'-]+|\d+\w*|[a-z-]+(?:st|nd|rd|th))\s+)({_STREET_NAMES})\b(\.?)")
_DOTTED = re.compile(rf"\b({'|'.join(_ANYWHERE)})(\.)(?!\w)")
_UNIT_BEFORE_NUMBER = re.compile(r"\b(Apt|Ste|Bldg|Rm|No|Nos)\b\.?(?=\s*#?\s?\d)")
_UNIT_NAMES = {**_ANYWHERE, "Rm": "Room", "No": "Number", "Nos": "Numbers"}
_EXAMPLE = re.compile(r"\be\.\s?g\.,?", re.IGNORECASE)
_THAT_IS = re.compile(r"\bi\.\s?e\.,?", re.IGNORECASE)

_SYMBOLS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b24/7\b"), "24 7"),
    (re.compile(r"\b[Ww]/o\b"), "without"),
    (re.compile(r"\b[Ww]/\s?(?=\w)"), "with "),
    (re.compile(r"\band/or\b"), "and or"),
    (re.compile(r"\s*&\s*"), " and "),
    (re.compile(r"(?<![\w])#\s?(?=\d)"), "number "),
    (re.compile(r"№\s?"), "number "),
    (re.compile(r"(?<=\d)\s?\+(?=\s|[,.;:!?)]|$)"), " or more"),
    (re.compile(r"(?<=[\w)])\s?\+\s?(?=[\w(])"), " plus "),
    (re.compile(r"(?<=\d)\s?[×]\s?(?=\d)"), " by "),
    (re.compile(r"(?<=\w)\s?=\s?(?=\w)"), " equals "),
    (re.compile(r"(?<!\w)[~≈]\s?(?=\d)"), "about "),
    (re.compile(r"\s*(?:→|=>|->)\s*"), " to "),
    (re.compile(r"\s+@\s+(?=\w)"), " at "),
    (re.compile(r"\s*[—]\s*|\s+[–-]{1,3}\s+"), ", "),
    (re.compile(r"(?<=\w)–(?=\w)"), " to "),
    (re.compile(r"\s+/\s+|(?<=[a-z])/(?=[a-z])"), " or "),
    (re.compile(r"[*_|\\^<>{}\[\]•]+"), " "),
    (re.compile(r",(?:\s*,)+"), ","),
)


def speak_ordinals(text: str) -> str:
    """`1st` to `99th` in words."""
    return _ORDINAL.sub(lambda match: ordinal(int(match[1])), text)


def speak_abbreviations(text: str) -> str:
    """Write out abbreviations; "St." and "Dr." by what stands around them."""
    text = _EXAMPLE.sub("for example,", text)
    text = _THAT_IS.sub("that is,", text)
    text = _HOUSE.sub(lambda m: m[1] + _STREET[m[2]] + _stop(m, m[3]), text)
    text = _TITLE.sub(lambda m: _BEFORE_NAME[m[1]], text)
    text = _STREET_AFTER.sub(lambda m: m[1] + _STREET[m[2]] + _stop(m, m[3]), text)
    text = _UNIT_BEFORE_NUMBER.sub(lambda m: _UNIT_NAMES[m[1]], text)
    return _DOTTED.sub(lambda m: _ANYWHERE[m[1]] + _stop(m, m[2]), text)


def speak_symbols(text: str) -> str:
    """Words for symbols that have them; the rest of the markup becomes silence."""
    for symbol, word in _SYMBOLS:
        text = symbol.sub(word, text)
    return text


def _stop(match: re.Match[str], dot: str) -> str:
    """The full stop of an abbreviation when it also ends the sentence."""
    after = match.string[match.end() :]
    return "." if dot and (not after.strip() or re.match(r"[\"')]*\s+[\"'(]*[A-Z]", after)) else ""
