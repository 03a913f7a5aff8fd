"""Callers who are known by their number: greeted by name, not asked again, told of what is kept for them."""

from dataclasses import replace

from reception.dialogue.commands import Flow
from reception.dialogue.replies import greeting, offered_place, welcome_back
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import TurnScene
from reception.ports.booking import GuestHistory, WaitlistStatus


def welcome(state: DialogueState, history: GuestHistory, scene: TurnScene) -> tuple[DialogueState, tuple[str, ...]]:
    """The state that a call with `history` begins in, and the sentences that it begins with."""
    texts = greeting(scene)
    name = history.name
    if name:
        known = replace(state.details, name=name, email=history.email, phone=history.phone)
        state = replace(state, details=known)
        texts = welcome_back(texts, name)
    offered = [
        entry
        for entry in history.waiting
        if entry.status is WaitlistStatus.OFFERED
        and entry.offer is not None
        and (entry.offer_expires_at is None or entry.offer_expires_at > scene.now)
    ]
    if offered:
        asked = replace(state, flow=Flow.WAITLIST, waiting=offered[0], question=Question.TAKE_OFFER)
        return asked, (*texts[:-1], *offered_place(scene, offered[0]), TAKE_IT)
    return state, texts


TAKE_IT = "Shall I book it for you?"
