"""What answers a question about a home: each kind of answer has to look like one."""

import re
from dataclasses import replace

from reception.dialogue.commands import SlotName
from reception.dialogue.state import Details, Question
from reception.dialogue.understanding.home_wishes import bedrooms_in, purpose_in
from reception.dialogue.understanding.parsers.amounts import find_amounts
from reception.dialogue.understanding.parsers.normalize import tokenize, word_set, words_of
from reception.dialogue.understanding.parsers.numbers import read_cardinal

_SLOTS = {
    Question.PURPOSE: SlotName.PURPOSE, Question.AREA: SlotName.AREA, Question.BEDROOMS: SlotName.BEDROOMS,
    Question.BUDGET: SlotName.BUDGET, Question.TIMING: SlotName.TIMING, Question.FINANCING: SlotName.FINANCING,
}  # fmt: skip
QUALIFYING = frozenset({*_SLOTS, Question.VIEWING_TIME})
OF_HOMES = frozenset({*_SLOTS.values(), SlotName.NAME, SlotName.PHONE, SlotName.EMAIL, SlotName.PLACE,
                      SlotName.DATE, SlotName.TIME})  # fmt: skip
"""What else an enquiry may be told in place of the answer to its question."""
_SOFT_START = re.compile(
    r"^\W*(?:(?:um|uh|well|oh|ideally|maybe|probably|somewhere|something|i think|i'd say|it's|it is|in|we're|"
    r"i'm|looking|at|like|preferably|yes|yeah|we|i|have|would|be|no,? i mean|i mean|actually|sorry)\b[\s,]*)+",
    re.IGNORECASE,
)
_TIMING = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|"
    r"fall|winter|christmas|easter|year|years|month|months|week|weeks|days?|weekend|today|tomorrow|\w+day|20[2-4]\d|"
    r"now|soon|asap|immediately|straight ?away|right away|rush|hurry|looking|ready|after|before|once|when|until|till|"
    r"flexible|possible|later|next|already|depends|while|term|holidays?|end|beginning|middle|mid|early|late|quickly)\b"
)
_FINANCING = re.compile(
    r"\b(?:cash|mortgages?|loans?|bank|lender|financ\w+|approv\w+|pre ?-?approv\w+|savings?|sell|selling|sale|sold|"
    r"deposit|inherit\w*|equity|credit|buyers?|principle|money|outright|funds?|proceeds|broker|both|pay|paying|va|fha|"
    r"half|help|parents|arranged|sorted|apply|applying|applied)\b"
)
_VIEWING = re.compile(
    r"\b(?:\w+days?|weekends?|week|weeks|mornings?|afternoons?|evenings?|nights?|lunch ?time|noon|today|tomorrow|"
    r"tonight|after|before|any ?time|whenever|soon|asap|possible|early|late|later|month|first|work|january|february|"
    r"march|april|may|june|july|august|september|october|november|december|flexible|\d{1,2})\b"
)
_NO_AREA = word_set("""
    yes no yeah yep nope okay ok sure maybe perhaps please thanks thank you hello hi hey what why who how um uh well oh
    i we it is that the a an of and or but so not me my do does
    """)
_LONGEST = 120
_MOST_BEDROOMS = 20
_SURELY_IN_FULL = 10_000
"""What homes are sold for is never less: "three fifty" are thousands."""
_CHEAPEST_HOME = 20_000
_DEAREST_HOME = 1_000_000_000


def is_known(details: Details, question: Question) -> bool:
    """Whether the answer to `question` is known."""
    if question is Question.VIEWING_TIME:
        return details.day is not None or details.time is not None
    if question is Question.AREA and details.place:
        return True
    return getattr(details, _SLOTS[question].value) not in (None, "")


def read_answer(question: Question, text: str, details: Details) -> Details | None:
    """`details` with what `text` answers to `question`; None where it is no answer to it."""
    words = words_of(tokenize(text))
    plain = _SOFT_START.sub("", text).strip(" .,!?")[:_LONGEST] or text[:_LONGEST]
    match question:
        case Question.PURPOSE:
            purpose = purpose_in(words)
            return replace(details, purpose=purpose) if purpose else None
        case Question.BEDROOMS:
            count = _bedrooms(text)
            return None if count is None else replace(details, bedrooms=count)
        case Question.BUDGET:
            budget = _budget(text, details.purpose)
            return None if budget is None else replace(details, budget=budget)
        case Question.AREA:
            return replace(details, area=plain) if _is_area(text) else None
        case Question.TIMING:
            return replace(details, timing=plain) if _TIMING.search(words) else None
        case Question.FINANCING:
            return replace(details, financing=plain) if _FINANCING.search(words) else None
        case _:
            return replace(details, notes=f"Viewing: {text[:_LONGEST]}") if _VIEWING.search(words) else None


def in_full(details: Details) -> Details:
    """ "Three fifty", for a home that is bought or sold, in full; without what can be the price of none."""
    if not details.budget or details.purpose not in {"buy", "sell"}:
        return details
    whole = details.budget * 1000 if details.budget < _SURELY_IN_FULL else details.budget
    return replace(details, budget=whole if _CHEAPEST_HOME <= whole <= _DEAREST_HOME else None)


def _bedrooms(text: str) -> int | None:
    tokens = tokenize(text)
    known = bedrooms_in(tokens)
    numbers = (n.value for at in range(len(tokens)) if (n := read_cardinal(tokens, at)) is not None)
    return known if known is not None else next((n for n in numbers if 0 < n <= _MOST_BEDROOMS), None)


def _budget(text: str, purpose: str) -> int | None:
    """The largest amount; of a home that is bought or sold only what can be the price of one."""
    amount = max((round(each.value) for each in find_amounts(text, money=True) if each.value > 0), default=None)
    return None if amount is None else in_full(Details(budget=amount, purpose=purpose)).budget


def _is_area(text: str) -> bool:
    """Anything with a word in it that may name or describe a place; a number, a yes and a greeting do not."""
    tokens = tokenize(text)
    numbers = {
        at
        for start in range(len(tokens))
        if (number := read_cardinal(tokens, start)) is not None
        for at in range(start, number.end)
    }
    return any(
        at not in numbers and token.word not in _NO_AREA and any(map(str.isalpha, token.word))
        for at, token in enumerate(tokens)
    )
