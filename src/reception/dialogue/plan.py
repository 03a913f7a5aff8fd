"""A turn that has been thought out and not carried out yet."""

from dataclasses import dataclass, replace

from reception.dialogue.going_on import Said
from reception.dialogue.graph import TurnDraft
from reception.dialogue.language.turn import LanguageTurn
from reception.dialogue.questions import put_question
from reception.dialogue.replies import UNREACHABLE
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import TurnScene
from reception.ports.dialogue import Say
from reception.ports.tools import CallTool


@dataclass(frozen=True, slots=True)
class Plan:
    """What a prepared turn is to do. `base` is the state that it was thought out from; `said` is all that it answers,
    in this turn and in those that it goes on with."""

    base: DialogueState
    said: Said
    draft: TurnDraft
    scene: TurnScene
    language: LanguageTurn | None = None


def filler_of(plan: object) -> str:
    """What is said while a tool of the turn takes its time."""
    effects = plan.draft.effects if isinstance(plan, Plan) else ()
    return next((effect.tool.filler for effect in effects if isinstance(effect, CallTool)), "")


def out_of_reach(draft: TurnDraft, scene: TurnScene) -> TurnDraft:
    """The reply when what must be read cannot be: nothing has changed, and a message may be left."""
    state = replace(draft.before, question=Question.OFFER_MESSAGE)
    parts = (Say(UNREACHABLE), *map(Say, put_question(state, scene)))
    return replace(draft, state=state, parts=parts, effects=())
