"""What a caller asked, without what tells who asked. Pure."""

import re
from collections.abc import Iterable, Sequence

from reception.dialogue.commands import Command, SetSlot, SlotName
from reception.dialogue.state import Details

_EMAIL = re.compile(r"\S+@\S+|\b\S+ at \S+ dot \w+\b", re.IGNORECASE)
_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_DIGITS = re.compile(r"\+?\d(?:[\s().-]*\d){4,}")
_SPOKEN_DIGITS = re.compile(
    r"\b(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)\b[\s,-]*){5,}(?<=\w)", re.IGNORECASE
)
_INTRODUCED = re.compile(
    r"\b(?:(?i:my name is|my name's|this is|i am|i'm|it's|call me|name of|for|under|mr|mrs|ms|dr)\.?) "
    r"(?:[A-ZÀ-Ö][\w'’-]+)(?: [A-ZÀ-Ö][\w'’-]+)*"
)
_NAMED = re.compile(r"\b(?:my name is|my name's) (?:[\w'’-]+)(?: [\w'’-]+)?", re.IGNORECASE)
_PERSONAL = frozenset({SlotName.NAME, SlotName.PHONE, SlotName.EMAIL})
_ELLIPSIS = "…"
_SHORTEST = 3


def impersonal(question: str, details: Details, commands: Sequence[Command]) -> str:
    """`question` with names, numbers and addresses of the caller left out, known ones and those that look like them."""
    for pattern in (_EMAIL, _LINK, _DIGITS, _SPOKEN_DIGITS, _INTRODUCED, _NAMED):
        question = pattern.sub(_ELLIPSIS, question)
    for word in _known(details, commands):
        question = re.sub(rf"\b{re.escape(word)}\b", _ELLIPSIS, question, flags=re.IGNORECASE)
    return " ".join(question.split())


def _known(details: Details, commands: Sequence[Command]) -> Iterable[str]:
    said = [str(each.value) for each in commands if isinstance(each, SetSlot) and each.slot in _PERSONAL]
    slots = details.as_slots()
    kept = [str(slots[slot]) for slot in _PERSONAL if slots.get(slot)]
    return {word for value in (*said, *kept) for word in re.findall(r"[\w'’-]+", value) if len(word) >= _SHORTEST}
