"""Leads: a message, a call back, an enquiry, a party too large to book. What a person has to take up."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from reception.dialogue.commands import (
    AskKnowledge,
    CancelFlow,
    Command,
    Confirm,
    Deny,
    RejectedSlot,
    SetSlot,
    SlotName,
    StartFlow,
    TimeOfDay,
)
from reception.dialogue.flows.answers import ask_again, complain, next_contact_question, take_in
from reception.dialogue.flows.late import told_team
from reception.dialogue.flows.outcome import couldnt_reach
from reception.dialogue.flows.reserve import leave
from reception.dialogue.replies import say_party
from reception.dialogue.spoken import say_day, say_phone, say_time
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.dialogue import Act, Json, Say
from reception.ports.tools import CreateLead, Done, Effect, Outcome

FREE_TEXT = frozenset({Question.MESSAGE, Question.LOOKING_FOR})
_LONGEST_MESSAGE = 1500
_CALL_BACK = re.compile(r"\b(call|ring|phone)\b.* back\b|^question:|\bcall me\b", re.IGNORECASE)
_NEEDS_MESSAGE = {"message": Question.MESSAGE, "enquiry": Question.LOOKING_FOR}


async def take_message(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of taking a message or a lead."""
    asked = state.question
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    state = answers.state
    if answers.wrong in {SlotName.NAME, SlotName.PHONE}:
        return Step(ask_again(state, answers.wrong), answered=True)
    if asked in FREE_TEXT and not _is_directive(commands):
        state = replace(state, details=replace(state.details, message=scene.text.strip()[:_LONGEST_MESSAGE]))
    if asked is Question.CONFIRM_LEAD and not answers.changed:
        if answers.confirmed:
            return Step(state, effects=(lead_of(state, scene),), answered=True).saying("Thank you.")
        if answers.denied:
            changed = replace(state, question=Question.WHAT_TO_CHANGE)
            return Step(changed, answered=True).saying("Of course.")
    if state.question is Question.WHAT_TO_CHANGE and not answers.changed and not (answers.confirmed or answers.denied):
        return complain(Step(state), answers.complaints)
    return complain(Step(replace(state, question=next_lead_question(state))), answers.complaints)


def _is_directive(commands: Sequence[Command]) -> bool:
    """Whether the words were about the call instead of being the message."""
    if any(isinstance(command, CancelFlow | StartFlow) for command in commands):
        return True
    contact_only = all(
        isinstance(command, SetSlot | RejectedSlot) and command.slot in {SlotName.NAME, SlotName.PHONE}
        for command in commands
    )
    lone = len(commands) == 1 and isinstance(commands[0], Confirm | Deny)
    return contact_only or lone


def next_lead_question(state: DialogueState) -> Question:
    """The first thing that a lead of this kind still needs."""
    wanted = _NEEDS_MESSAGE.get(state.lead_kind)
    if wanted is not None and not state.details.message:
        return wanted
    if state.lead_kind == "large_party" and state.details.day is None:
        return Question.DATE
    return next_contact_question(state) or Question.CONFIRM_LEAD


def lead_of(state: DialogueState, scene: TurnScene) -> CreateLead:
    """The lead as a person will read it."""
    details = state.details
    about: list[str] = []
    if state.lead_kind == "large_party":
        about.append(f"Party of {say_party(details)}")
    if details.day is not None:
        at = f" at {say_time(details.time.time)}" if isinstance(details.time, TimeOfDay) else ""
        about.append(f"for {say_day(details.day)}{at}")
    if details.place:
        about.append(details.place)
    if details.message:
        about.append(details.message)
    if details.notes:
        about.append(details.notes)
    summary = "; ".join(about) or "Please call back."
    return CreateLead(state.lead_kind or "message", details.name, details.phone, summary, _json(state))


def _json(state: DialogueState) -> Mapping[str, Json]:
    known: dict[str, Json] = {}
    for slot, value in state.details.as_slots().items():
        if isinstance(value, TimeOfDay):
            known[slot.value] = value.time.isoformat("minutes")
        else:
            known[slot.value] = value if isinstance(value, int | str) else value.isoformat()
    return known


def settle_lead(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Says that it was noted, once it is."""
    if not isinstance(outcome, Done) or not isinstance(effect, CreateLead):
        if isinstance(effect, CreateLead) and effect.kind == "handoff":
            return Settled(state)
        return couldnt_reach(state, scene)
    data: Mapping[str, Json] = {
        "lead_id": str(outcome.lead_id),
        "kind": effect.kind,
        "name": effect.name,
        "phone": effect.phone,
        "summary": effect.summary,
    }
    if effect.kind == "running_late":
        told = told_team(effect, state, scene)
        return Settled(state if state.ended else state.without_flow(), (Act("lead.created", data), *told))
    phone = say_phone(effect.phone, scene.business.region)
    if effect.kind == "handoff":
        act = Act("handoff.requested", data)
        promised = effect.name and effect.phone and not state.ended
        return Settled(state, (act, Say(f"A colleague will call you back on {phone}.")) if promised else (act,))
    said = Say(f"I've noted it, and a colleague will call you back on {phone}.")
    if effect.kind == "message" and not _CALL_BACK.search(effect.summary):
        said = Say(f"I've noted it for the team, with your number, {phone}.")
    return Settled(state.without_flow(), (Act("lead.created", data), said))


def about_question(commands: Sequence[Command]) -> str:
    """The caller's own question, as the message that is left when nobody could answer it."""
    asked = [command.question for command in commands if isinstance(command, AskKnowledge)]
    return f"Question: {asked[0]}"[:_LONGEST_MESSAGE] if asked else ""
