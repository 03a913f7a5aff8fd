"""Telling callers what they have booked, and taking it that they say once more that they come."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command
from reception.dialogue.flows.answers import take_in
from reception.dialogue.flows.find import is_proved, locate, none_on
from reception.dialogue.flows.outcome import couldnt_reach, reservation_data
from reception.dialogue.flows.reserve import leave
from reception.dialogue.replies import describe_row, reconfirmed
from reception.dialogue.state import DialogueState
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import Reservation
from reception.ports.dialogue import Act, Say
from reception.ports.tools import Done, Effect, Outcome, ReconfirmReservation


async def find_mine(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of finding a caller's own reservation, and telling it."""
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    located = await locate(answers.state, answers, scene, proof=False)
    if located.step is not None or located.state.target is None:
        return located.step or Step(located.state)
    row = located.state.target
    step = Step(located.state.without_flow(), answered=True)
    step = step.saying(none_on(located.state, scene)) if located.elsewhere else step
    if row != located.state.booked and not is_proved(located.state, row):
        return step.saying(f"There is {describe_row(scene, _as_named(row, located.state))}.")
    reference = (f"The reference is {row.reference}.",) if row.reference else ()
    told = replace(step, state=replace(step.state, booked=row))
    return told.saying(f"You have {describe_row(scene, row)}.", *reference)


def _as_named(row: Reservation, state: DialogueState) -> Reservation:
    """`row` under no more of its guest's name than the caller knew."""
    return replace(row, guest=replace(row.guest, name=state.details.name))


async def confirm_again(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of a caller saying that they still come."""
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    located = await locate(answers.state, answers, scene)
    if located.step is not None or located.state.target is None:
        return located.step or Step(located.state)
    effects: tuple[Effect, ...] = (ReconfirmReservation(located.state.target.reservation_id),)
    return Step(located.state, effects=effects, answered=True)


def settle_again(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Told from the row as it now stands."""
    if isinstance(outcome, Done) and outcome.reservation is not None:
        row = outcome.reservation
        said = tuple(Say(text) for text in reconfirmed(scene, row))
        act = Act("reservation.reconfirmed", reservation_data(row))
        return Settled(replace(state.without_flow(), booked=row), (act, *said))
    return couldnt_reach(state, scene)
