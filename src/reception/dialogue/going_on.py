"""One thing said in several turns: the caller was taken to be done, and was not."""

from dataclasses import dataclass

from reception.dialogue.state import DialogueState
from reception.ports.dialogue import CallerTurn

_ENDS = " .,;…-"


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller has said since `before`, in turns up to `turn` that had no effect."""

    turn: int
    text: str
    before: DialogueState


def all_said(caller: CallerTurn, last: Said | None, state: DialogueState) -> Said:
    """What `caller` answers for, said in `state`: together with `last`, where the caller goes on with it."""
    if not caller.continues or last is None or last.turn != caller.turn - 1:
        return Said(caller.turn, caller.text, state)
    return Said(caller.turn, f"{last.text.rstrip(_ENDS)} {caller.text}", last.before)
