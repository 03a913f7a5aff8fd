"""Which flow a turn belongs to: begins them, switches between them, and takes effects' outcomes back into them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reception.dialogue.commands import (
    CancelFlow,
    Command,
    Confirm,
    CorrectSlot,
    Deny,
    Flow,
    Later,
    SetSlot,
    SlotName,
    StartFlow,
)
from reception.dialogue.custom.ending import is_ending, settle_custom
from reception.dialogue.custom.flow import run_custom
from reception.dialogue.flows.answers import take_in
from reception.dialogue.flows.booking import QUERY_SLOTS
from reception.dialogue.flows.cancel import cancel, settle_cancel
from reception.dialogue.flows.change import change, settle_move, settle_new_place
from reception.dialogue.flows.late import run_late, settle_late
from reception.dialogue.flows.leads import settle_lead
from reception.dialogue.flows.leave_line import leave_line
from reception.dialogue.flows.lookup import confirm_again, find_mine, settle_again
from reception.dialogue.flows.message import take_lead, take_message
from reception.dialogue.flows.noting import note_requests, settle_requests
from reception.dialogue.flows.of_booked import meant_of_booked, spoken_of
from reception.dialogue.flows.outcome import settle_release
from reception.dialogue.flows.reserve import reserve, settle_commit, settle_hold
from reception.dialogue.flows.same_again import SAME_AGAIN, wish_like
from reception.dialogue.flows.waiting import settle_waiting, wait_in_line
from reception.dialogue.kinds.registry import flows_of
from reception.dialogue.replies import GOODBYE
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import FlowStep, Settle, Settled, Step, TurnScene
from reception.dialogue.understanding.rules import EVENT_LEAD
from reception.ports.business import Bookable, BusinessKind
from reception.ports.dialogue import HangUp, ReplyPart, Say
from reception.ports.tools import (
    AcceptOffer,
    CancelReservation,
    CommitReservation,
    CreateLead,
    Effect,
    HoldSlot,
    JoinWaitlist,
    LeaveWaitlist,
    MoveReservation,
    NoteLate,
    NoteRequests,
    Outcome,
    ReconfirmReservation,
    ReleaseHold,
)

FLOWS: Mapping[Flow, FlowStep] = {
    Flow.NEW_RESERVATION: reserve,
    Flow.CHANGE_RESERVATION: change,
    Flow.CANCEL_RESERVATION: cancel,
    Flow.FIND_RESERVATION: find_mine,
    Flow.CONFIRM_AGAIN: confirm_again,
    Flow.RUNNING_LATE: run_late,
    Flow.WAITLIST: wait_in_line,
    Flow.LEAVE_WAITLIST: leave_line,
    Flow.LEAVE_MESSAGE: take_message,
    Flow.LEAD: take_lead,
    Flow.CUSTOM: run_custom,
}


def _settle_held(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    if state.flow is Flow.CHANGE_RESERVATION:
        return settle_new_place(state, outcome, scene)
    return settle_hold(state, effect, outcome, scene)


_SETTLES: Mapping[type[Effect], Settle] = {
    HoldSlot: _settle_held,
    ReleaseHold: settle_release,
    CommitReservation: settle_commit,
    MoveReservation: settle_move,
    CancelReservation: settle_cancel,
    ReconfirmReservation: settle_again,
    NoteLate: settle_late,
    NoteRequests: settle_requests,
    JoinWaitlist: settle_waiting,
    AcceptOffer: settle_waiting,
    LeaveWaitlist: settle_waiting,
    CreateLead: settle_lead,
}

_BEGINNING = QUERY_SLOTS - {SlotName.PLACE}
"""Slots that begin a booking when nothing is in progress; a place alone may be only talked about."""
_SHORTEST_ENQUIRY_WORDS = 6
_BOOKS = StartFlow(Flow.NEW_RESERVATION)
_MOST_LATER = 3
_LEAD_KINDS = {Flow.LEAVE_MESSAGE: "message", Flow.LEAD: "enquiry"}
_OPENINGS: Mapping[Flow, tuple[str, ...]] = {
    Flow.NEW_RESERVATION: ("Of course.", "I'd be happy to help.", "Certainly."),
    Flow.CHANGE_RESERVATION: ("Sure, I can change that.", "Of course, let me look."),
    Flow.CANCEL_RESERVATION: ("I can help with that.", "Of course, let me look."),
    Flow.FIND_RESERVATION: ("Of course, let me look.", "Sure, let me see."),
    Flow.CONFIRM_AGAIN: ("Thank you for calling.", "Thank you, let me look."),
    Flow.RUNNING_LATE: ("Thank you for letting us know.", "Thanks for calling ahead."),
    Flow.WAITLIST: ("Of course.", "Gladly."),
    Flow.LEAVE_WAITLIST: ("Of course.", "I can help with that."),
    Flow.LEAVE_MESSAGE: ("Gladly.", "Of course."),
    Flow.LEAD: ("I'd be happy to help.", "Gladly."),
    Flow.CUSTOM: ("Of course.", "Gladly."),
}


async def advance(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """Take the conversation further by `commands`, those that concern flows."""
    waiting = tuple(command.text for command in commands if isinstance(command, Later))
    taken_up = state.given_up if state.flow is None and tuple(commands) == (_BOOKS,) else None
    state = replace(state, later=(*state.later, *waiting)[:_MOST_LATER], given_up=None)
    wanted = _wanted_flow(state, commands, scene)
    if taken_up is not None:
        begun = replace(state, flow=Flow.NEW_RESERVATION, question=Question.HOW_HELP, details=taken_up)
        return await FLOWS[Flow.NEW_RESERVATION](begun, (), scene)
    if state.question is Question.NEXT_WISH:
        state = replace(state, later=state.later[1:], question=Question.ANYTHING_ELSE)
        if wanted is None:
            return Step(state, answered=True).saying("All right.")
    if wanted is not None:
        if state.flow is Flow.CUSTOM:
            # What was gathered for it is not the message that is left now.
            state = replace(state, details=replace(state.details, message=""))
        return await _begin(state, wanted, commands, scene)
    if state.question is Question.OFFER_MESSAGE and _is_answer(commands):
        return await _answer_offer(state, commands, scene)
    if state.flow is not None:
        return await FLOWS[state.flow](state, commands, scene)
    return _answer_idle(state, commands, scene)


def settle(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Take what came of `effect` into the state."""
    if is_ending(state, effect):
        return settle_custom(state, effect, outcome, scene)
    return _SETTLES[type(effect)](state, effect, outcome, scene)


