"""Words that speak of a booking that there is already."""

import re
from collections.abc import Sequence

from reception.dialogue.understanding.rules import compiled

EXISTING = compiled(
    r"(?<!can )(?<!could )(?<!may )(?<!might )\b(?:i|we) (?:already )?(?:have|have got|had|made|got|booked)"
    r"(?: already)? (?:a|an|my|our) (?:\w+ )?(?:reservation|booking|table|viewing|appointment)\b",
    r"\b(?:i|we) (?:have |had |already )*booked (?:for|on|in)\b",
    r"\b(?:my|our) (?:table|booking|reservation|appointment|viewing) (?:on|for|tomorrow|tonight|this)\b",
)
CALLS_ABOUT = compiled(
    r"\b(?:calling|ringing|phoning|call|ring) (?:you )?(?:about|regarding|concerning) (?:(?:my|our) (?:\w+ )?"
    r"(?:table|booking|reservation|appointment|viewing|stay|room)(?: (?:on|for|this|next|tomorrow|tonight)\b.*)?|"
    r"(?:this |next |on )?(?:\w+day|tonight|tomorrow))$",
)
"""What somebody says they call about, when that is their booking: "about Friday"."""
_CHANGES_IT = re.compile(
    r"\b(?:make|move|push|change|bring|switch|put) (?:it|that|us|the time)\b|\b(?:come|add|(?:can|could) it)\b"
)


def speaks_of_booking(clauses: Sequence[str], asked: Sequence[str]) -> bool:
    """Whether one of `clauses` speaks of a booking that there is, and none of those that are `asked` asks for anything
    but to change it."""
    if not all(_CHANGES_IT.search(words) or CALLS_ABOUT.search(words) for words in asked):
        return False
    return any(EXISTING.search(words) or CALLS_ABOUT.search(words) for words in clauses)
