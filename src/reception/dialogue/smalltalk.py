"""Talk about the talk: greetings, thanks, "what did you say", and words that could not be made out."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, NotUnderstood, Repeat, SmallTalk, Tell
from reception.dialogue.hours import profile_text
from reception.dialogue.kinds.registry import kind_of
from reception.dialogue.language.support import Sources, is_mere_talk
from reception.dialogue.replies import NOT_CAUGHT, THANKS, WAIT, split_sentences
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene


def small_talk(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """Answers the first of `commands`; the pending question follows."""
    match commands[0]:
        case Repeat():
            return Step(state, answered=True, asks=not state.last_reply).saying(*state.last_reply)
        case Tell(intent):
            told = scene.agent.definition.intent(intent)
            return Step(state, answered=True).saying(*split_sentences(told.say if told is not None else ""))
        case NotUnderstood(reason="unsupported"):
            offered = replace(state, question=Question.OFFER_MESSAGE) if state.flow is None else state
            return Step(offered, answered=True).saying("I'm afraid I can't help with that here.")
        case NotUnderstood(reason="other_language"):
            offered = replace(state, question=Question.OFFER_MESSAGE)
            return Step(offered, answered=True).saying("I'm sorry, I only speak English.")
        case SmallTalk() as talk:
            return _answer(state, talk, scene)
        case _:
            return Step(state).saying(scene.pick(NOT_CAUGHT))


def _answer(state: DialogueState, talk: SmallTalk, scene: TurnScene) -> Step:
    step = Step(state, answered=True)
    name = scene.agent.settings.persona_name
    match talk.kind:
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
            role = kind_of(scene.agent).role
            who = f"I'm {name}, the {role}" if name else f"I'm the {role}"
            return step.saying(f"{who} of {scene.business.name}.")
        case "chat":
            return _chat(step, talk.reply, scene)
        case _:
            return step


def _chat(step: Step, reply: str, scene: TurnScene) -> Step:
    """What a model proposes to say, where it is nothing but talk."""
    if is_mere_talk(reply, Sources((), profile_text(scene), scene.text)):
        return step.saying(reply)
    return Step(step.state).saying(scene.pick(NOT_CAUGHT))
