"""What somebody who buys, rents or sells a home says of it: purpose, area, size, price, timing, financing."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import SetSlot, SlotName
from reception.dialogue.understanding.parsers.amounts import find_budget
from reception.dialogue.understanding.parsers.normalize import Token, quote, word_at, word_set, words_of
from reception.dialogue.understanding.parsers.numbers import read_cardinal

_PURPOSES: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "let",
        re.compile(
            r"\b(?:let|rent|lease) (?:it |this |that |my \w+ |our \w+ |the \w+ )?out\b|\blandlord\b|\bletting (?:my|"
            r"our|out)\b|"
            r"\bfind (?:a |me a |us a )?tenants?\b"
        ),
    ),
    (
        "sell",
        re.compile(
            r"\b(?:sell|selling|put (?:my|our|the) \w+ (?:up|on the market)|list (?:my|our) (?:house|home|"
            r"property|flat|apartment|condo|place)|valuation|valued?|appraisal|what (?:my|our) \w+ is worth)\b"
        ),
    ),
    ("rent", re.compile(r"\b(?:rent|renting|rental|rentals|lease|leasing|to let)\b")),
    ("buy", re.compile(r"\b(?:buy|buying|purchase|purchasing|buyer|first home|own my own)\b")),
)
_BUYS_AFTER_SALE = re.compile(
    r"\b(?:buy|buying|purchase)\b.*\b(?:sell|selling|sold)\b|\bneed to sell (?:ours|mine|first|our own)\b|"
    r"\bselling (?:ours|mine) first\b"
)
_TIMING = re.compile(
    r"\b(?:as soon as (?:possible|we can|i can)|asap|immediately|straight ?away|right away|no (?:rush|hurry)|"
    r"just looking|"
    r"(?:with)?in (?:the )?(?:next |about |around )?(?:a |an |one |two |three |four |five |six |nine |twelve |\d+ |"
    r"few |couple of )+"
    r"(?:weeks?|months?|years?)|(?:with)?in (?:the )?(?:next|coming) (?:few )?(?:weeks?|months?|year)|"
    r"(?:by|before|from|in|around|this|next|for|after|until|end of|early|late|the end of)(?: the)?(?: end of|"
    r" start of| beginning of)? "
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|"
    r"fall|"
    r"winter|christmas|new year|year|month)(?: or (?:january|february|march|april|may|june|july|august|september|"
    r"october|"
    r"november|december))?|not (?:for|until) \w+(?: \w+)?|now|soon)\b"
)
_FINANCING = re.compile(
    r"\b(?:cash(?: buyers?)?|mortgage(?: \w+){0,4}|pre ?-?approv(?:ed|al)(?: \w+){0,4}|agreement in principle|"
    r"in principle|"
    r"first time buyers?|need to sell (?:ours|mine|first|our own|my own|our current|my current)(?: \w+){0,2}|"
    r"selling (?:ours|mine|our|my)(?: \w+){0,2}|a loan|bank loan|"
    r"savings|"
    r"inheritance|finance (?:is )?(?:arranged|in place|sorted)|financing (?:is )?(?:arranged|in place|sorted))\b"
)
_BEDROOMS = frozenset({"bed", "beds", "bedroom", "bedrooms", "bedded", "br"})
_AREA_LEADS = frozenset({"in", "around", "near", "within", "towards"})
_NOT_AREA = word_set(
    "a an the my our about general mind cash total principle fact order person particular touch next this few two "
    "three four five six one couple january february march april may june july august september october november "
    "december spring summer autumn fall winter 2025 2026 2027 2028 between up under over weeks months"
)
_AREA_ENDS = word_set(
    "for with and or that which to by from at up under over around about between please maybe ideally because so but i "
    "we it is on if preferably budget something within as before after near two three four five bed bedroom"
)
_LONGEST_AREA = 5
_KINDS_OF_AREA = word_set(
    "area town centre center village city country park station river sea coast beach harbour harbor university school "
    "schools downtown suburbs airport lake church market hospital"
)


def read_home(text: str, tokens: Sequence[Token]) -> list[SetSlot]:
    """The wishes in `tokens`, in a fixed order."""
    words = words_of(tokens)
    found: list[SetSlot] = []
    purpose = purpose_in(words)
    if purpose:
        found.append(SetSlot(SlotName.PURPOSE, purpose, purpose))
    area = _area(text, tokens)
    if area:
        found.append(SetSlot(SlotName.AREA, area, area))
    bedrooms = bedrooms_in(tokens)
    if bedrooms is not None:
        found.append(SetSlot(SlotName.BEDROOMS, bedrooms))
    budget = find_budget(text)
    if budget is not None and not _is_phone(text, budget.start, budget.end):
        found.append(SetSlot(SlotName.BUDGET, round(budget.value), text[budget.start : budget.end]))
    patterns = [(SlotName.TIMING, _TIMING)]
    if purpose not in {"sell", "let"}:
        patterns.append((SlotName.FINANCING, _FINANCING))
    for slot, pattern in patterns:
        match = pattern.search(words)
        if match is not None and match.group() not in {"now", "soon"}:
            start = words[: match.start()].count(" ")
            said = quote(text, tokens, start, start + match.group().count(" ") + 1)
            found.append(SetSlot(slot, said, said))
    return found


def purpose_in(words: str) -> str:
    """`buy`, `rent`, `sell` or `let`; empty where none is said."""
    if _BUYS_AFTER_SALE.search(words):
        return "buy"
    return next((purpose for purpose, pattern in _PURPOSES if pattern.search(words)), "")


def bedrooms_in(tokens: Sequence[Token]) -> int | None:
    """How many bedrooms; of "two or three" the fewer. A studio has none."""
    for at, token in enumerate(tokens):
        if token.word == "studio":
            return 0
        number = read_cardinal(tokens, at) if token.word not in {"a", "an", "half", "couple"} else None
        if number is None:
            continue
        after = number.end
        if word_at(tokens, after) in {"or", "to"} and (upper := read_cardinal(tokens, after + 1)) is not None:
            after = upper.end
        after += 1 if word_at(tokens, after) in {"plus", "double", "good"} else 0
        if word_at(tokens, after) in _BEDROOMS and 0 < number.value <= 20:
            return number.value
    return None


def _area(text: str, tokens: Sequence[Token]) -> str:
    for at, token in enumerate(tokens):
        if token.word not in _AREA_LEADS:
            continue
        start = at + 1
        while word_at(tokens, start) in {"the", "or", "around", "near", "maybe", "somewhere", "to"}:
            start += 1
        if start >= len(tokens) or word_at(tokens, start) in _NOT_AREA or word_at(tokens, start).isdecimal():
            continue
        end = start
        while end < len(tokens) and end - start < _LONGEST_AREA and tokens[end].word not in _AREA_ENDS:
            end += 1
            if tokens[end - 1].gap:
                break
        named = quote(text, tokens, at if token.word in {"near", "around"} else start, end)
        upper = end > start and text[tokens[start].start].isupper()
        kind = end > at + 2 and word_at(tokens, end - 1) in _KINDS_OF_AREA
        short = start < end <= start + 3 and not text[0].isupper() and word_at(tokens, start) not in _KINDS_OF_AREA
        if (upper or kind or short) and words_of(tokens[start:end]) not in {"area", "neighbourhood", "neighborhood"}:
            return named
    return ""


def _is_phone(text: str, start: int, end: int) -> bool:
    """Figures among the groups of a telephone number, or a year."""
    beside = re.search(r"\d[\s.-]*$", text[:start]) or re.match(r"[\s.-]*\d{3}", text[end:])
    return beside is not None or re.fullmatch(r"\s*20[2-4]\d\s*", text[start:end]) is not None
