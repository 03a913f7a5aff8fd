"""What a question is about where it leans on what was said before."""

import re
from collections.abc import Sequence
from dataclasses import replace

from reception.core.requirements import requirements
from reception.dialogue.asked_about import asked_about
from reception.dialogue.commands import AskKnowledge, Command, SetSlot, SlotName
from reception.dialogue.inquiry import inquire, subject_of
from reception.dialogue.listing import asks_on
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import TurnScene
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.places import find_places

_IT = re.compile(r"\b(it|that|they|them|those|these)\b", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"\b(it|its|that one|this one|there|the (house|home|place|apartment|condo|room|listing|property))\b", re.IGNORECASE
)


def completed(question: str, commands: Sequence[Command], state: DialogueState) -> str:
    """`question`, one of those of `commands`; "it" is completed by the place that is being talked about, or by what was
    asked just before."""
    if asks_on(question, state):
        return state.listed
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


def talking_of(state: DialogueState, asked: str, question: str, scene: TurnScene) -> DialogueState:
    """`state` once `question`, which `asked` was completed to, is talked about. The place that is asked about is what
    "it" means from now on, and what is booked when no other is named; what was being listed is left, unless the rest is
    wanted. What it would be for is kept for who then says "book it"."""
    state = asked_about(state, question, scene)
    if not asks_on(asked, state):
        state = replace(state, listed="", listed_so_far=0)
    named = [str(one.value) for one in find_places(tokenize(question), scene.business.places) if one.value is not None]
    if not named or state.flow is not None or requirements(question).searches:
        return state
    return replace(state, details=replace(state.details, place=named[-1]))
