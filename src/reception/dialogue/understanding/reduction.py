"""What is left of a turn's commands once those that others make superfluous are gone."""

import re
from collections.abc import Collection, Sequence

from reception.dialogue.commands import (
    AskKnowledge,
    CancelFlow,
    ChooseOption,
    Command,
    Confirm,
    CorrectSlot,
    Deny,
    Flow,
    NotUnderstood,
    RejectedSlot,
    Repeat,
    RequestHuman,
    SetSlot,
    SlotName,
    SmallTalk,
    StartFlow,
)
from reception.dialogue.context import UnderstandingContext
from reception.ports.expectation import Expects

_WHAT_ELSE = re.compile(
    r"\W*(?:and |so )?(?:what|do you have anything|have you got anything|is there anything) else\b", re.I
)
"""What else there is in place of a booking: the change itself finds it."""


def reduced(commands: list[Command], context: UnderstandingContext, words: Collection[str]) -> list[Command]:
    """Politeness gives way to matter, a correction is more than the yes or no that leads it, and a yes with a "but"
    waits for its answer. `words` are those of the utterance.
    """
    if any(isinstance(one, RequestHuman) for one in commands):
        commands = [one for one in commands if not isinstance(one, NotUnderstood | Confirm | Deny)]
    matter: list[Command] = [one for one in commands if not isinstance(one, SmallTalk | NotUnderstood)]
    if matter:
        commands = [one for one in matter if not isinstance(one, Repeat)] or matter
    elif any(isinstance(one, NotUnderstood) for one in commands):
        return [NotUnderstood("abusive")]
    elif len(commands) > 1:
        ranked = sorted(
            commands, key=lambda one: isinstance(one, SmallTalk) and one.kind in {"greeting", "acknowledge", "thanks"}
        )
        commands = ranked[:1]
    left = next((at for at, one in enumerate(commands) if isinstance(one, CancelFlow)), None)
    if left is not None and any(isinstance(one, SetSlot | CorrectSlot) for one in commands[left:]):
        commands = [one for one in commands if not isinstance(one, CancelFlow)]
    given = any(isinstance(one, SetSlot | CorrectSlot | RejectedSlot | ChooseOption | CancelFlow) for one in commands)
    starts = any(isinstance(one, StartFlow) for one in commands)
    if given:
        kept_yes = context.expectation.expects is Expects.YES_NO and not _corrects(commands)
        commands = [one for one in commands if not isinstance(one, Deny) and (kept_yes or not isinstance(one, Confirm))]
    if any(isinstance(one, StartFlow) and one.flow is Flow.CHANGE_RESERVATION for one in commands):
        commands = [one for one in commands if not (isinstance(one, AskKnowledge) and _WHAT_ELSE.match(one.question))]
    if any(isinstance(one, AskKnowledge) for one in commands) and "but" in words:
        commands = [one for one in commands if not isinstance(one, Confirm)]
    if starts and context.expectation.expects is not Expects.YES_NO:
        commands = [one for one in commands if not isinstance(one, Confirm | Deny)]
    return commands


def _corrects(commands: Sequence[Command]) -> bool:
    return any(
        isinstance(one, CorrectSlot | RejectedSlot | ChooseOption | CancelFlow)
        or (isinstance(one, SetSlot) and one.slot is not SlotName.NOTES)
        for one in commands
    )
