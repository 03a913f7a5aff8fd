"""What somebody who buys, rents, sells or lets wants: a thing is asked for once, and never what was said."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, CorrectSlot, RejectedSlot, SetSlot, SlotName, StartFlow
from reception.dialogue.flows.answers import Answers, ask_again, complain, next_contact_question, take_in
from reception.dialogue.flows.free_text import confirm_lead, is_declined, is_directive
from reception.dialogue.flows.home_answers import OF_HOMES, QUALIFYING, in_full, is_known, read_answer
from reception.dialogue.flows.reserve import leave
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene

_ALWAYS = (Question.AREA, Question.BEDROOMS, Question.BUDGET, Question.TIMING)
_ASKED = {
    "buy": (*_ALWAYS, Question.FINANCING, Question.VIEWING_TIME),
    "rent": (*_ALWAYS, Question.VIEWING_TIME),
    "sell": (*_ALWAYS, Question.VIEWING_TIME),
    "let": (*_ALWAYS, Question.VIEWING_TIME),
}
_NO_DAY_IN = frozenset({Question.BEDROOMS, Question.BUDGET, Question.TIMING, Question.FINANCING, Question.LOOKING_FOR})
"""Where a day or a time is none to come and see a home: "four fifty" is an amount, "in May" is when they move."""
_MISSED = ("I'm sorry, I didn't get that.", "I'm afraid I didn't catch that.")


async def qualify(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of hearing out somebody who looks for a home, or has one to sell or let."""
    asked = state.question
    answers = take_in(state, _meant(asked, commands), scene)
    if answers.left:
        return leave(answers.state)
    state = answers.state
    if answers.wrong in {SlotName.NAME, SlotName.PHONE}:
        return Step(ask_again(state, answers.wrong), answered=True)
    if asked is Question.LOOKING_FOR and not is_directive(commands):
        state = replace(state, details=replace(state.details, message=scene.text.strip()[:1500]))
    state, missed = _answered(state, asked, answers, commands, scene)
    if asked is Question.CONFIRM_LEAD and not answers.changed:
        return confirm_lead(state, answers, scene)
    if asked is Question.WHAT_TO_CHANGE and not answers.changed and not (answers.confirmed or answers.denied):
        return complain(Step(state), answers.complaints)
    asking = replace(state, question=next_of(state))
    if missed and not answers.complaints:
        return Step(asking).saying(scene.pick(_MISSED))
    return complain(Step(asking, answered=not missed), answers.complaints)


def _meant(asked: Question, commands: Sequence[Command]) -> list[Command]:
    """`commands` without what an answer of another kind was also read as: "four fifty" is no time of day."""
    ignored = {SlotName.DATE, SlotName.TIME} if asked in _NO_DAY_IN else set()
    if asked is not Question.LOOKING_FOR:
        ignored.add(SlotName.MESSAGE)
    return [
        command
        for command in commands
        if not (isinstance(command, SetSlot | CorrectSlot | RejectedSlot) and command.slot in ignored)
    ]


def next_of(state: DialogueState) -> Question:
    """The first thing that was neither said nor asked for yet."""
    details = state.details
    if not details.purpose:
        if Question.PURPOSE.value not in details.asked:
            return Question.PURPOSE
        if not details.message:
            return Question.LOOKING_FOR
    for question in _ASKED.get(details.purpose, ()):
        if question.value not in details.asked and not is_known(details, question):
            return question
    return next_contact_question(state) or Question.CONFIRM_LEAD


def _answered(
    state: DialogueState, asked: Question, answers: Answers, commands: Sequence[Command], scene: TurnScene
) -> tuple[DialogueState, bool]:
    """`state` with what the words answer to the question `asked`, and whether they were no answer to it.

    What is known, left open or refused is done with, and what was answered wrongly twice; whoever said something else
    that matters is asked again.
    """
    details = in_full(state.details)
    state = replace(state, details=details)
    if asked not in QUALIFYING:
        return state, False
    done = replace(details, asked=tuple(dict.fromkeys((*details.asked, asked.value))))
    if is_known(details, asked):
        return replace(state, details=done), False
    if any(isinstance(command, StartFlow) for command in commands):
        return state, False
    if answers.denied or is_declined(scene.text):
        return replace(state, details=done), False
    answered = read_answer(asked, scene.text.strip(), done)
    if answered is not None:
        return replace(state, details=answered), False
    if answers.changed & OF_HOMES or answers.complaints:
        return state, False
    missed = f"{asked.value}?"
    if missed in details.asked:
        return replace(state, details=done), True
    return replace(state, details=replace(details, asked=(*details.asked, missed))), True
