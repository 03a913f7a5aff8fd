"""Values of which one is still to be settled on: "Friday or Saturday", "seven or eight", "Sunday the 16th"."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time

from reception.dialogue.commands import RejectedSlot, SlotName, TimeOfDay
from reception.dialogue.flows.booking import MOST_OFFERED, missing_wish, offer_slots, to_query
from reception.dialogue.spoken import say_count, say_list, say_near_day, say_ordinal, say_weekday
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.booking import Slot, SlotQuery

_MOST_TRIED = 6


def with_alternatives(details: Details, rejected: RejectedSlot) -> Details:
    """`details` with what `rejected` leaves open in place of what was known."""
    values = rejected.raw.split("|")
    match rejected.slot:
        case SlotName.DATE:
            return replace(details, day=None, or_days=tuple(map(date.fromisoformat, values)))
        case SlotName.TIME:
            times = tuple(TimeOfDay(time.fromisoformat(v.rstrip("?")), not v.endswith("?")) for v in values)
            return replace(details, time=None, or_times=times)
        case SlotName.PARTY_SIZE:
            return replace(details, party_size=None, or_party=tuple(map(int, values)))
        case SlotName.NIGHTS:
            return replace(details, nights=None, or_nights=tuple(map(int, values)))
        case _:
            return details


def settled(details: Details, slot: SlotName) -> Details:
    """`details` once `slot` has one value."""
    match slot:
        case SlotName.DATE:
            return replace(details, or_days=())
        case SlotName.STAFF:
            return replace(details, any_staff=False, other_than="")
        case SlotName.TIME:
            return replace(details, or_times=())
        case SlotName.PARTY_SIZE:
            return replace(details, or_party=(), above_party=0)
        case SlotName.NIGHTS:
            return replace(details, or_nights=())
        case _:
            return details


def chosen_day(details: Details, said: date, raw: str) -> date:
    """The day of the alternatives that a weekday alone names."""
    if len(raw.split()) > 2 or any(map(str.isdigit, raw)):
        return said
    fits = [day for day in details.or_days if day.weekday() == said.weekday()]
    return fits[0] if len(fits) == 1 else said


def which_day(state: DialogueState, today: date) -> str:
    """Asks for the one of the days that were given, and for the time where that is missing, too."""
    days = state.details.or_days
    if not days or state.question not in {Question.DATE, Question.WHEN, Question.TIME}:
        return ""
    said = say_list([say_near_day(day, today) for day in days], "or")
    named = said[:1].upper() + said[1:]
    return f"{named}, and at what time?" if state.details.time is None else f"{named}?"


def which_number(details: Details) -> str:
    """Asks for the one of the numbers that were given; empty where they were not."""
    if details.or_party:
        return f"Will that be {say_list(list(map(say_count, details.or_party)), 'or')}?"
    if details.or_nights:
        return f"Will that be {say_list(list(map(say_count, details.or_nights)), 'or')} nights?"
    return ""


def with_larger_number(state: DialogueState) -> tuple[DialogueState, str]:
    """The larger of two numbers, for who was asked and left it open; and what to say of it."""
    details = state.details
    if state.question in {Question.PARTY, Question.PARTY_AND_WHEN} and details.or_party:
        known = replace(details, party_size=max(details.or_party), or_party=())
        return replace(state, details=known), f"I'll say {say_count(max(details.or_party))} for now."
    if state.question is Question.NIGHTS and details.or_nights:
        known = replace(details, nights=max(details.or_nights), or_nights=())
        return replace(state, details=known), f"I'll say {say_count(max(details.or_nights))} nights for now."
    return state, ""


def contradiction(rejected: RejectedSlot) -> str:
    """ "The 16th is a Monday." """
    day = date.fromisoformat(rejected.raw.split("|")[0])
    return f"The {say_ordinal(day.day)} is a {say_weekday(day)}."


async def offer_alternatives(state: DialogueState, scene: TurnScene) -> Step | None:
    """What is free of the days or times that were named; None where none were, something is missing, or none is."""
    details = state.details
    if not (details.or_days or details.or_times):
        return None
    found: dict[str, Slot] = {}
    for query in _queries(details, scene)[:_MOST_TRIED]:
        answer = await scene.reads.availability(query)
        if answer.exact is not None:
            found[answer.exact.slot_id] = answer.exact
    if not found:
        return None
    return offer_slots(state, tuple(found.values())[:MOST_OFFERED], scene, "")


def first_alternative(details: Details) -> Details:
    """`details` with the first of what was named."""
    day = details.day or (details.or_days[0] if details.or_days else None)
    at = details.time or (details.or_times[0] if details.or_times else None)
    return replace(details, day=day, time=at, or_days=(), or_times=())


def _queries(details: Details, scene: TurnScene) -> Sequence[SlotQuery]:
    days: Sequence[date | None] = details.or_days or (details.day,)
    times: Sequence[TimeOfDay | None] = details.or_times or (details.time,)
    wishes = (replace(details, day=day, time=at) for day in days for at in times)
    if missing_wish(first_alternative(details), scene) is not None:
        return ()
    found = (to_query(wish, scene) for wish in wishes)
    return [query for query in found if query is not None]
