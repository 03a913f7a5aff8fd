"""Leaving the waitlist: find the place in line by phone and name, ask, take the caller off it."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, SlotName
from reception.dialogue.flows.answers import Answers, complain, next_contact_question, take_in
from reception.dialogue.flows.reserve import leave
from reception.dialogue.replies import describe_entry
from reception.dialogue.spoken import say_list, say_near_day, say_phone
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import WaitlistEntry
from reception.ports.dialogue import Act, Say
from reception.ports.tools import LeaveWaitlist

_MOST_WRONG = 2


async def leave_line(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of leaving the waitlist."""
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    state = answers.state
    if _means_another(state, answers):
        state = replace(state, waiting=None, details=replace(state.details, phone=_phone_of(state)))
    if state.waiting is not None and state.question is Question.CONFIRM_LEAVE_WAITLIST:
        return complain(_answer(state, state.waiting, answers), answers.complaints)
    if state.waiting is not None:
        return Step(replace(state, question=Question.CONFIRM_LEAVE_WAITLIST), answered=True)
    calls_from = state.caller_phone if not state.caller_phone_refused else ""
    phone = state.details.phone or calls_from
    if not phone or answers.complaints or state.question is Question.REST_OF_PHONE:
        return complain(_ask(state), answers.complaints)
    entries = (await scene.reads.guest_history(phone)).waiting
    if not entries and not state.details.phone:
        return _ask(replace(state, caller_phone_refused=True))
    if phone != state.caller_phone and not state.details.name:
        return Step(replace(state, question=Question.NAME))
    own = [entry for entry in entries if phone == state.caller_phone or _is_theirs(entry, state.details.name)]
    return _found(state, own, phone, scene)


def _means_another(state: DialogueState, answers: Answers) -> bool:
    """ "The Saturday one", of somebody who waits for several days."""
    day = state.details.day
    return SlotName.DATE in answers.changed and state.waiting is not None and day != state.waiting.wanted.date()


def _phone_of(state: DialogueState) -> str:
    return state.waiting.guest.phone if state.waiting is not None else state.details.phone


def _ask(state: DialogueState) -> Step:
    known = replace(state, details=replace(state.details, name=state.details.name or "-"))
    return Step(replace(state, question=next_contact_question(known) or Question.PHONE))


def _is_theirs(entry: WaitlistEntry, name: str) -> bool:
    """Whether `name` shares a word with the name that the entry is under."""
    return bool(set(entry.guest.name.lower().split()) & set(name.lower().split()))


def _found(state: DialogueState, entries: Sequence[WaitlistEntry], phone: str, scene: TurnScene) -> Step:
    day = state.details.day
    on_day = [entry for entry in entries if day is None or entry.wanted.date() == day]
    if len(on_day) == 1:
        return Step(replace(state, waiting=on_day[0], question=Question.CONFIRM_LEAVE_WAITLIST), answered=True)
    if entries:
        days = say_list([say_near_day(entry.wanted.date(), scene.now.date()) for entry in entries])
        asked = replace(state, question=Question.DATE, details=replace(state.details, day=None))
        return Step(asked, answered=True).saying(f"You are on the waitlist for {days}.")
    tries = state.misdialled + 1
    said = f"I'm sorry, I can't find anybody on the waitlist under that name with {_number(phone, scene)}."
    if tries >= _MOST_WRONG:
        return Step(replace(state, question=Question.OFFER_MESSAGE), answered=True).saying(said)
    forgotten = replace(state.details, phone="", name="")
    asked = replace(state, details=forgotten, misdialled=tries, caller_phone_refused=True, question=Question.PHONE)
    return Step(asked).saying(said)


def _number(phone: str, scene: TurnScene) -> str:
    return say_phone(phone, scene.business.region)


def _answer(state: DialogueState, entry: WaitlistEntry, answers: Answers) -> Step:
    if answers.confirmed and SlotName.DATE not in answers.changed:
        return Step(state, effects=(LeaveWaitlist(entry.entry_id),), answered=True).saying("All right.")
    if answers.denied:
        kept = state.without_flow()
        return Step(kept, answered=True).saying("All right, you stay on the waitlist.")
    return Step(state)


def settle_left(state: DialogueState, entry: WaitlistEntry, scene: TurnScene) -> Settled:
    """Told from the entry as it now stands."""
    act = Act("waitlist.left", {"entry_id": str(entry.entry_id), "party_size": entry.party_size})
    said = Say(f"You're no longer on the waitlist for {describe_entry(scene, entry)}.")
    return Settled(replace(state.without_flow(), waiting=None), (act, said))
