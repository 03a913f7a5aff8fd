"""A place in line: joining the waitlist where all is taken, and taking what is offered to who waits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from reception.dialogue.commands import Command, Flow, SlotName, TimeOfDay
from reception.dialogue.flows.answers import ask_again, complain, next_contact_question, take_in
from reception.dialogue.flows.booking import missing_wish, to_query
from reception.dialogue.flows.leave_line import settle_left
from reception.dialogue.flows.line_place import tell_place
from reception.dialogue.flows.outcome import GONE_BY, couldnt_reach, is_gone_by, reservation_data
from reception.dialogue.flows.requests import guest_from
from reception.dialogue.flows.reserve import leave
from reception.dialogue.replies import booked, in_line, offered_place
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import SlotQuery, WaitlistEntry, WaitlistStatus
from reception.ports.business import Bookable
from reception.ports.dialogue import Act, Say
from reception.ports.tools import AcceptOffer, Done, Effect, JoinWaitlist, LeaveWaitlist, Outcome

_EITHER_SIDE = timedelta(minutes=60)
"""How far from the time they want a guest is offered something."""
_ANY_SIDE = timedelta(hours=3)
_DAY_MINUTES = 24 * 60


async def wait_in_line(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of joining the waitlist, or of answering what is offered to who waits."""
    asked = state.question
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    told = await tell_place(answers.state, asked, answers, scene)
    if told is not None:
        return told
    state = answers.state
    if state.waiting is not None and asked is Question.TAKE_OFFER:
        return _answer_offer(state, state.waiting, answers.confirmed, answers.denied)
    if answers.wrong is not None:
        return complain(Step(ask_again(state, answers.wrong), answered=True), answers.complaints)
    if answers.any_time and state.details.time is None:
        state = replace(state, details=_any_time(state.details, answers.any_time, scene))
    if asked is Question.CONFIRM_WAITLIST and not answers.changed - {SlotName.NOTES}:
        if answers.confirmed:
            return _join(state, scene)
        if answers.denied:
            return Step(replace(state, question=Question.WHAT_TO_CHANGE), answered=True).saying("Of course.")
    if asked is Question.WHAT_TO_CHANGE and not answers.changed:
        return complain(Step(state), answers.complaints)
    missing = missing_wish(replace(state.details, any_place=True), scene)
    question = missing or next_contact_question(state) or Question.CONFIRM_WAITLIST
    return complain(Step(replace(state, question=question)), answers.complaints)


def _any_time(details: Details, part: str, scene: TurnScene) -> Details:
    """Where the time is left to us: the middle of what the day is open for, with all of it to wait for."""
    spans = scene.business.hours.on(details.day) if details.day is not None else ()
    if not spans:
        return details
    span = spans[0] if part in {"lunch", "lunchtime", "morning", "brunch"} else spans[-1]
    opens = span.opens.hour * 60 + span.opens.minute
    minutes = (span.closes.hour * 60 + span.closes.minute - opens) % _DAY_MINUTES
    middle = (opens + minutes // 60 * 30) % _DAY_MINUTES
    return replace(details, time=TimeOfDay(time(middle // 60, middle % 60)), part="any")


def _join(state: DialogueState, scene: TurnScene) -> Step:
    window = window_of(state, scene)
    if window is None:
        return Step(replace(state, question=Question.WHEN))
    query, earliest, latest = window
    effect = JoinWaitlist(query, earliest, latest, guest_from(state.details))
    return Step(state, effects=(effect,), answered=True).saying("Thank you.")


def window_of(state: DialogueState, scene: TurnScene) -> tuple[SlotQuery, datetime, datetime] | None:
    """What is waited for, and from when to when."""
    details = replace(state.details, any_place=True)
    query = to_query(details, scene)
    if query is None:
        return None
    if scene.bookable is Bookable.ROOM:
        return query, query.starts_at, query.starts_at
    side = _ANY_SIDE if details.part == "any" else _EITHER_SIDE
    earliest, latest = query.starts_at - side, query.starts_at + side
    return query, max(earliest, min(scene.now, query.starts_at)), latest


def _answer_offer(state: DialogueState, entry: WaitlistEntry, confirmed: bool, denied: bool) -> Step:
    if confirmed:
        return Step(state, effects=(AcceptOffer(entry.entry_id),), answered=True)
    if denied:
        return Step(state, effects=(LeaveWaitlist(entry.entry_id),), answered=True)
    return Step(state)


def settle_waiting(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Told from the entry as it now stands."""
    if not isinstance(outcome, Done) or outcome.waiting is None:
        if not isinstance(outcome, Done) and outcome.code == "slot_taken":
            gone = replace(state.without_flow(), waiting=None)
            return Settled(gone, (Say(f"I'm so sorry, that {scene.noun} has just been taken."),))
        if is_gone_by(outcome):
            return Settled(replace(state.without_flow(), waiting=None), (Say(GONE_BY),))
        return couldnt_reach(state, scene)
    entry = outcome.waiting
    if entry.status is WaitlistStatus.ACCEPTED and entry.offer is not None:
        act = Act("reservation.created", reservation_data(entry.offer))
        said = tuple(Say(text) for text in booked(scene, entry.offer))
        return Settled(replace(state.without_flow(), booked=entry.offer, waiting=None), (act, *said))
    if entry.status is WaitlistStatus.OFFERED:
        asked = replace(state, waiting=entry, question=Question.TAKE_OFFER, slot=None, offered=())
        return Settled(asked, tuple(Say(text) for text in offered_place(scene, entry)))
    if entry.status is WaitlistStatus.LEFT and state.flow is Flow.LEAVE_WAITLIST:
        return settle_left(state, entry, scene)
    if entry.status is WaitlistStatus.LEFT:
        gone = replace(state.without_flow(), waiting=None)
        return Settled(gone, (Say("All right, somebody else will have it."),))
    act = Act("waitlist.joined", {"entry_id": str(entry.entry_id), "party_size": entry.party_size})
    joined = replace(state.without_flow(), waiting=entry)
    return Settled(joined, (act, *(Say(text) for text in in_line(scene, entry))))
