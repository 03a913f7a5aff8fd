"""What a question is about and what kind of answer it asks for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from reception.core.thesaurus import is_known, others
from reception.dialogue.terms import all_terms, content_terms, stem


class Kind(StrEnum):
    """What a sentence must hold to answer."""

    ANYTHING = "anything"
    PRICE = "price"
    TIME = "time"
    LENGTH = "length"
    SIZE = "size"
    COUNT = "count"
    PERSON = "person"
    PLACE = "place"


_ASKS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.COUNT,
        re.compile(r"\bhow many\b", re.I),
    ),
    (
        Kind.LENGTH,
        re.compile(r"\bhow (long|far|much (notice|time))\b", re.I),
    ),
    (Kind.SIZE, re.compile(r"\bhow (big|large|much space)\b|\bwhat size\b", re.I)),
    (
        Kind.PRICE,
        re.compile(
            r"\bhow much\b(?! (notice|time|space|income|down))|"
            r"\b(prices?|costs?|fees?|charges?|commission|"
            r"(?:what|which|the|your|nightly|daily|hourly|weekly|room) (?:\w+ )?rates?|set me back|rent for|"
            r"asking for|nightly fee|surcharge|tax)\b(?! (an?|my) )",
            re.I,
        ),
    ),
    (
        Kind.TIME,
        re.compile(
            r"^(\W*(and|so|but|hi|hello|okay|then)\b)*\W*when\b|\bwhen (is|are|do|does|can|could|will|would|should|was)"
            r"\b|"
            r"\b(know|tell me|ask|wondering|until|till|since) when\b|"
            r"\b(what time|how (late|early)|what hours|which days?|what days?)\b",
            re.I,
        ),
    ),
    (Kind.PERSON, re.compile(r"^\W*who\b(?! (won|wins))|\bwho(?:'s| is| are)\b", re.I)),
    (Kind.PLACE, re.compile(r"\bwhere\b(?! (does|do) .* (come|from))", re.I)),
)
_NUMBER = r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty)"
_HOLDS: dict[Kind, re.Pattern[str]] = {
    Kind.PRICE: re.compile(
        r"[$€£]\s?\d|\bfree\b|\bno (\w+ )?(charge|cost|fee)|complimentary|included|\bpercent\b|\bdollars\b|"
        r"month's rent|months' rent|times the",
        re.I,
    ),
    Kind.TIME: re.compile(
        r"\b\d{1,2}(:\d\d)?\s?[ap]\.?m\b|\b(noon|midnight|24 hours|(minutes|hours?) before|"
        r"first (of|day|saturday|sunday)|"
        r"last week|at once|(mon|tues|wednes|thurs|fri|satur|sun)days?|weekdays|january|february|march|april|may|june|"
        r"july|august|"
        r"september|october|november|december)|\b(19|20)\d\d\b|\bavailable from\b",
        re.I,
    ),
    Kind.LENGTH: re.compile(
        rf"\b{_NUMBER}\b[\w -]{{0,12}}\b(minutes?|hours?|days?|weeks?|months?|nights?|years?|miles?|feet|foot|"
        r"kilometers?|metres?|meters?)\b|\bpercent\b",
        re.I,
    ),
    Kind.SIZE: re.compile(
        rf"\b{_NUMBER}\b (square|acres?|feet|foot|meters?|metres?)|\b(king|queen|twin|single|double) bed", re.I
    ),
    Kind.COUNT: re.compile(rf"\b{_NUMBER}\b", re.I),
    Kind.PLACE: re.compile(
        r"\b(street|road|avenue|corner|across|behind|next to|floor|located|level|lobby|desk|by the|on the|in the|"
        r"(from|away)\b)",
        re.I,
    ),
    Kind.PERSON: re.compile(
        r"(?<=[a-z,.] )[A-Z][a-z]+ [A-Z][a-z]+\b|(?:^|[.!?] )[A-Z][a-z]+ [A-Z][a-z]+(?=,? [a-z])", re.M
    ),
}

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEK = tuple(day.lower() for day in DAYS)
_DAY = re.compile(r"\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?\b", re.I)
_DAY_RANGE = re.compile(
    r"\b(monday|tuesday|wednesday|thursday|friday|saturday|sunday)s? (?:to|through|till|until|-) "
    r"(monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?\b",
    re.I,
)
_EVERY_DAY = re.compile(r"\b(every day|daily|each day|seven days|all week|at any (time|hour)|24 hours)\b", re.I)
_WEEKEND = re.compile(r"\bweekends?\b", re.I)
_WEEKDAY = re.compile(r"\b(week ?days?|middle of the week|mid ?week|during the week)\b", re.I)
_PLAIN_TIME_TEXT = """
    today tonight tomorrow now moment morning afternoon evening night week weekend weekday midweek middle day month
    year monday tuesday wednesday thursday friday saturday sunday hour