def farewell(state: DialogueState, scene: TurnScene) -> Step:
    """Say goodbye; what is held is given up."""
    effects: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    parts: tuple[ReplyPart, ...] = (Say(scene.pick(GOODBYE)), HangUp("goodbye"))
    if state.flow is Flow.NEW_RESERVATION:
        parts = (Say("All right, nothing has been booked."), *parts)
    gone = replace(state.without_flow(), ended=True)
    return Step(gone, parts=parts, effects=effects, answered=True, asks=False)


def _wanted_flow(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Flow | None:
    """The flow that this turn begins; None when it goes on with the one in progress.

    Right after a booking, "actually, make it five" is about that booking.
    """
    start = next((command for command in commands if isinstance(command, StartFlow)), None)
    started = None if start is None else start.flow
    if start is not None and state.flow is Flow.CUSTOM and started is Flow.CUSTOM and state.custom is not None:
        return None if start.name == state.custom.flow else started
    if state.flow is not None:
        return None if started is state.flow else started
    slots = {command.slot for command in commands if isinstance(command, SetSlot | CorrectSlot)}
    if started is None and slots & _BEGINNING and Flow.NEW_RESERVATION in flows_of(scene.agent):
        started = Flow.NEW_RESERVATION
    return meant_of_booked(state, started, commands, scene.text) or started


async def _begin(state: DialogueState, flow: Flow, commands: Sequence[Command], scene: TurnScene) -> Step:
    commands = [command for command in commands if not isinstance(command, CancelFlow)]
    released: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    fresh = state.without_flow() if state.flow is not None else replace(state, slot=None, offered=())
    message = state.details.message if flow is Flow.LEAVE_MESSAGE else ""
    if flow is Flow.LEAD and len(scene.text.split()) >= _SHORTEST_ENQUIRY_WORDS:
        message = scene.text.strip()
    fresh = replace(
        fresh,
        flow=flow,
        question=Question.HOW_HELP,
        lead_kind=_lead_kind(flow, scene),
        details=_beginning(flow, state, message, scene),
        target=spoken_of(state, flow, commands, scene.text),
    )
    step = await FLOWS[flow](fresh, commands, scene)
    if any(isinstance(effect, ReleaseHold) for effect in step.effects) or step.state.slot is not None:
        released = ()
    opening = () if step.parts or fresh.target is not None else (Say(scene.pick(_OPENINGS[flow])),)
    if any(isinstance(command, Later) for command in commands):
        opening = (Say("One after the other, then."),)
    return replace(step, parts=(*opening, *step.parts), effects=(*released, *step.effects), answered=True)


def _lead_kind(flow: Flow, scene: TurnScene) -> str:
    if (
        flow is Flow.LEAD
        and scene.business.kind is not BusinessKind.REAL_ESTATE
        and EVENT_LEAD.search(scene.text.lower())
    ):
        return "private_event"
    return _LEAD_KINDS.get(flow, "")


def _beginning(flow: Flow, state: DialogueState, message: str, scene: TurnScene) -> Details:
    """What a new flow knows from the start: who calls, what place is spoken of, for the waitlist what is full, and what
    was booked just now where the same is wanted again."""
    if flow is Flow.NEW_RESERVATION and state.booked is not None and SAME_AGAIN.search(scene.text):
        return replace(wish_like(state.booked, state.details, scene), day=None)
    if flow is Flow.WAITLIST and state.flow is Flow.NEW_RESERVATION:
        return state.details
    return replace(state.details.caller_only(), message=message, place=state.details.place)


def _is_answer(commands: Sequence[Command]) -> bool:
    return any(isinstance(command, Confirm | Deny) for command in commands) and not any(
        isinstance(command, SetSlot | CorrectSlot) and command.slot in QUERY_SLOTS for command in commands
    )


async def _answer_offer(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    if any(isinstance(command, Confirm) for command in commands):
        rest = [command for command in commands if not isinstance(command, Confirm)]
        return await _begin(state, Flow.LEAVE_MESSAGE, rest, scene)
    effects: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    return Step(state.without_flow(), effects=effects, answered=True).saying("All right.")


def _answer_idle(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """Nothing is in progress."""
    answers = take_in(state, commands, scene)
    if SlotName.NOTES in answers.changed and state.booked is not None:
        return note_requests(answers.state, state.booked, scene)
    if answers.left and state.question is Question.HOW_HELP:
        return Step(answers.state, answered=True).saying("No problem.")
    if answers.left or (answers.denied and state.question is Question.ANYTHING_ELSE):
        return farewell(answers.state, scene)
    if any(isinstance(command, SetSlot | CorrectSlot) and command.slot is SlotName.EMAIL for command in commands):
        noted = f"Thank you, I have noted {answers.state.details.email}."
        return Step(replace(answers.state, question=Question.HOW_HELP), answered=True).saying(noted)
    if SlotName.NAME in answers.changed:
        greeted = replace(answers.state, question=Question.HOW_HELP)
        return Step(greeted, answered=True).saying(f"Hello {answers.state.details.name}.")
    if SlotName.PLACE in answers.changed and scene.bookable is Bookable.VIEWING:
        about = Step(replace(answers.state, question=Question.HOW_HELP), answered=True, asks=False)
        place = answers.state.details.place
        return about.saying(
            f"{place}, yes.", "Would you like to see it, or is there something I can tell you about it?"
        )
    if answers.confirmed and state.question is Question.ANYTHING_ELSE:
        return Step(replace(answers.state, question=Question.HOW_HELP), answered=True)
    return Step(answers.state)
