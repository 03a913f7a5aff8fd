"""One thing said in several turns: the caller was taken to be done, and was not."""

from dataclasses import dataclass, replace

from reception.dialogue.assent import COMMITTING
from reception.dialogue.finish import point_of
from reception.dialogue.state import DialogueState
from reception.ports.dialogue import CallerTurn, Unheard

_ENDS = " .,;…-"


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller has said since `before`, in turns up to `turn` that had no effect. `unheard`: as of `CallerTurn`,
    where the question of `before` is one that commits to something and was put by no other reply."""

    turn: int
    text: str
    before: DialogueState
    unheard: Unheard = ""


def all_said(caller: CallerTurn, last: Said | None, state: DialogueState, *, new_question: bool = False) -> Said:
    """What `caller` answers for, said in `state`: together with `last`, where the caller goes on with it. With
    `new_question` no reply but the last one put the question of `state`. A goodbye that the caller speaks into is none.
    """
    state = replace(state, ended=False)
    if not caller.continues or last is None or last.turn != caller.turn - 1:
        unheard = caller.unheard if new_question and state.question in COMMITTING else ""
        return Said(caller.turn, caller.text, state, unheard)
    return Said(caller.turn, f"{last.text.rstrip(_ENDS)} {caller.text}", last.before, last.unheard)


def is_new_question(said: Said, after: DialogueState) -> bool:
    """Whether the question of `after`, which the reply to `said` puts, has not been heard before."""
    before = said.before
    return bool(said.unheard) or (point_of(before), before.slot) != (point_of(after), after.slot)