"""
_PLAIN_TIME = frozenset(stem(word) for word in _PLAIN_TIME_TEXT.split())
_PRICE_WORDS = content_terms("price set back order dollars pay paying expensive")
_SIZE_WORDS = frozenset(stem(word) for word in ["big", "large", "size", "long", "far", "tall", "wide", "small"])
_NUMBERS = frozenset(
    stem(word)
    for word in ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty"]
)
_ADDRESS = re.compile(
    r"\b(\d+ )?((?!the\b|which\b|what\b|your\b|same\b|many\b|long\b|a\b|any\b|this\b|that\b)[\w']+) "
    r"(street|road|avenue|lane|drive|court|terrace|way|square|boulevard)\b(?! (?:feet|foot|meters?|metres?))",
    re.I,
)
_NAME = re.compile(r"(?:(?<=[\w,] )|(?<=\b[DM][rs]\. )|(?<=\bMrs\. ))(?![DM]rs?\.|Ms\.)[A-ZÀ-Ö][\w'’À-ÿ]+")
_NO_NAMES = frozenset(
    [
        "I",
        "I'm",
        "I'd",
        "I'll",
        "I've",
        "English",
        "Spanish",
        "French",
        "German",
        "Italian",
        "AM",
        "PM",
        "OK",
        "ID",
        "TV",
        "HOA",
        "EV",
        "US",
        "USA",
        "Apple",
        "Google",
        "Pay",
    ]
)
_CALENDAR = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|january|february|march|april|may|june|july|august|september|october|"
    r"november|december|christmas|easter|thanksgiving|new|year|day|eve"
)
_MINUTES = re.compile(r"\b(\d+)[ -]minutes?\b", re.I)
_SECOND_THOUGHT = re.compile(r".*(?:\.\.\.|…|,|\.)\s*(?:sorry|i mean|no wait|or rather)[, ]+(?=(?:\S+ ){2})", re.I)
_CHARGES_A_THING = re.compile(r"\bcharge(?= (?:my|our|an?) )", re.I)
_PLURAL = re.compile(
    r"\b(?:which|any|some)\b(?: [\w-]+)? \w+[^s\W]s\b|"
    r"\bwhat (?:kinds?|sorts?|\w+[^s\W]s (?:are|do|have)|(?:do|have) you "
    r"(?:have|got|offer|serve))\b|\b(?:any|some)thing\b",
    re.I,
)


_LAST_RESORT = frozenset(stem(word) for word in ("offer", "down", "work", "order", "last", "bring"))
"""Words that are everywhere, and yet what a question is about when it has no others."""
_DULL = {Kind.PRICE: _PRICE_WORDS, Kind.LENGTH: _SIZE_WORDS, Kind.SIZE: _SIZE_WORDS, Kind.COUNT: frozenset({"fit"})}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """`terms` are the stems that an answer is to be about, without those that only say when; `names` and
    `addresses`, in lower case, must occur where the answer stands; `days` counts from Monday, empty when none is
    named; `counted` is the stem of what "how many" counts; `many` asks for more than one thing."""

    text: str
    kind: Kind
    terms: frozenset[str]
    names: frozenset[str]
    addresses: tuple[str, ...]
    days: frozenset[int]
    counted: str
    many: bool

    def holds(self, text: str) -> bool:
        """Whether `text` holds an answer of the kind that is asked for."""
        if self.kind is Kind.COUNT and self.counted:
            return _counts(self.counted, text)
        pattern = _HOLDS.get(self.kind)
        return pattern is None or pattern.search(text) is not None

    def day_fits(self, text: str) -> bool:
        """False where `text` speaks of certain days and none of them is asked for."""
        spoken = days_in(text)
        return not self.days or not spoken or bool(self.days & spoken) or bool(_EVERY_DAY.search(text))


def inquire(question: str, about: str = "") -> Inquiry:
    """`about`: the name, place and sort of the business, which every question is about and tells nothing."""
    question = _CHARGES_A_THING.sub("charging", _SECOND_THOUGHT.sub("", question))
    kind = kind_of(question)
    terms = content_terms(question)
    own = content_terms(about)
    times = terms & _PLAIN_TIME
    dull = times | own | _DULL.get(kind, frozenset()) | (_NUMBERS & terms)
    dull |= {term for term in terms if term.isdecimal()}
    counted = re.search(r"\bhow many (square feet|\w+)", question, re.I)
    names = frozenset(
        name.casefold().removesuffix("'s").removesuffix("’s")
        for name in _NAME.findall(question)
        if name not in _NO_NAMES
        and not (name.isupper() and is_known(name.lower()))
        and stem(name.lower()) not in own | _PLAIN_TIME
        and not question.istitle()
    )
    return Inquiry(
        question,
        kind,
        (terms - dull)
        or (terms - times - own - _SIZE_WORDS - _NUMBERS)
        or (terms - _SIZE_WORDS - _NUMBERS)
        or (all_terms(question) & _LAST_RESORT),
        names,
        tuple(match.group().casefold() for match in _ADDRESS.finditer(question)),
        days_asked(question),
        counted.group(1).lower() if counted else "",
        _PLURAL.search(question) is not None,
    )


def names_in(text: str) -> frozenset[str]:
    """The words of `text` that are written as names, in lower case, without days and months."""
    found = (
        name.casefold().removesuffix("'s").removesuffix("’s") for name in _NAME.findall(text) if name not in _NO_NAMES
    )
    return frozenset(name for name in found if not _CALENDAR.fullmatch(name))


def lengths_in(text: str) -> frozenset[str]:
    """The lengths in minutes that `text` names, as "30": of 30 minutes, a 30-minute massage."""
    return frozenset(_MINUTES.findall(text))


def subject_of(question: str) -> str:
    """The words that tell what `question` is about, without those that say what is asked of it: "gel pedicure"."""
    terms = inquire(question).terms
    return " ".join(word for word in re.findall(r"[\w'-]+", question) if stem(word) in terms)


def kind_of(question: str) -> Kind:
    """The kind of answer that `question`, or a heading that is one, asks for."""
    return next((kind for kind, pattern in _ASKS if pattern.search(question)), Kind.ANYTHING)


def days_asked(question: str) -> frozenset[int]:
    days = set(days_in(question))
    if _WEEKEND.search(question):
        days |= {4, 5, 6}
    if _WEEKDAY.search(question):
        days |= {0, 1, 2, 3}
    return frozenset(days)


def days_in(text: str) -> frozenset[int]:
    """The weekdays that `text` names, those between the ends of a range among them."""
    return frozenset(_days(text))


def _days(text: str) -> Iterator[int]:
    for match in _DAY_RANGE.finditer(text):
        first, last = _WEEK.index(match.group(1).lower()), _WEEK.index(match.group(2).lower())
        yield from ((first + ahead) % 7 for ahead in range((last - first) % 7 + 1))
    for match in _DAY.finditer(text):
        yield _WEEK.index(match.group(1).lower())
    if re.search(r"\bweekends?\b", text, re.I):
        yield from (5, 6)
    if re.search(r"\bweekdays?\b", text, re.I):
        yield from range(5)


def _counts(counted: str, text: str) -> bool:
    """Whether a number stands by what is counted; people may be guests, and what seats or sleeps counts them."""
    same = "|".join(re.escape(word.removesuffix("s")) for word in (counted, *others(counted)))
    noun = r"(?:guests?|people|persons?)" if counted in _PEOPLE else f"(?:{same})"
    if counted in _CARS:
        noun = r"(?:cars?|vehicles?|spaces|parking spots)"
    near = rf"\b{_NUMBER}\b(?:[\s-]+[\w-]+){{0,2}}[\s-]+{noun}"
    spoken = rf"\b{noun}\w*\b[^.;]{{0,20}}\b{_NUMBER}\b"
    if re.search(near, text, re.I) or re.search(spoken, text, re.I):
        return True
    return counted in _PEOPLE and re.search(rf"\b(?:for|sleeps:?|seats) {_NUMBER}\b", text, re.I) is not None


_PEOPLE = frozenset({"people", "guests", "persons", "person"})
_CARS = frozenset({"cars", "vehicles"})
