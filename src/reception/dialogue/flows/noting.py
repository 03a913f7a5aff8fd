"""Special requests for what is booked already: noted on the row at once."""

from dataclasses import replace

from reception.dialogue.flows.outcome import couldnt_reach, reservation_data
from reception.dialogue.flows.requests import requests_of
from reception.dialogue.flows.standing import gone, standing
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import Reservation
from reception.ports.dialogue import Act, Say
from reception.ports.tools import Done, Effect, NoteRequests, Outcome


def note_requests(state: DialogueState, row: Reservation, scene: TurnScene) -> Step:
    """Adds what `state` has as notes to `row`, if that is to come."""
    if standing(row, scene) is None:
        return gone(state, row, scene)
    wanted = requests_of(state.details.notes)
    return Step(state, effects=(NoteRequests(row.reservation_id, wanted),), answered=True)


def settle_requests(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Says what was noted, once it is."""
    if not isinstance(outcome, Done) or outcome.reservation is None or not isinstance(effect, NoteRequests):
        return couldnt_reach(state, scene)
    row, said = outcome.reservation, state.details.notes
    noted = replace(state, booked=row, question=Question.ANYTHING_ELSE, details=replace(state.details, notes=""))
    act = Act("reservation.updated", reservation_data(row))
    return Settled(noted, (act, Say(f"I've noted that on your booking: {said}.")))
