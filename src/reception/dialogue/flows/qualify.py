"""What somebody who buys, rents, sells or lets wants: a thing is asked for once, and never what was said."""

import re
from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, CorrectSlot, RejectedSlot, SetSlot, SlotName
from reception.dialogue.flows.answers import Answers, ask_again, complain, next_contact_question, take_in
from reception.dialogue.flows.free_text import confirm_lead, is_directive
from reception.dialogue.flows.reserve import leave
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.dialogue.understanding.home_wishes import bedrooms_in
from reception.dialogue.understanding.parsers.amounts import find_amounts
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.numbers import read_cardinal

_SLOTS = {
    Question.PURPOSE: SlotName.PURPOSE, Question.AREA: SlotName.AREA, Question.BEDROOMS: SlotName.BEDROOMS,
    Question.BUDGET: SlotName.BUDGET, Question.TIMING: SlotName.TIMING, Question.FINANCING: SlotName.FINANCING,
}  # fmt: skip
_ALWAYS = (Question.AREA, Question.BEDROOMS, Question.BUDGET, Question.TIMING)
_ASKED = {
    "buy": (*_ALWAYS, Question.FINANCING, Question.VIEWING_TIME),
    "rent": (*_ALWAYS, Question.VIEWING_TIME),
    "sell": (*_ALWAYS, Question.VIEWING_TIME),
    "let": (*_ALWAYS, Question.VIEWING_TIME),
}
_UNSURE = re.compile(
    r"^\W*(?:(?:um|well|oh|i|i'm|we|we're|really|honestly|just|sorry)\W+)*(?:not (?:really )?sure|no idea|(?:do|"
    r"don)['’]?t "
    r"(?:really )?(?:know|mind|care)|no preference|any(?:thing|where)?|whatever|doesn['’]?t matter|skip|pass|"
    r"rather not|no|nope|"
    r"not yet|nothing|none)\b(?:\W+(?:yet|really|at all|to be honest|thanks|thank you|either|is fine|will do|"
    r"say))*\W*$",
    re.IGNORECASE,
)
_SOFT_START = re.compile(
    r"^\W*(?:(?:um|uh|well|oh|ideally|maybe|probably|somewhere|something|i think|i'd say|it's|it is|in|we're|"
    r"i'm|looking|at|like|preferably|yes|yeah|we|i|have|would|be)\b[\s,]*)+",
    re.IGNORECASE,
)
_LONGEST = 120
_DATED = frozenset({Question.VIEWING_TIME, Question.CONFIRM_LEAD, Question.WHAT_TO_CHANGE, Question.HOW_HELP})
"""Where a day or a time is one to come and see a home."""
_SURELY_IN_FULL = 10_000
"""What homes are sold for is never less: "three fifty" are thousands."""


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
    details = _answered(state.details, asked, answers, commands, scene)
    state = replace(state, details=details)
    if asked is Question.CONFIRM_LEAD and not answers.changed:
        return confirm_lead(state, answers, scene)
    if asked is Question.WHAT_TO_CHANGE and not answers.changed and not (answers.confirmed or answers.denied):
        return complain(Step(state), answers.complaints)
    question = next_of(state)
    details = replace(state.details, asked=tuple(dict.fromkeys((*state.details.asked, question.value))))
    return complain(Step(replace(state, question=question, details=details), answered=True), answers.complaints)


def _meant(asked: Question, commands: Sequence[Command]) -> list[Command]:
    """`commands` without what an answer of another kind was also read as: "four fifty" is no time of day."""
    ignored = set() if asked in _DATED else {SlotName.DATE, SlotName.TIME}
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
        if question.value not in details.asked and not _is_known(details, question):
            return question
    return next_contact_question(state) or Question.CONFIRM_LEAD


def _is_known(details: Details, question: Question) -> bool:
    if question is Question.VIEWING_TIME:
        return details.day is not None or details.time is not None
    if question is Question.AREA and details.place:
        return True
    return getattr(details, _SLOTS[question].value) not in (None, "")


def _answered(
    details: Details, asked: Question, answers: Answers, commands: Sequence[Command], scene: TurnScene
) -> Details:
    """`details` with the words themselves as the answer, where nothing else was made of them."""
    text = scene.text.strip()
    if asked is Question.VIEWING_TIME:
        heard = answers.changed & {SlotName.DATE, SlotName.TIME} or answers.denied or _UNSURE.match(text)
        if heard or is_directive(commands):
            return details
        return replace(details, notes=f"Viewing: {text[:_LONGEST]}")
    if asked not in _SLOTS or _is_known(details, asked) or is_directive(commands) or _UNSURE.match(text):
        return _in_full(details)
    tokens = tokenize(text)
    plain = _SOFT_START.sub("", text).strip(" .,!?")[:_LONGEST] or text[:_LONGEST]
    match asked:
        case Question.BEDROOMS:
            numbers = [n.value for at in range(len(tokens)) if (n := read_cardinal(tokens, at)) is not None]
            known = bedrooms_in(tokens)
            known = known if known is not None else next((n for n in numbers if 0 < n <= 20), None)
            details = replace(details, bedrooms=known)
        case Question.BUDGET:
            amounts = find_amounts(text, money=True)
            details = replace(
                details, budget=max((round(each.value) for each in amounts if each.value > 0), default=None)
            )
        case Question.AREA:
            details = replace(details, area=plain)
        case Question.TIMING:
            details = replace(details, timing=plain)
        case Question.FINANCING:
            details = replace(details, financing=plain)
        case _:
            details = replace(details, message=details.message or text)
    return _in_full(details)


def _in_full(details: Details) -> Details:
    """ "Three fifty", for a home that is bought or sold, in full."""
    if details.budget and details.purpose in {"buy", "sell"} and details.budget < _SURELY_IN_FULL:
        return replace(details, budget=details.budget * 1000)
    return details
