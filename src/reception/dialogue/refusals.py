"""Why what was asked for cannot be had."""

from datetime import date, datetime, time, timedelta

from reception.dialogue.commands import TimeOfDay
from reception.dialogue.replies import capitalise, on_day, say_spans
from reception.dialogue.spoken import say_count, say_nights, say_time
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import TurnScene
from reception.ports.booking import Availability, Refusal
from reception.ports.business import Bookable, OpenSpan

_NIGHT_HOURS = 4
"""Hours after midnight that belong to the evening before."""


def refusal_reason(refusal: Refusal, state: DialogueState, scene: TurnScene, answer: Availability | None = None) -> str:
    """Why what was asked for cannot be had; `answer` may know more of it."""
    rules = scene.business.rules
    staff = state.details.staff
    if answer is not None and answer.nights and refusal in {Refusal.STAY_TOO_SHORT, Refusal.STAY_TOO_LONG}:
        which = "shortest" if refusal is Refusal.STAY_TOO_SHORT else "longest"
        return f"I'm sorry, the {which} stay for those dates is {say_nights(answer.nights)}."
    if answer is not None and answer.reason and refusal is Refusal.CLOSED and state.details.day is not None:
        return f"I'm sorry, we're closed {on_day(state.details.day, scene)} for {answer.reason}."
    if staff and refusal is Refusal.FULL and scene.bookable is Bookable.APPOINTMENT:
        return f"I'm sorry, {staff} isn't free then."
    if staff and refusal in {Refusal.STAFF_UNABLE, Refusal.STAFF_AWAY}:
        return f"I'm sorry, {staff} {'does not do that' if refusal is Refusal.STAFF_UNABLE else 'is not in then'}."
    if refusal is Refusal.CLOSED and state.details.day is not None:
        return closed(state.details.day, state.details.time, scene)
    return {
        Refusal.CLOSED: "I'm sorry, we're closed then.",
        Refusal.FULL: f"I'm sorry, we have no {scene.noun} free then.",
        Refusal.PAST: "I'm sorry, that time has already passed.",
        Refusal.TOO_SOON: "I'm sorry, that's too short notice for us.",
        Refusal.TOO_FAR: f"I'm sorry, we only take bookings up to {rules.horizon.days} days ahead.",
        Refusal.PARTY_TOO_LARGE: f"I can book for up to {say_count(rules.largest_party)} myself.",
        Refusal.STAY_TOO_LONG: f"I'm sorry, the longest stay I can book is {say_nights(rules.longest_stay_nights)}.",
        Refusal.UNKNOWN_PLACE: "I'm sorry, I don't know that one.",
        Refusal.PARTY_TOO_SMALL: f"I'm sorry, we have no {scene.noun} for so few.",
        Refusal.STAY_TOO_SHORT: "I'm sorry, we only take longer stays for those dates.",
        Refusal.NO_ARRIVAL: "I'm sorry, nobody can arrive on that day.",
        Refusal.NO_DEPARTURE: "I'm sorry, nobody can leave on that day.",
        Refusal.UNKNOWN_SERVICE: "I'm sorry, we don't offer that.",
        Refusal.UNKNOWN_STAFF: "I'm sorry, I don't know anybody here of that name.",
        Refusal.STAFF_UNABLE: "I'm sorry, they don't do that.",
        Refusal.STAFF_AWAY: "I'm sorry, they aren't in then.",
    }[refusal]


def closed(day: date, at: TimeOfDay | None, scene: TurnScene) -> str:
    """Why nothing can be had on `day` `at` that time."""
    spans = scene.business.hours.on(day)
    when = on_day(day, scene)
    if not spans:
        return f"I'm sorry, we're closed {when}."
    last = _last_start(spans[-1], scene)
    if at is not None and last is not None and (at.time > last or at.time.hour < _NIGHT_HOURS):
        return f"I'm sorry, the last {scene.noun} {when} is at {say_time(last)}."
    return f"I'm sorry, I can't book that time. {capitalise(when)} we're open {say_spans(spans)}."


def _last_start(span: OpenSpan, scene: TurnScene) -> time | None:
    rules = scene.business.rules
    if span.closes <= span.opens:
        return None
    before = rules.turn_times[-1][1] if scene.bookable is Bookable.VIEWING else rules.last_seating_before_close
    opens, closes = (datetime.combine(scene.now, at) for at in (span.opens, span.closes))
    return (closes - before - (closes - before - opens) % timedelta(minutes=rules.slot_minutes)).time()


def between_steps(scene: TurnScene) -> str:
    """Says when what is booked here begins, to a caller who named a minute between."""
    step = scene.business.rules.slot_minutes
    every = {15: "on the quarter hour", 30: "on the hour and the half hour", 60: "on the hour"}
    return f"Our {scene.noun}s start {every.get(step, f'every {step} minutes')}."
