"""Two wishes in one breath: "cancel my table tomorrow and book me in for Saturday", "and another on Sunday"."""

import re
from collections.abc import Sequence
from itertools import pairwise

from reception.dialogue.commands import Flow
from reception.dialogue.understanding.clauses import Clause
from reception.dialogue.understanding.intents import Reading
from reception.dialogue.understanding.parsers.normalize import Token, words_of
from reception.dialogue.understanding.parsers.places import find_places
from reception.dialogue.understanding.rules import FLOWS, Intent
from reception.ports.business import Bookable, Business

_INSTEAD = re.compile(r"\binstead\b|\bchange (?:it|that)\b|\bmove (?:it|that)\b")
_ANOTHER = re.compile(
    r"\b(?:and|plus|also|then|as well as)(?: (?:also|then|i would like|i need|we need|can i (?:have|get|book)|"
    r"could i|"
    r"can we|book|reserve|make|another for|please))*"
    r" (?:another|a second|one more|a different|a separate|one)(?: (?:table|one|booking|reservation|room|appointment|"
    r"viewing|cut|slot))?(?: (?:for|on|at|tomorrow|tonight|this|next|from|of|in)\b)|"
    r"\b(?:and|plus)(?: (?:also|then))? (?:a|an) (?:table|room|appointment|viewing|reservation|booking)\b"
)
_DISTINCT = re.compile(r"\b(?:another|second|also|as well|one more|different|new|separate|then)\b")
_APART = frozenset(
    {
        (Flow.CANCEL_RESERVATION, Flow.NEW_RESERVATION),
        (Flow.NEW_RESERVATION, Flow.CANCEL_RESERVATION),
        (Flow.CHANGE_RESERVATION, Flow.CANCEL_RESERVATION),
        (Flow.CANCEL_RESERVATION, Flow.CHANGE_RESERVATION),
        (Flow.NEW_RESERVATION, Flow.LEAVE_MESSAGE),
        (Flow.CHANGE_RESERVATION, Flow.LEAVE_MESSAGE),
        (Flow.CANCEL_RESERVATION, Flow.LEAVE_MESSAGE),
    }
)
_FEWEST = 3
_DEED = r"(?:cancel|move|change|push|reschedule|switch|book|reserve)"
_TWO_DEEDS = re.compile(
    rf"\b{_DEED}\b.*\b(?:and|then|but|plus)(?: (?:also|then|please|just))* (?P<second>{_DEED}) (?!it\b|that\b|them\b)"
)
"""Two things to be done, each with its own day: "cancel Friday and move Saturday to 8"."""


def second_place(tokens: Sequence[Token], readings: Sequence[Reading], business: Business) -> int:
    """The joint before the second of two places to be seen, each named surely: "14 Willow Lane at 3 and 8 Orchard Court
    at 4"; 0 where there are no two."""
    others = {Intent.QUESTION, Intent.LEAD, Intent.CHANGE}
    if business.rules.bookable is not Bookable.VIEWING or any(others & set(one.intents) for one in readings):
        return 0
    for joint, token in enumerate(tokens):
        if token.word not in {"and", "plus", "then"} or not 0 < joint < len(tokens) - 1:
            continue
        first, later = (find_places(part, business.places) for part in (tokens[:joint], tokens[joint + 1 :]))
        named = {one.value for one in (*first, *later) if one.value is not None}
        if len(named) == 2:
            return joint
    return 0


def second_wish(
    tokens: Sequence[Token], clauses: Sequence[Clause], readings: Sequence[Reading], dated: Sequence[int]
) -> int:
    """The token at which a second wish begins, 0 where there is none. `dated` are the tokens at which days and times
    stand."""
    flows = [
        (clause.start, FLOWS[intent])
        for clause, reading in zip(clauses, readings, strict=True)
        for intent in reading.intents
        if intent in FLOWS
    ]
    words = words_of(tokens)
    for (_, first), (start, later) in pairwise(flows):
        distinct = first is Flow.CHANGE_RESERVATION and later is Flow.NEW_RESERVATION
        apart = (first, later) in _APART or (distinct and _DISTINCT.search(words_of(tokens[start:])) is not None)
        if apart and not _INSTEAD.search(words):
            return start
    another = _ANOTHER.search(words)
    deeds = None if _INSTEAD.search(words) else _TWO_DEEDS.search(words)
    begins = another.start() if another is not None else deeds.start("second") if deeds is not None else 0
    at = words[:begins].count(" ")
    both = any(place < at for place in dated) and any(place >= at for place in dated)
    return at if both and at >= _FEWEST else 0
