"""Taking a message or a lead: what a person has to take up."""

import re
from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import CancelFlow, Command, CorrectSlot, Flow, RejectedSlot, SetSlot, SlotName
from reception.dialogue.flows.answers import ask_again, complain, next_contact_question, take_in
from reception.dialogue.flows.free_text import FREE_TEXT, confirm_lead, is_declined, is_directive
from reception.dialogue.flows.leads import CALL_BACK
from reception.dialogue.flows.qualify import qualify
from reception.dialogue.flows.reserve import fits, leave, reserve
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.business import BusinessKind

_LONGEST_MESSAGE = 1500
_NEEDS_MESSAGE = {"message": Question.MESSAGE, "enquiry": Question.LOOKING_FOR}
_DATED = frozenset({"large_party", "private_event"})
_DISPENSABLE = frozenset({("message", SlotName.NAME), ("message", SlotName.PHONE), ("callback", SlotName.NAME)})
_REFUSED = frozenset({"refused", "forgotten", "hidden"})
_NAMELESS = re.compile(r"\banonym|\bno names?\b|\bwithout (?:a|my) name\b|\bdoesn['’]?t matter\b", re.IGNORECASE)
_CALL = re.compile(r"\b(?:call|ring|phone|text)\b.*\b(?:back|me|us)\b|\bget back to\b", re.IGNORECASE)


async def take_lead(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of taking a lead, whichever it is."""
    homes = state.lead_kind == "enquiry" and scene.business.kind is BusinessKind.REAL_ESTATE
    return await (qualify if homes else take_message)(state, commands, scene)


async def take_message(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of taking a message or a lead."""
    asked = state.question
    if _refuses(state, commands, scene):
        going_on = replace(state, details=replace(state.details, asked=(*state.details.asked, asked.value)))
        return Step(replace(going_on, question=next_lead_question(going_on)), answered=True).saying("That's all right.")
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    state = answers.state
    if state.lead_kind == "large_party" and SlotName.PARTY_SIZE in answers.changed and fits(state, scene):
        small = replace(state, flow=Flow.NEW_RESERVATION, lead_kind="", question=Question.PARTY)
        return await reserve(small, (), scene)
    if answers.wrong in {SlotName.NAME, SlotName.PHONE}:
        return Step(ask_again(state, answers.wrong), answered=True)
    if asked in FREE_TEXT and not is_directive(commands):
        state = replace(state, details=replace(state.details, message=_message_of(scene)))
    if asked is Question.CONFIRM_LEAD and not answers.changed and (answers.confirmed or answers.denied):
        return confirm_lead(state, answers, scene)
    if state.question is Question.WHAT_TO_CHANGE and not answers.changed and not (answers.confirmed or answers.denied):
        return complain(Step(state), answers.complaints)
    return complain(Step(replace(state, question=next_lead_question(state))), answers.complaints)


def _refuses(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> bool:
    """Whether the caller will not say who they are, or what their number is: a message stands without, and who is to be
    called back need not have a name."""
    asked = {Question.NAME: SlotName.NAME, Question.PHONE: SlotName.PHONE}.get(state.question)
    if asked is None or (state.lead_kind, asked) not in _DISPENSABLE or _wants_call(state):
        return False
    refused = any(isinstance(one, RejectedSlot) and one.slot is asked and one.reason in _REFUSED for one in commands)
    given = any(isinstance(one, SetSlot | CorrectSlot | CancelFlow) for one in commands)
    return refused or (not given and (is_declined(scene.text) or _NAMELESS.search(scene.text) is not None))


def _wants_call(state: DialogueState) -> bool:
    return state.question is Question.PHONE and _CALL.search(state.details.message) is not None


def _message_of(scene: TurnScene) -> str:
    """The message in the caller's words; of one who has none to leave, that they want to be called."""
    return CALL_BACK if is_declined(scene.text) else scene.text.strip()[:_LONGEST_MESSAGE]


def next_lead_question(state: DialogueState) -> Question:
    """The first thing that a lead of this kind still needs."""
    details = state.details
    wanted = _NEEDS_MESSAGE.get(state.lead_kind)
    if wanted is not None and not details.message:
        return wanted
    if state.lead_kind in _DATED and details.day is None:
        return Question.DATE
    if state.lead_kind == "private_event" and not (details.party_size or details.or_party or details.above_party):
        return Question.PARTY
    return next_contact_question(state) or Question.CONFIRM_LEAD
