"""What a question is about where it leans on what was said before."""

import re
from collections.abc import Sequence

from reception.core.requirements import requirements
from reception.dialogue.commands import AskKnowledge, Command, SetSlot, SlotName
from reception.dialogue.inquiry import inquire, subject_of
from reception.dialogue.state import DialogueState

_IT = re.compile(r"\b(it|that|they|them|those|these)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"\b(it|its|that one|this one|there|the (house|home|place|apartment|condo|room|listing|property))\b", re.IGNORECASE
)


def completed(question: str, commands: Sequence[Command], state: DialogueState) -> str:
    """`question`, one of those of `commands`; "it" is completed by the place that is being talked about, or by what was
    asked just before."""
    if requirements(question).searches:
        return question
    named = [each.value for each in commands if isinstance(each, SetSlot) and each.slot is SlotName.PLACE]
    place = str(named[-1]) if named else state.details.place
    if place and place.casefold() not in question.casefold() and _POINTS_BACK.search(question):
        return f"{question} ({place})"
    asked = [each.question for each in commands if isinstance(each, AskKnowledge)]
    before = asked[asked.index(question) - 1] if question in asked[1:] else ""
    if before and _IT.search(question) and not inquire(question).terms:
        return f"{question} ({subject_of(before)})"
    return question
