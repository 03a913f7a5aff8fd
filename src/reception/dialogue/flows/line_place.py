"""Telling callers where they are in line, and what is kept for them, when they ask."""

import re
from dataclasses import replace

from reception.dialogue.flows.answers import Answers, complain
from reception.dialogue.flows.booking import missing_wish
from reception.dialogue.replies import describe_entry, offered_place
from reception.dialogue.spoken import say_phone
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.booking import WaitlistStatus

_ASKS = re.compile(
    r"\b(?:am i|are we|where (?:am|are)|still (?:on|waiting)|(?:has|did|is there) (?:anything|something|a \w+|any \w+)|"
    r"anything (?:free|come|open|yet|available)|any (?:news|luck|change)|c[ao]me free|freed? up|"
    r"(?:call(?:ed)?|r[ai]ng|missed|text(?:ed)?|message[ds]?) (?:me|us|from you))\b",
    re.IGNORECASE,
)
_FOR_A_NUMBER = frozenset({Question.PHONE, Question.CALLER_PHONE, Question.REST_OF_PHONE})


async def tell_place(state: DialogueState, asked: Question, answers: Answers, scene: TurnScene) -> Step | None:
    """What somebody who asks after their place in line is told, by the phone number that it is under; None for who
    wants to join. Reads what stands now: an offer may have been made, or have lapsed, since."""
    begins = asked is Question.HOW_HELP and _ASKS.search(scene.text) is not None
    if not begins and not (asked in _FOR_A_NUMBER and missing_wish(state.details, scene) is not None):
        return None
    known = state.waiting.guest.phone if state.waiting is not None else ""
    phone = state.details.phone or known or ("" if state.caller_phone_refused else state.caller_phone)
    if not phone:
        question = Question.REST_OF_PHONE if state.phone_digits else Question.PHONE
        return complain(Step(replace(state, question=question)), answers.complaints)
    entries = (await scene.reads.guest_history(phone)).waiting
    offered = next((one for one in entries if one.status is WaitlistStatus.OFFERED and one.offer is not None), None)
    if offered is not None:
        asking = replace(state, waiting=offered, question=Question.TAKE_OFFER)
        return Step(asking, answered=True).saying(*offered_place(scene, offered))
    if not entries:
        number = say_phone(phone, scene.business.region)
        step = Step(replace(state.without_flow(), waiting=None), answered=True)
        return step.saying(f"I'm sorry, I can't find you on the waitlist under {number}.")
    waiting = Step(replace(state.without_flow(), waiting=entries[0]), answered=True)
    places = (f"You are on the waitlist for {describe_entry(scene, one)}." for one in entries)
    return waiting.saying(*places, "Nothing has come free yet.")
