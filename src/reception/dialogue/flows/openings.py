"""What there is where a caller leaves the time, or the room, to us. Reads only."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

from reception.dialogue.commands import TimeOfDay
from reception.dialogue.flows.booking import MOST_OFFERED, offer_slots, to_query
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import Step, TurnScene
from reception.ports.booking import Slot
from reception.ports.business import Bookable

_DAYS_AHEAD = 14
_PARTS: dict[str, tuple[time, ...]] = {
    "morning": (time(10), time(11), time(9)),
    "brunch": (time(11), time(12), time(10, 30)),
    "lunch": (time(12), time(12, 30), time(13)),
    "lunchtime": (time(12), time(12, 30), time(13)),
    "noonish": (time(12), time(12, 30), time(11, 30)),
    "afternoon": (time(14), time(15), time(16)),
    "evening": (time(18), time(19), time(20)),
    "tonight": (time(18), time(19), time(20)),
    "night": (time(19), time(20), time(21)),
    "dinner": (time(18), time(19), time(20)),
    "dinnertime": (time(18), time(19), time(20)),
}


async def offer_times(state: DialogueState, part: str, scene: TurnScene) -> Step | None:
    """Up to three times on the wanted day, in the `part` of it that was named; None when there are none."""
    slots = await _slots_on(state, part, scene)
    return offer_slots(state, slots, scene, "") if slots else None


async def offer_others(state: DialogueState, scene: TurnScene) -> Step:
    """Up to three times on the wanted day beside those offered already; says so where there are none."""
    known = {slot.starts_at for slot in state.offered}
    found: dict[str, Slot] = {}
    for part in ("morning", "afternoon", "evening"):
        slots = await _slots_on(state, part, scene)
        found |= {slot.starts_at.isoformat(): slot for slot in slots if slot.starts_at not in known}
    if not found:
        return Step(state, answered=True).saying("I'm sorry, there is nothing else on that day.")
    spread = sorted(found.values(), key=lambda slot: slot.starts_at)
    picked = [spread[at * (len(spread) - 1) // 2] for at in range(MOST_OFFERED)] if len(spread) > 2 else spread
    return offer_slots(state, tuple(dict.fromkeys(picked)), scene, "")


async def offer_soonest(state: DialogueState, part: str, scene: TurnScene) -> Step | None:
    """What there is on the first days that have something, where the day was left to us too; None for nothing."""
    found: list[Slot] = []
    for ahead in range(_DAYS_AHEAD):
        day = scene.now.date() + timedelta(days=ahead)
        on_day = replace(state, details=replace(state.details, day=day))
        if state.details.time is None:
            found += await _slots_on(on_day, part, scene)
        elif (query := to_query(on_day.details, scene)) is not None:
            exact = (await scene.reads.availability(query)).exact
            found += [exact] if exact is not None else []
        if found and (state.details.time is None or len(found) == MOST_OFFERED):
            break
    return offer_slots(state, tuple(found), scene, "") if found else None


async def _slots_on(state: DialogueState, part: str, scene: TurnScene) -> tuple[Slot, ...]:
    """Up to three slots on the wanted day, in the `part` of it that was named."""
    day = state.details.day
    spans = scene.business.hours.on(day) if day is not None else ()
    if day is None or not spans:
        return ()
    named = state.details.part
    moments: Sequence[time] = _PARTS.get(part) or (_PARTS.get(named, ()) if part == "any" else ())
    if part == "early":
        late_part = named in {"tonight", "evening", "dinner", "night"}
        moments = (spans[-1].opens if late_part else spans[0].opens,)
    elif part == "late":
        moments = (time(23, 45),)
    elif not moments:
        evening = scene.bookable is Bookable.TABLE and spans[-1].opens.hour >= 15
        moments = _PARTS["evening"] if evening else (time(10), time(13), time(15))
    found: dict[str, Slot] = {}
    for moment in moments:
        query = to_query(replace(state.details, time=TimeOfDay(moment)), scene)
        if query is None:
            return ()
        answer = await scene.reads.availability(query)
        near = (answer.exact,) if answer.exact else answer.alternatives
        found |= {slot.starts_at.isoformat(): slot for slot in near if slot.starts_at.date() == day}
    return tuple(found.values())[:MOST_OFFERED]


async def offer_rooms(state: DialogueState, scene: TurnScene) -> Step | None:
    """Up to three rooms that are free for the wanted nights and hold the guests; None when none is."""
    found: list[Slot] = []
    for place in scene.business.places:
        query = to_query(replace(state.details, place=place), scene)
        if query is None:
            return None
        answer = await scene.reads.availability(query)
        if answer.exact is not None:
            found.append(answer.exact)
        if len(found) == MOST_OFFERED and not state.details.cheapest:
            break
    priced = [slot for slot in found if slot.price is not None] if state.details.cheapest else []
    if priced:
        found = [min(priced, key=lambda slot: slot.price.amount if slot.price is not None else 0)]
    return offer_slots(state, tuple(found), scene, "") if found else None
