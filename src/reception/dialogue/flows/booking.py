"""Checks what can be had and offers it: shared by making and changing a reservation. Reads only."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from reception.dialogue.commands import Flow, SlotName, TimeOfDay
from reception.dialogue.flows.staffing import ask_staff, same_time_with_others
from reception.dialogue.refusals import between_steps, refusal_reason
from reception.dialogue.replies import offer
from reception.dialogue.spoken import say_count, say_time
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.booking import Availability, Refusal, Slot, SlotQuery
from reception.ports.business import Bookable

QUERY_SLOTS = frozenset(
    {
        SlotName.PARTY_SIZE,
        SlotName.DATE,
        SlotName.TIME,
        SlotName.NIGHTS,
        SlotName.PLACE,
        SlotName.SERVICE,
        SlotName.STAFF,
    }
)
"""The slots that what is free depends on."""

MOST_OFFERED = 3
_NIGHT_HOURS = 4
"""Hours after midnight that belong to the evening before."""


def missing_wish(details: Details, scene: TurnScene) -> Question | None:
    """The question for what must still be known before it can be checked."""
    if details.or_nights:
        return Question.NIGHTS
    if scene.bookable is Bookable.ROOM:
        return _missing_of_stay(details, scene)
    if scene.bookable is Bookable.VIEWING and not details.place and not details.any_place and scene.business.places:
        return Question.PLACE
    if scene.bookable is Bookable.APPOINTMENT and not details.service and scene.business.services:
        return Question.SERVICE
    if scene.counts_people and details.party_size is None:
        begun = details.or_party or details.or_days or details.or_times or details.day or details.time
        return Question.PARTY if begun else Question.PARTY_AND_WHEN
    if details.day is None:
        return Question.WHEN if details.time is None else Question.DATE
    return Question.TIME if details.time is None else None


def _missing_of_stay(details: Details, scene: TurnScene) -> Question | None:
    if details.day is None:
        return Question.DATE
    if details.nights is None:
        return Question.NIGHTS
    if details.party_size is None:
        return Question.PARTY
    if not details.place and not details.any_place and len(scene.business.places) > 1:
        return Question.PLACE
    return None


def to_query(details: Details, scene: TurnScene) -> SlotQuery | None:
    """The query for `details`, None while something is missing."""
    if missing_wish(details, scene) is not None or details.day is None:
        return None
    stay = scene.bookable is Bookable.ROOM
    at = scene.business.rules.check_in if stay or details.time is None else details.time.time
    zone = ZoneInfo(scene.business.timezone)
    day = details.day
    if not stay and at.hour < _NIGHT_HOURS:
        day, at = _of_that_night(day, at, scene)
    starts_at = datetime.combine(day, at, zone).astimezone(UTC).astimezone(zone)
    nights = (details.nights or 1) if stay else 0
    wanted = SlotQuery(starts_at, details.party_size or 1, nights, details.place)
    return replace(wanted, service=details.service, staff=details.staff)


def skipped_time(details: Details, query: SlotQuery) -> str:
    """Says that there is no such time, where it lies in the hour that the clocks leave out that night."""
    zone, said = query.starts_at.tzinfo, details.time
    if said is None or query.nights:
        return ""
    wanted = datetime.combine(query.starts_at.date(), said.time, zone)
    if wanted.astimezone(UTC).astimezone(zone).time() == said.time:
        return ""
    return f"The clocks go forward that night, so there is no {say_time(said.time)}."


def _of_that_night(day: date, at: time, scene: TurnScene) -> tuple[date, time]:
    """ "Friday at midnight" is the night from Friday to Saturday; where it is closed by then, the end of Friday."""
    spans = scene.business.hours.on(day)
    if any(span.closes <= span.opens and at < span.closes for span in spans):
        return day + timedelta(days=1), at
    return day, time(23, 45)


@dataclass(frozen=True, slots=True)
class Checked:
    """`slot` when it can be had as asked; else a `step` that says why not and what can be had."""

    slot: Slot | None
    step: Step
    too_large: bool = False


async def check(state: DialogueState, query: SlotQuery, scene: TurnScene) -> Checked:
    """What is free for `query`."""
    if query.party_size > scene.business.rules.largest_party:
        return Checked(None, Step(state), too_large=True)
    answer = await ask_staff(query, state.details, scene)
    if answer.exact is not None:
        kept = replace(state, details=details_of(answer.exact, state.details, scene), offered=())
        return Checked(answer.exact, Step(kept))
    if answer.refusal is Refusal.PARTY_TOO_LARGE and not answer.alternatives:
        if query.place:
            return Checked(None, _too_small(state, query))
        return Checked(None, Step(state), too_large=True)
    neighbours = _neighbours(query, answer, scene)
    if neighbours:
        return Checked(None, offer_slots(state, neighbours, scene, between_steps(scene)))
    other = await same_time_with_others(query, answer, scene)
    if other is not None:
        return Checked(None, _offer_other(state, other, answer, scene))
    return Checked(None, refuse(state, answer, scene))


def _offer_other(state: DialogueState, other: Slot, answer: Availability, scene: TurnScene) -> Step:
    """The same time with somebody else, beside other times with the person asked for."""
    reason = refusal_reason(answer.refusal or Refusal.FULL, state, scene, answer)
    return offer_slots(state, (other, *answer.alternatives), scene, reason)


def _neighbours(query: SlotQuery, answer: Availability, scene: TurnScene) -> tuple[Slot, ...]:
    """The slots just before and after a time between two steps; none when it was refused for another reason."""
    step = timedelta(minutes=scene.business.rules.slot_minutes)
    begins = next(
        (
            span.opens
            for span in scene.business.hours.on(query.starts_at.date())
            if span.opens <= query.starts_at.time()
        ),
        None,
    )
    if answer.refusal is not Refusal.FULL or scene.bookable is Bookable.ROOM or begins is None:
        return ()
    minutes = (query.starts_at.hour - begins.hour) * 60 + query.starts_at.minute - begins.minute
    if not minutes % scene.business.rules.slot_minutes:
        return ()
    return tuple(slot for slot in answer.alternatives if abs(slot.starts_at - query.starts_at) < step)


def _too_small(state: DialogueState, query: SlotQuery) -> Step:
    details = replace(state.details, place="")
    asked = replace(state, details=details, slot=None, offered=(), question=Question.PLACE)
    return Step(asked, answered=True).saying(f"I'm sorry, that is too small for {say_count(query.party_size)}.")


def refuse(state: DialogueState, answer: Availability, scene: TurnScene) -> Step:
    """Says why not, and offers what can be had, or asks for something else."""
    refusal = answer.refusal or Refusal.FULL
    reason = refusal_reason(refusal, state, scene, answer)
    state = replace(state, slot=None, full=refusal is Refusal.FULL)
    if answer.alternatives:
        same_day = tuple(slot for slot in answer.alternatives if slot.starts_at.date() == state.details.day)
        if scene.bookable is Bookable.ROOM and refusal is Refusal.PARTY_TOO_LARGE:
            reason = f"I'm sorry, that is too small for {say_count(state.details.party_size or 1)}."
            return offer_slots(state, same_day or answer.alternatives, scene, reason)
        return offer_slots(state, answer.alternatives, scene, reason)
    details = state.details
    match refusal:
        case Refusal.UNKNOWN_SERVICE:
            asked = replace(state, details=replace(details, service=""), question=Question.SERVICE)
        case Refusal.UNKNOWN_STAFF | Refusal.STAFF_UNABLE:
            asked = replace(state, details=replace(details, staff=""), question=Question.WHICH_STAFF)
        case Refusal.STAY_TOO_LONG | Refusal.STAY_TOO_SHORT:
            asked = replace(state, details=replace(details, nights=None), question=Question.NIGHTS)
        case Refusal.UNKNOWN_PLACE:
            asked = replace(state, details=replace(details, place=""), question=Question.PLACE)
        case Refusal.PAST if scene.bookable is not Bookable.ROOM and details.day == scene.now.date():
            asked = replace(state, details=replace(details, time=None), question=Question.TIME)
        case Refusal.FULL if state.flow is Flow.NEW_RESERVATION:
            asked = replace(state, question=Question.OFFER_WAITLIST)
        case _:
            asked = replace(state, details=replace(details, day=None), question=Question.DATE)
    return Step(replace(asked, offered=()), answered=True).saying(reason)


def offer_slots(state: DialogueState, alternatives: tuple[Slot, ...], scene: TurnScene, reason: str) -> Step:
    """Offers up to three of `alternatives`, in the order of the day."""
    best = alternatives[:MOST_OFFERED]
    in_order = tuple(sorted(best, key=lambda slot: slot.starts_at))
    asked = replace(state, slot=None, offered=in_order, question=Question.CHOICE)
    waitlist = state.full and state.flow is Flow.NEW_RESERVATION
    return Step(asked, answered=True).saying(reason, offer(in_order, state.details.day, scene, waitlist=waitlist))


def details_of(slot: Slot, details: Details, scene: TurnScene) -> Details:
    """`details` as `slot` has them."""
    details = replace(details, or_days=(), or_times=())
    known = replace(details, day=slot.starts_at.date(), party_size=slot.party_size, place=slot.place or details.place)
    known = replace(known, service=slot.service or details.service)
    known = replace(known, staff=slot.staff if details.staff else "")
    if scene.bookable is Bookable.ROOM:
        return replace(known, nights=max(1, (slot.ends_at.date() - slot.starts_at.date()) // timedelta(days=1)))
    return replace(known, time=TimeOfDay(slot.starts_at.time()))
