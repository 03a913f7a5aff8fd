"""Why we ask, and whether it is done yet: callers want to know it before they tell."""

import re

from reception.dialogue.commands import Flow
from reception.dialogue.state import DialogueState, Question

_WHY = re.compile(
    r"\W*(?:(?:and|but|well|um|sorry|hm+|okay|why|excuse me)\W+)*"
    r"(?:why\b|what (?:do|would|should|are|is|does|did) (?:you|we|i|that|this|it)\b.*"
    r"\b(?:ask|asking|need|want|know|for|matter|tell|say|mean|that|important)\b|"
    r"what(?:'s| is) (?:that|this|it) for|what has that got to do|"
    r"what do you mean\b|(?:do i|must i) (?:have|need) to\b|"
    r"is (?:that|this|it) (?:really )?(?:necessary|needed|required))",
    re.IGNORECASE,
)
_LONGEST = 12
_OF_HOMES = {
    Question.PURPOSE: "It tells us who of us can help you best.",
    Question.AREA: "With the area we can look for what fits.",
    Question.BEDROOMS: "With the size we can look for what fits.",
    Question.BUDGET: "With an amount in mind we only suggest what is within it.",
    Question.TIMING: "It tells us how soon we have to look.",
    Question.FINANCING: "Sellers like to know whether a mortgage is arranged, or the price is paid in cash.",
    Question.VIEWING_TIME: "A colleague can then keep the time free for you.",
}
_OF_CALLER = {
    Question.NAME: "So that we know whom it is for.",
    Question.PHONE: "So that we can reach you about it.",
    Question.REST_OF_PHONE: "So that we can reach you about it.",
    Question.CALLER_PHONE: "So that we can reach you about it.",
    Question.MESSAGE: "So that I can pass it on.",
}
_FREE_TO_SAY = "You need not tell me."


_IS_IT_DONE = re.compile(
    r"\W*(?:(?:so|and|but|wait|okay|sorry|then)\W+)*(?:(?:is|was) (?:it|that|everything)|it(?:['’]s| is)|"
    r"that(?:['’]s| is)|did you|have you|am i|are we)(?: \w+){0,2}? (?:book(?:ed)?|reserved?|confirmed|done)\b",
    re.IGNORECASE,
)
_NOT_YET = "Not yet."
_MAKING = frozenset({Flow.NEW_RESERVATION, Flow.WAITLIST})


def reason_asked(question: str, state: DialogueState) -> tuple[str, ...]:
    """What to say to a `question` that asks what our own, the pending one, is for, or whether what is being booked is
    booked; nothing where it asks else."""
    if state.flow in _MAKING and len(question.split()) <= _LONGEST and _IS_IT_DONE.match(question):
        return (_NOT_YET,)
    if state.flow is None or len(question.split()) > _LONGEST or not _WHY.match(question):
        return ()
    if state.flow is Flow.LEAD and state.question in _OF_HOMES:
        return _OF_HOMES[state.question], _FREE_TO_SAY
    reason = _OF_CALLER.get(state.question)
    return (reason,) if reason else ()
