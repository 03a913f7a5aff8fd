"""Handing a caller to a person: at once, without argument."""

from dataclasses import replace

from reception.dialogue.commands import Flow
from reception.dialogue.custom.transfer import Reachable, reach
from reception.dialogue.flows.answers import next_contact_question
from reception.dialogue.flows.leads import lead_of
from reception.dialogue.replies import split_sentences
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.dialogue import Act, Say, Transfer
from reception.ports.tools import CreateLead, Effect, ReleaseHold

_WORDINGS = {
    "requested": "Of course.",
    "abusive": "I'm sorry that I couldn't help.",
}


def hand_over(state: DialogueState, scene: TurnScene, reason: str, target: str = "") -> Step:
    """Transfers the call where there is someone to take it now, the `target` named if there is one, else has the caller
    called back. It is one lead, however the caller gets there, and none where there is nothing to take up."""
    phone = state.details.phone or state.caller_phone
    there = reach(scene, target)
    through = bool(there.phone) and scene.channel == "voice"
    lead = _lead(state, scene, phone, target, "handoff" if through else "callback")
    matters = bool(state.details.as_slots()) or bool(target) or bool(phone and reason != "abusive")
    release: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    effects: tuple[Effect, ...] = (lead, *release) if matters else release
    requested = () if matters else (Act("handoff.requested", {"kind": lead.kind, **lead.details}),)
    step = _put_through_or_called_back(state, scene, effects, reason, there)
    return replace(step, parts=(*requested, *step.parts))


def _lead(state: DialogueState, scene: TurnScene, phone: str, target: str, kind: str) -> CreateLead:
    wanted = lead_of(state, scene)
    summary = f"Asked for a person. {wanted.summary}" if state.details.as_slots() else "Asked for a person."
    asked_for = {"target": target} if target else {}
    return CreateLead(kind, state.details.name, phone, summary, {**wanted.details, **asked_for})


def _put_through_or_called_back(
    state: DialogueState, scene: TurnScene, effects: tuple[Effect, ...], reason: str, there: Reachable
) -> Step:
    opening = _WORDINGS.get(reason, _WORDINGS["requested"])
    if there.phone and scene.channel == "voice":
        gone = replace(state, ended=True)
        whom = there.name or "a colleague"
        parts = (Say(opening), Say(f"I'll put you through to {whom}."), Transfer(there.phone, "handoff"))
        return Step(gone, parts=parts, effects=effects, answered=True, asks=False)
    closed = split_sentences(there.closed)
    if state.details.name and (state.details.phone or state.caller_phone):
        return Step(state.without_flow(), effects=effects, answered=True).saying(opening, *closed)
    waiting = replace(
        state, flow=Flow.LEAVE_MESSAGE, lead_kind="callback", custom=None, slot=None, offered=(), target=None
    )
    question = next_contact_question(waiting) or Question.CONFIRM_LEAD
    asked = Step(replace(waiting, question=question), effects=effects, answered=True)
    return asked.saying(opening, *closed, "Let me take your details, so that a colleague can call you back.")
