"""With whom an appointment is, where that is left to us: "whoever is free", "with somebody else"."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, words_of
from reception.dialogue.understanding.parsers.services import is_of

ANYBODY = "any"
SOMEBODY_ELSE = "else"

_PERSON = (
    r"(?:stylist|hairdresser|barber|colou?rist|therapist|doctor|dentist|hygienist|nurse|practitioner|colleague|person|"
    r"member of staff|one of (?:your|the|their) (?:colleagues|staff|people|team))"
)
_ELSE = re.compile(
    rf"\b(?:anyone|anybody|someone|somebody|who) else\b|\bwhoever else\b|"
    r"\b(?:any|some|who)(?:one|body|ever)? (?:other than|but|except|except for|apart from) "
    r"(?:doctor |dr )?(?P<but>\w+)|"
    rf"\b(?:another|a different|any other|some other) {_PERSON}\b"
)
_ANY = re.compile(
    rf"\b(?:with|by|see|from) (?:just )?(?:anyone|anybody|whoever|whomever|any of (?:them|you)|any {_PERSON})\b|"
    rf"\b(?:whoever|whomever)\b|\bany {_PERSON} (?:is|will|would|who)\b|"
    rf"\b(?:not|never) (?:really )?(?:mind|matter|care) (?:who|which {_PERSON}|with whom)\b|"
    r"\b(?:anyone|anybody) (?:is|will be|would be|who is|at all|will do|available|free)\b|"
    r"^(?:(?:or|just|oh|well|okay|yes|no) )*(?:anyone|anybody)(?: (?:please|then|really))*$"
)
_TALKS = re.compile(r"\b(?:speak|talk|put me through|transfer|call me|ring me)\b")


def find_open_staff(tokens: Sequence[Token], staff: Sequence[str]) -> list[Found]:
    """That anybody will do, or anybody but one of `staff`, named or spoken of before; at most one."""
    words = words_of(tokens)
    if _TALKS.search(words):
        return []
    for reason, pattern in ((SOMEBODY_ELSE, _ELSE), (ANYBODY, _ANY)):
        found = pattern.search(words)
        if found is not None:
            start = words[: found.start()].count(" ")
            end = start + found.group().strip().count(" ") + 1
            named = [name for name in staff if found.lastgroup and is_of(found.group("but"), name)]
            return [Found(SlotName.STAFF, start, end, reason=reason, raw=named[0] if len(named) == 1 else "")]
    return []
