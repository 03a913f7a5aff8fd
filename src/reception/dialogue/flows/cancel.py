"""Cancelling a reservation: find it, ask, cancel it."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command
from reception.dialogue.flows.answers import take_in
from reception.dialogue.flows.find import locate
from reception.dialogue.flows.outcome import couldnt_reach, reservation_data
from reception.dialogue.flows.reserve import leave
from reception.dialogue.flows.same_again import wish_like
from reception.dialogue.replies import cancelled
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.dialogue import Act, Say
from reception.ports.tools import CancelReservation, Done, Effect, Outcome


async def cancel(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of cancelling a reservation."""
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    located = await locate(answers.state, answers, scene)
    if located.step is not None:
        return located.step
    state = located.state
    if located.fresh or state.target is None:
        asked = Step(replace(state, question=Question.CONFIRM_CANCEL), answered=True)
        return asked.saying("Your booking has been changed meanwhile.") if located.moved else asked
    if state.question is Question.CONFIRM_CANCEL:
        if answers.confirmed:
            effects: tuple[Effect, ...] = (CancelReservation(state.target.reservation_id),)
            return Step(state, effects=effects, answered=True).saying("All right.")
        if answers.denied:
            kept = replace(state.without_flow(), booked=state.target)
            return Step(kept, answered=True).saying("All right, your booking stays as it is.")
    return Step(replace(state, question=Question.CONFIRM_CANCEL))


def settle_cancel(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Told from the row as it now stands."""
    if isinstance(outcome, Done) and outcome.reservation is not None:
        row = outcome.reservation
        act = Act("reservation.cancelled", reservation_data(row))
        booked = None if state.booked and state.booked.reservation_id == row.reservation_id else state.booked
        said = tuple(Say(text) for text in cancelled(scene, row))
        wish = wish_like(row, Details(), scene)
        return Settled(replace(state.without_flow(), booked=booked, given_up=wish), (act, *said))
    return couldnt_reach(state, scene)
