"""With whom an appointment can be: whoever was asked for, whoever is free, anybody but one. Reads only."""

from dataclasses import replace

from reception.dialogue.state import Details
from reception.dialogue.turn import TurnScene
from reception.ports.booking import Availability, Refusal, Slot, SlotQuery
from reception.ports.business import Bookable

_NOT_THEN = frozenset({Refusal.FULL, Refusal.STAFF_AWAY, Refusal.STAFF_UNABLE})
_MOST_ASKED = 12


async def ask_staff(query: SlotQuery, details: Details, scene: TurnScene) -> Availability:
    """What is free for `query`, with the person named there where they are, else with those that `details` allow."""
    if details.other_than and not query.staff:
        return await _with_another(query, details.other_than, scene)
    answer = await scene.reads.availability(query)
    if answer.exact is None and details.any_staff and query.staff:
        anybody = await scene.reads.availability(replace(query, staff=""))
        return anybody if anybody.exact is not None else answer
    return answer


async def _with_another(query: SlotQuery, other_than: str, scene: TurnScene) -> Availability:
    answers = []
    for name in [name for name in scene.business.staff if name != other_than][:_MOST_ASKED]:
        answer = await scene.reads.availability(replace(query, staff=name))
        if answer.exact is not None:
            return answer
        answers.append(answer)
    nearest = sorted(
        (slot for answer in answers for slot in answer.alternatives),
        key=lambda slot: abs(slot.starts_at - query.starts_at),
    )
    refusals = [answer.refusal for answer in answers if answer.refusal is not None]
    refusal = Refusal.FULL if Refusal.FULL in refusals or not refusals else refusals[0]
    return Availability(None, refusal, tuple(nearest))


async def same_time_with_others(query: SlotQuery, answer: Availability, scene: TurnScene) -> Slot | None:
    """Who else is free at the time at which the person asked for is not."""
    asked_for = scene.bookable is Bookable.APPOINTMENT and bool(query.staff)
    if not asked_for or answer.exact is not None or answer.refusal not in _NOT_THEN:
        return None
    return (await scene.reads.availability(replace(query, staff=""))).exact
