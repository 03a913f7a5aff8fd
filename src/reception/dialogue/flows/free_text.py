"""Answers in the caller's own words, and the yes or no to what was made of them."""

import re
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
from reception.dialogue.understanding.parsers.normalize import tokenize, words_of

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


_DECLINED = re.compile(
    r"(?:(?:um|uh|well|oh|i|i am|we|we are|really|honestly|just|sorry|no|that|is|it|let us|can we|can you|please|"
    r"to be honest|actually|would|will|thanks) )*"
    r"(?:not (?:really )?(?:sure|certain|decided)|have not (?:really )?(?:decided|thought about it)|no idea|"
    r"hard to say|undecided|can not say|open|flexible|"
    r"do not (?:really |quite )?(?:know|mind|care|remember|have any|have one|want (?:to|that))|no preference|"
    r"any ?(?:thing|where|time|one|body)|any|whatever|whenever|wherever|(?:does|do) not matter|"
    r"no (?:viewings?|visits?|appointment)|skip(?: (?:that|it|this|the question))?|next(?: question)?|pass|"
    r"rather not|prefer not|none of (?:your|you) business|is private|personal|too personal|"
    r"no|nope|nah|not yet|not now|nothing|none|never ?mind|no comment|why should i)"
    r"(?: (?:yet|really|at all|to be honest|thanks|thank you|either|is fine|will do|works|say|tell you|tell|answer|"
    r"that|it|this|to|please|you|about that|for now|in particular|special|in mind|now|share|give|discuss|question|one|"
    r"the|of|my|business|none|too|very|is|think so|want|which|what|when|where|exactly|sure|private|personal|"
    r"information|budget|money|me|moment|at the))*"
)


def is_declined(text: str) -> bool:
    """Whether all of `text` leaves open what was asked, or refuses to say: "I don't know", "skip that", "none of your
    business"."""
    return _DECLINED.fullmatch(words_of(tokenize(text))) is not None


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
