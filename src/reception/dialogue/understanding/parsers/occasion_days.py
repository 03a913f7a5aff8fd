"""Days on which something is celebrated, told beside the day that is booked: "it's for our anniversary on June 5th"."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at, words_of

_OCCASION = re.compile(
    r"(?:^|\b(?:for|is|and|it|because|since|as|that|celebrate|celebrating|celebrates|have) )"
    r"(?:(?:my|our|his|her|their|the|a|\w+'s|\w+ is) ){1,2}(?:\w+(?:'s)? ){0,2}"
    r"(?:anniversary|birthday|wedding|graduation|engagement|retirement|honeymoon)"
    r"(?: (?:party|celebration|day|dinner))?(?: (?:is|was|falls|will be|that is|which is))?(?: actually| really)?"
    r"(?: on| on the| the)?$"
)
_MOVES = re.compile(r"\b(?:move|change|switch|make it|reschedule)\b")


def without_occasion_days(tokens: Sequence[Token], dates: Sequence[Found], *, known: bool) -> list[Found]:
    """`dates` without those that an occasion has, where the day booked is `known` or another one is said."""
    of_occasions = [
        one
        for one in dates
        if one.slot is SlotName.DATE
        and word_at(tokens, one.end) not in {"instead", "rather"}
        and _OCCASION.search(words_of(tokens[: one.start])) is not None
    ]
    others = any(one.slot is SlotName.DATE and one not in of_occasions for one in dates)
    if not (known or others) or _MOVES.search(words_of(tokens)):
        return list(dates)
    return [one for one in dates if one not in of_occasions]
