"""Answers in the caller's own words, and the yes or no to what was made of them."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import (
    CancelFlow,
    Command,
    Confirm,
    Deny,
    RejectedSlot,
    SetSlot,
    SlotName,
    StartFlow,
)
from reception.dialogue.flows.answers import Answers
from reception.dialogue.flows.leads import lead_of
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene

FREE_TEXT = frozenset(
    {
        Question.MESSAGE,
        Question.LOOKING_FOR,
        Question.PURPOSE,
        Question.AREA,
        Question.BEDROOMS,
        Question.BUDGET,
        Question.TIMING,
        Question.FINANCING,
        Question.VIEWING_TIME,
    }
)


def is_directive(commands: Sequence[Command]) -> bool:
    """Whether the words were about the call instead of being the answer."""
    if any(isinstance(command, CancelFlow | StartFlow) for command in commands):
        return True
    contact_only = all(
        isinstance(command, SetSlot | RejectedSlot) and command.slot in {SlotName.NAME, SlotName.PHONE}
        for command in commands
    )
    lone = len(commands) == 1 and isinstance(commands[0], Confirm | Deny)
    return contact_only or lone


def confirm_lead(state: DialogueState, answers: Answers, scene: TurnScene) -> Step:
    """The answer to "is that right?"."""
    if answers.confirmed:
        return Step(state, effects=(lead_of(state, scene),), answered=True).saying("Thank you.")
    if answers.denied:
        return Step(replace(state, question=Question.WHAT_TO_CHANGE), answered=True).saying("Of course.")
    return Step(state)
