"""Handing a caller to a person: at once, without argument."""

from dataclasses import replace

from reception.dialogue.commands import Flow
from reception.dialogue.flows.answers import next_contact_question
from reception.dialogue.flows.message import lead_of
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.dialogue import Say, Transfer
from reception.ports.tools import CreateLead, Effect, ReleaseHold

_WORDINGS = {
    "requested": "Of course.",
    "abusive": "I'm sorry that I couldn't help.",
}


def hand_over(state: DialogueState, scene: TurnScene, reason: str) -> Step:
    """Transfers the call where there is someone to take it, else has the caller called back."""
    wanted = lead_of(state, scene)
    phone = state.details.phone or state.caller_phone
    summary = f"Asked for a person. {wanted.summary}" if state.details.as_slots() else "Asked for a person."
    lead = CreateLead("handoff", state.details.name, phone, summary, wanted.details)
    effects: tuple[Effect, ...] = (lead, ReleaseHold()) if state.slot is not None else (lead,)
    opening = _WORDINGS.get(reason, _WORDINGS["requested"])
    target = scene.agent.settings.handoff_phone
    if target and scene.channel == "voice":
        gone = replace(state, ended=True)
        parts = (Say(opening), Say("I'll put you through to a colleague."), Transfer(target, "handoff"))
        return Step(gone, parts=parts, effects=effects, answered=True, asks=False)
    if phone and state.details.name:
        return Step(state.without_flow(), effects=effects, answered=True).saying(opening)
    waiting = replace(state, flow=Flow.LEAVE_MESSAGE, lead_kind="callback", slot=None, offered=(), target=None)
    question = next_contact_question(waiting) or Question.CONFIRM_LEAD
    asked = Step(replace(waiting, question=question), effects=effects, answered=True)
    return asked.saying(opening, "Let me take your details, so that a colleague can call you back.")
