"""Talk about the talk: greetings, thanks, "what did you say", and words that could not be made out."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, NotUnderstood, Repeat, SmallTalk
from reception.dialogue.replies import NOT_CAUGHT, THANKS, WAIT
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene


def small_talk(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """Answers the first of `commands`; the pending question follows."""
    match commands[0]:
        case Repeat():
            return Step(state, answered=True, asks=not state.last_reply).saying(*state.last_reply)
        case NotUnderstood(reason="other_language"):
            offered = replace(state, question=Question.OFFER_MESSAGE)
            return Step(offered, answered=True).saying("I'm sorry, I only speak English.")
        case SmallTalk(kind):
            return _answer(state, kind, scene)
        case _:
            return Step(state).saying(scene.pick(NOT_CAUGHT))


def _answer(state: DialogueState, kind: str, scene: TurnScene) -> Step:
    step = Step(state, answered=True)
    name = scene.agent.settings.persona_name
    match kind:
        case "wait":
            return Step(state, answered=True, asks=False).saying(scene.pick(WAIT))
        case "listen":
            idle = state.flow is None and state.question is Question.ANYTHING_ELSE
            return replace(step, state=replace(state, question=Question.HOW_HELP) if idle else state).saying("Sure.")
        case "thanks":
            return step.saying(scene.pick(THANKS))
        case "greeting":
            return step.saying("Hello!")
        case "how_are_you":
            return step.saying("I'm doing well, thank you.")
        case "are_you_human":
            who = f"I'm {name}, the virtual receptionist" if name else "I'm the virtual receptionist"
            return step.saying(f"{who} of {scene.business.name}.")
        case _:
            return step
