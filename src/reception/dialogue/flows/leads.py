"""Leads as a person will read them: a message, a call back, an enquiry, a party too large to book."""

import re
from collections.abc import Mapping
from dataclasses import replace

from reception.dialogue.commands import Flow, TimeOfDay
from reception.dialogue.flows.late import told_team
from reception.dialogue.flows.outcome import couldnt_reach
from reception.dialogue.replies import describe_enquiry, say_party
from reception.dialogue.spoken import say_day, say_phone, say_time
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, TurnScene
from reception.dialogue.understanding.recipients import addressed
from reception.ports.dialogue import Act, Json, Say
from reception.ports.tools import CreateLead, Done, Effect, Outcome

CALL_BACK = "Please call back."
_CALL_BACK = re.compile(r"\b(call|ring|phone)\b.*\bback\b|^question:|\bcall me\b", re.IGNORECASE)
_FOR_A_PERSON = frozenset({"handoff", "callback"})
"""Put through, and to be called back where nobody was there."""
_WITH_PARTY = frozenset({"large_party", "private_event"})


def lead_of(state: DialogueState, scene: TurnScene) -> CreateLead:
    """The lead as a person will read it."""
    details = state.details
    about: list[str] = []
    if state.lead_kind in _WITH_PARTY and (details.party_size or details.or_party or details.above_party):
        about.append(f"Party of {say_party(details)}")
    if details.purpose:
        about.append(describe_enquiry(replace(details, day=None, place=details.place), scene.business.region))
    if details.day is not None:
        at = f" at {say_time(details.time.time)}" if isinstance(details.time, TimeOfDay) else ""
        about.append(f"for {say_day(details.day)}{at}")
    if details.place and not details.purpose:
        about.append(details.place)
    if details.message:
        about.append(details.message)
    if details.notes and not details.purpose:
        about.append(details.notes)
    summary = "; ".join(about) or CALL_BACK
    return CreateLead(
        state.lead_kind or "message", details.name, details.phone, summary, _json(state), details.recipient
    )


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
        if (
            isinstance(effect, CreateLead)
            and effect.kind in _FOR_A_PERSON
            and state.question is not Question.CONFIRM_LEAD
        ):
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
    if effect.kind in _FOR_A_PERSON and state.question is Question.CONFIRM_LEAD and state.flow is Flow.LEAVE_MESSAGE:
        said = Say(f"A colleague will call you back on {phone}.")
        return Settled(state.without_flow(), (Act("lead.created", data), said))
    if effect.kind in _FOR_A_PERSON:
        act = Act("handoff.requested", data)
        promised = effect.name and effect.phone and not state.ended
        return Settled(state, (act, Say(f"A colleague will call you back on {phone}.")) if promised else (act,))
    said = Say(f"I've noted it, and a colleague will call you back on {phone}.")
    if effect.kind == "message" and not _CALL_BACK.search(effect.summary):
        number = f", with your number, {phone}" if effect.phone else ""
        said = Say(f"I've noted it for {addressed(effect.recipient)}{number}.")
    elif effect.recipient:
        said = Say(f"I've noted it, and {addressed(effect.recipient)} will be asked to call you on {phone}.")
    return Settled(state.without_flow(), (Act("lead.created", data), said))
