"""What every flow tells of the outcome of an effect."""

from collections.abc import Mapping
from dataclasses import replace

from reception.dialogue.refusals import closed
from reception.dialogue.replies import UNREACHABLE
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, TurnScene
from reception.ports.booking import Reservation
from reception.ports.business import Bookable
from reception.ports.dialogue import Json, Say
from reception.ports.tools import Effect, Outcome, Refused


def reservation_data(row: Reservation) -> Mapping[str, Json]:
    """A row as the page and webhooks are told of it; times are ISO 8601, local to the business."""
    return {
        "reservation_id": str(row.reservation_id),
        "reference": row.reference,
        "status": row.status.value,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": row.ends_at.isoformat(),
        "party_size": row.party_size,
        "name": row.guest.name,
        "phone": row.guest.phone,
        "place": row.place,
    }


GONE_BY = "I'm sorry, that time has already passed."


def couldnt_reach(state: DialogueState, scene: TurnScene) -> Settled:
    """Nothing was done, for a reason that the caller cannot mend."""
    del scene
    return Settled(replace(state, question=Question.OFFER_MESSAGE), (Say(UNREACHABLE),))


def taken_reason(state: DialogueState, scene: TurnScene) -> str:
    """Why what was about to be booked is not to be had any more: the hours may have changed since it was offered."""
    day = state.slot.starts_at.date() if state.slot is not None and scene.bookable is not Bookable.ROOM else None
    if day is not None and not scene.business.hours.on(day):
        return closed(day, None, scene)
    return f"I'm so sorry, that {scene.noun} has just been taken."


def is_gone_by(outcome: Outcome) -> bool:
    """Whether what was wanted is refused because its time is over."""
    return isinstance(outcome, Refused) and outcome.code == "time_passed"


def settle_release(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Giving up a hold tells the caller nothing, whether there was one or not."""
    del effect, outcome, scene
    return Settled(state)
