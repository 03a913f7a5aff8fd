"""Said right after a booking: whether that booking is meant."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import CancelFlow, Command, CorrectSlot, Flow, SetSlot, SlotName
from reception.dialogue.flows.booking import QUERY_SLOTS
from reception.dialogue.state import DialogueState
from reception.ports.booking import Reservation

_CORRECTS = re.compile(
    r"\b(actually|make (it|that)|instead|sorry|wait|rather|change|should (be|have)|it's|wrong|move|after all)\b",
    re.IGNORECASE,
)
_ANOTHER = re.compile(r"\b(another|second|also|new|one more|additional)\b", re.IGNORECASE)
_CONTACT = frozenset({SlotName.NAME, SlotName.PHONE})
_HOW_MANY_NOW = re.compile(
    r"\b(?:we|there|it)(?: will|['’]ll| are|['’]re|['’]s| is)\b(?!.*\b(?:book|reserve|table for|room for)\b)",
    re.IGNORECASE,
)
"""How many come, said of what is booked."""
_CANCELS = re.compile(r"\bcancel\b|\b(?:call (?:it|that) off|scrap (?:it|that))\b", re.IGNORECASE)


_ON_A_BOOKING = frozenset(
    {
        Flow.CHANGE_RESERVATION,
        Flow.CANCEL_RESERVATION,
        Flow.FIND_RESERVATION,
        Flow.CONFIRM_AGAIN,
        Flow.RUNNING_LATE,
    }
)
_OF_A_DAY = re.compile(
    r"\b(?:move|change|push|switch|shift) (?:the |my |our )?(?:\w+day|tonight|tomorrow)(?:['’]s)?"
    r"(?: (?:one|table|booking|reservation|viewing|appointment|dinner|lunch|room))? (?:to|by|back|forward)\b",
    re.IGNORECASE,
)
"""The day is that of the booking, and not the one that it is moved to: "move Friday to 8"."""


def spoken_of(state: DialogueState, flow: Flow, commands: Sequence[Command], text: str) -> Reservation | None:
    """The booking that `flow` is about: the one that was about to be changed or cancelled, else the one made here last;
    None where another one is named by its day, or where it has to be found."""
    if flow not in _ON_A_BOOKING:
        return None
    target = (state.target if state.flow in _ON_A_BOOKING else None) or state.booked
    days = [one.value for one in commands if isinstance(one, SetSlot | CorrectSlot) and one.slot is SlotName.DATE]
    if target is None or not days or flow is not Flow.CHANGE_RESERVATION or not _OF_A_DAY.search(text):
        return target
    return target if days[0] == target.starts_at.date() else None


def meant_of_booked(state: DialogueState, started: Flow | None, commands: Sequence[Command], text: str) -> Flow | None:
    """The flow that `commands` begin on what was booked just now; None where they mean something else. `started` is
    what they begin by themselves."""
    if state.booked is None or started not in {None, Flow.NEW_RESERVATION}:
        return None
    values = [one for one in commands if isinstance(one, SetSlot | CorrectSlot)]
    slots = {one.slot for one in values}
    emails = [one.value for one in values if one.slot is SlotName.EMAIL]
    corrects = _CORRECTS.search(text) is not None
    if started is None:
        if any(isinstance(one, CancelFlow) for one in commands) and _CANCELS.search(text):
            return Flow.CANCEL_RESERVATION
        other_email = bool(emails) and emails[-1] != state.booked.guest.email
        other = slots & (_CONTACT | {SlotName.PLACE}) and corrects
        return Flow.CHANGE_RESERVATION if other_email or other else None
    corrects = corrects or any(isinstance(one, CorrectSlot) for one in commands) or slots == {SlotName.NIGHTS}
    corrects = corrects or (slots == {SlotName.PARTY_SIZE} and _HOW_MANY_NOW.search(text) is not None)
    return Flow.CHANGE_RESERVATION if slots & QUERY_SLOTS and corrects and not _ANOTHER.search(text) else None
