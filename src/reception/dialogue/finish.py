"""Ends a turn: which question follows, how it is put, and the way out where it has been asked in vain too often."""

from dataclasses import dataclass, replace

from reception.dialogue.commands import Flow
from reception.dialogue.flows.dispatch import farewell
from reception.dialogue.questions import put_question
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import TurnScene
from reception.ports.dialogue import HangUp, ReplyPart, Say

GIVE_UP_AFTER = 3
"""Failed answers to one question, after which a way out is offered."""
MOST_STALLED = 8
"""Turns on one question, however friendly, after which a way out is offered."""

_LAST_RESORTS = frozenset({Question.OFFER_MESSAGE, Question.ANYTHING_ELSE})


@dataclass(frozen=True, slots=True)
class Finished:
    """The state that the turn leaves behind, and the end of its reply. `gave_up`: a way out took the place of the
    question."""

    state: DialogueState
    parts: tuple[ReplyPart, ...]
    gave_up: bool = False


def finish(
    before: DialogueState, after: DialogueState, scene: TurnScene, *, answered: bool, resumed: bool, asks: bool
) -> Finished:
    """`answered`: the caller got something; `resumed`: what they got was no part of the flow."""
    if after.leaving:
        after = replace(after, leaving=False)
        if after.flow is None:
            gone = farewell(after, scene)
            return Finished(gone.state, gone.parts)
    if after.ended or not asks:
        return Finished(after, ())
    if after.flow is None and after.later and after.question is Question.ANYTHING_ELSE and before.flow is not None:
        after = replace(after, question=Question.NEXT_WISH)
    if resumed and after.flow is None and after.question is Question.HOW_HELP:
        after = replace(after, question=Question.ANYTHING_ELSE)
    stuck = _same_point(before, after)
    attempts = before.attempts + 1 if stuck and not answered else 0
    stalled = before.stalled + 1 if stuck and after.flow is not None else 0
    after = replace(after, attempts=attempts, stalled=stalled)
    if after.misdialled >= GIVE_UP_AFTER:
        return _way_out(replace(after, misdialled=0), scene)
    if attempts >= GIVE_UP_AFTER or stalled >= MOST_STALLED:
        return _way_out(after, scene)
    again = resumed and stuck
    return Finished(after, tuple(Say(text) for text in put_question(after, scene, resumed=again)))


def _same_point(before: DialogueState, after: DialogueState) -> bool:
    return point_of(before) == point_of(after)


def point_of(state: DialogueState) -> tuple[object, ...]:
    """Where the conversation is: the question, and what it is about."""
    asked = (state.question, state.flow, state.phone_digits, state.offered)
    return (*asked, state.details, state.target, state.custom)


def _way_out(state: DialogueState, scene: TurnScene) -> Finished:
    taking_message = state.flow in {Flow.LEAVE_MESSAGE, Flow.LEAD}
    if state.question in _LAST_RESORTS or taking_message:
        said = (Say("I'm sorry that I couldn't help you."), Say("Please call again any time. Goodbye!"))
        gone = replace(state.without_flow(), ended=True)
        return Finished(gone, (*said, HangUp("not_understood")), gave_up=True)
    offered = replace(state, question=Question.OFFER_MESSAGE, attempts=0, stalled=0)
    question = tuple(Say(text) for text in put_question(offered, scene))
    return Finished(offered, (Say("I'm sorry, I'm having trouble understanding."), *question), gave_up=True)
