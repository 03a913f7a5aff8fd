"""Changing a reservation: find it, hear what should be different, check, read back, move it."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, TimeOfDay
from reception.dialogue.flows.answers import Answers, complain, take_in
from reception.dialogue.flows.booking import QUERY_SLOTS, check, details_of, offer_slots, to_query
from reception.dialogue.flows.find import locate
from reception.dialogue.flows.outcome import couldnt_reach, reservation_data
from reception.dialogue.flows.reserve import large_party, leave
from reception.dialogue.replies import capitalise, describe_row, moved
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import Guest, Reservation
from reception.ports.business import Bookable
from reception.ports.dialogue import Act, Say
from reception.ports.tools import Done, Effect, MoveReservation, Outcome


async def change(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of changing a reservation."""
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    located = await locate(answers.state, answers, scene)
    if located.step is not None:
        return located.step
    state = located.state
    if state.target is None:
        return Step(state)
    if answers.chosen is not None:
        details = details_of(answers.chosen, state.details, scene)
        chosen = replace(state, slot=answers.chosen, offered=(), details=details, question=Question.CONFIRM_CHANGE)
        return Step(chosen, answered=True)
    if answers.changed & QUERY_SLOTS or located.fresh or state.question is Question.HOW_HELP:
        return complain(await _weigh(replace(state, slot=None, offered=()), state.target, scene), answers.complaints)
    return complain(_answer(state, state.target, answers), answers.complaints)


def _answer(state: DialogueState, target: Reservation, answers: Answers) -> Step:
    if state.question is Question.CONFIRM_CHANGE and state.slot is not None:
        if answers.confirmed:
            details = state.details
            guest = Guest(
                target.guest.name, target.guest.phone, target.guest.email, details.notes or target.guest.notes
            )
            effects: tuple[Effect, ...] = (MoveReservation(target.reservation_id, state.slot, guest),)
            return Step(state, effects=effects, answered=True).saying("Thank you.")
        if answers.denied:
            return Step(_afresh(state), answered=True).saying("Of course.")
    if state.question is Question.CHOICE and answers.denied:
        return Step(_afresh(state), answered=True).saying("No problem, your booking stays as it is.")
    if state.question is Question.WHAT_TO_CHANGE and answers.denied:
        return leave(state)
    return Step(state)


def _afresh(state: DialogueState) -> DialogueState:
    caller = state.details.caller_only()
    return replace(state, slot=None, offered=(), details=caller, question=Question.WHAT_TO_CHANGE)


async def _weigh(state: DialogueState, target: Reservation, scene: TurnScene) -> Step:
    """Compare what is wanted with what is booked, and check it when it differs."""
    wanted = overlay(state.details, target, scene)
    if wanted == overlay(Details(), target, scene):
        found = replace(state, question=Question.WHAT_TO_CHANGE, details=state.details.caller_only())
        return Step(found, answered=True).saying(f"I have found {describe_row(scene, target)}.")
    query = to_query(replace(wanted, any_place=True), scene)
    if query is None:
        return Step(replace(state, question=Question.WHAT_TO_CHANGE))
    checked = await check(
        replace(state, details=_over(state.details, wanted)), replace(query, moving=target.reservation_id), scene
    )
    if checked.too_large:
        return large_party(replace(state, details=_over(state.details, wanted)), scene)
    if checked.slot is None:
        return _or_else(checked.step)
    ready = replace(checked.step.state, slot=checked.slot, question=Question.CONFIRM_CHANGE)
    return Step(ready, answered=True).saying(_found_line(state, target, scene))


def _found_line(state: DialogueState, target: Reservation, scene: TurnScene) -> str:
    """Says which booking it is, the first time."""
    known = {Question.WHAT_TO_CHANGE, Question.CONFIRM_CHANGE, Question.CHOICE}
    return "" if state.question in known else f"{capitalise('I have found ' + describe_row(scene, target))}."


def _or_else(step: Step) -> Step:
    """Where nothing at all is free, the booking stays, and something else may be asked for."""
    if step.state.question is Question.CHOICE:
        return step
    stays = Step(_afresh(step.state), parts=step.parts, answered=True)
    return stays.saying("Your booking stays as it is.")


def _over(details: Details, wanted: Details) -> Details:
    return replace(wanted, name=details.name, phone=details.phone, email=details.email, notes=details.notes)


def overlay(details: Details, target: Reservation, scene: TurnScene) -> Details:
    """What is booked, with what the caller wants different laid over it."""
    stay = scene.bookable is Bookable.ROOM
    nights = (target.ends_at.date() - target.starts_at.date()).days if stay else None
    return Details(
        party_size=details.party_size or target.party_size,
        day=details.day or target.starts_at.date(),
        time=None if stay else details.time or TimeOfDay(target.starts_at.time()),
        nights=(details.nights or nights) if stay else None,
        place=details.place or target.place,
    )


def settle_move(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Told from the row as it now stands."""
    if isinstance(outcome, Done) and outcome.reservation is not None:
        row = outcome.reservation
        said = tuple(Say(text) for text in moved(scene, row))
        act = Act("reservation.updated", reservation_data(row))
        return Settled(replace(state.without_flow(), booked=row), (act, *said))
    if isinstance(outcome, Done) or outcome.code != "slot_taken":
        return couldnt_reach(state, scene)
    reason = f"I'm so sorry, that {scene.noun} has just been taken."
    if outcome.alternatives:
        step = offer_slots(state, outcome.alternatives, scene, reason)
        return Settled(step.state, step.parts)
    return Settled(_afresh(state), (Say(reason), Say("Your booking stays as it is.")))
