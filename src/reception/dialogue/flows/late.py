"""Running late: a note on the reservation up to what the rules allow, a person beyond that."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, SlotName
from reception.dialogue.flows.answers import Answers, take_in
from reception.dialogue.flows.find import locate
from reception.dialogue.flows.outcome import couldnt_reach, reservation_data
from reception.dialogue.flows.reserve import leave
from reception.dialogue.replies import describe_row, noted_late
from reception.dialogue.spoken import say_phone
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import Reservation
from reception.ports.dialogue import Act, Json, Say, Transfer
from reception.ports.tools import CreateLead, Done, Effect, NoteLate, Outcome

_DAY_MINUTES = 24 * 60


async def run_late(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of a caller who will be late."""
    asked = state.question
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    located = await locate(_for_today(answers.state, scene), answers, scene)
    if located.step is not None or located.state.target is None:
        return located.step or Step(located.state)
    state, row = located.state, located.state.target
    minutes = state.details.minutes or _minutes_after(row, answers, fresh=located.fresh)
    if minutes is not None and minutes > _DAY_MINUTES:
        minutes, state = None, replace(state, details=replace(state.details, minutes=None))
    if minutes is None and asked is Question.HOW_LATE and (answers.denied or answers.confirmed or not commands):
        return Step(state)
    if minutes is None:
        return Step(replace(state, question=Question.HOW_LATE), answered=located.fresh)
    state = replace(state, details=replace(state.details, minutes=minutes))
    if minutes > scene.business.rules.late_minutes:
        return too_late(state, row, scene)
    effects: tuple[Effect, ...] = (NoteLate(row.reservation_id, minutes),)
    return Step(state, effects=effects, answered=True)


def _for_today(state: DialogueState, scene: TurnScene) -> DialogueState:
    """Who is late is late for today."""
    begun = state.target is not None and state.question is not Question.HOW_HELP
    if state.details.day is not None or state.found or begun:
        return state
    return replace(state, details=replace(state.details, day=scene.now.date()))


def _minutes_after(row: Reservation, answers: Answers, *, fresh: bool) -> int | None:
    """ "We'll be there at half past": how long after it begins."""
    said = answers.state.details.time
    if said is None or not (fresh or SlotName.TIME in answers.changed):
        return None
    begins = row.starts_at.hour * 60 + row.starts_at.minute
    minutes = (said.time.hour * 60 + said.time.minute - begins) % (_DAY_MINUTES if said.certain else _DAY_MINUTES // 2)
    return minutes or None


def too_late(state: DialogueState, row: Reservation, scene: TurnScene) -> Step:
    """So late that a person decides: put through where there is one, else told to the team."""
    summary = f"Running {state.details.minutes} minutes late: {describe_row(scene, row)}, reference {row.reference}."
    details: Mapping[str, Json] = {"reservation_id": str(row.reservation_id), "minutes": state.details.minutes or 0}
    lead = CreateLead("running_late", row.guest.name, row.guest.phone, summary, details)
    step = Step(state, effects=(lead,), answered=True)
    target = scene.agent.settings.handoff_phone
    if target and scene.channel == "voice":
        gone = replace(step, state=replace(state, ended=True), asks=False)
        said = gone.saying("That's longer than I can promise to hold it.", "I'll put you through to a colleague.")
        return replace(said, parts=(*said.parts, Transfer(target, "late")))
    return step.saying("That's longer than I can promise to hold it.")


def settle_late(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Told from the row as it now stands; what the rules refuse goes to a person."""
    if isinstance(outcome, Done) and outcome.reservation is not None:
        row = outcome.reservation
        said = tuple(Say(text) for text in noted_late(scene, row))
        act = Act("reservation.late", reservation_data(row))
        return Settled(replace(state.without_flow(), booked=row), (act, *said))
    if not isinstance(outcome, Done) and outcome.code == "conflict":
        offered = replace(state, question=Question.OFFER_MESSAGE)
        return Settled(offered, (Say("I'm afraid I can't note that on your booking myself."),))
    return couldnt_reach(state, scene)


def told_team(effect: CreateLead, state: DialogueState, scene: TurnScene) -> tuple[Say, ...]:
    """What is said once the team has been told of a caller who is too late."""
    if state.ended:
        return ()
    given = effect.phone in {state.caller_phone, state.details.phone}
    phone = say_phone(effect.phone, scene.business.region) if given else "the number on the booking"
    return (Say(f"I've told the team, and a colleague will call you on {phone}."),)
