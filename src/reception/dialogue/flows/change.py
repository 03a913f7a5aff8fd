"""Changing a reservation: find it, hear what should be different, check, read back, move it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

from reception.dialogue.commands import Command, Flow, SlotName, TimeOfDay
from reception.dialogue.flows.answers import Answers, ask_again, complain, take_in
from reception.dialogue.flows.booking import QUERY_SLOTS, check, details_of, offer_slots, to_query
from reception.dialogue.flows.find import locate
from reception.dialogue.flows.openings import offer_others, offer_times
from reception.dialogue.flows.outcome import GONE_BY, couldnt_reach, is_gone_by, reservation_data, taken_reason
from reception.dialogue.flows.requests import requests_of
from reception.dialogue.flows.reserve import large_party, leave
from reception.dialogue.replies import capitalise, describe_row, moved
from reception.dialogue.state import Details, DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import GuestChange, Reservation, Slot
from reception.ports.business import Bookable
from reception.ports.dialogue import Act, Say
from reception.ports.tools import Done, Effect, HoldSlot, MoveReservation, Outcome, ReleaseHold


async def change(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of changing a reservation. What is read back is held, until it is moved to or let go."""
    step = await _change(state, commands, scene)
    after, target = step.state, step.state.target
    if step.effects or after.slot == state.slot:
        return step
    if after.slot is None or target is None or not _is_elsewhere(after.slot, target):
        return step if state.slot is None else replace(step, effects=(ReleaseHold(),))
    held = replace(step, effects=(HoldSlot(after.slot, target.reservation_id),))
    return held if step.parts else held.saying(scene.pick(("Certainly.", "Of course.", "Let me see.")))


def _is_elsewhere(slot: Slot, target: Reservation) -> bool:
    """Whether `slot` takes anything that the reservation does not have."""
    has = (target.starts_at, target.ends_at, target.party_size, target.place)
    with_another = bool(slot.staff) and slot.staff not in target.resource_names
    return with_another or (slot.starts_at, slot.ends_at, slot.party_size, slot.place) != has


async def _change(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    known, asked = state.target is not None, state.question
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    answers = _with_new_email(_with_new_contact(answers) if known else answers)
    located = await locate(answers.state, answers, scene, moves=True)
    if located.step is not None:
        return located.step
    state = located.state
    if state.target is None:
        return Step(state)
    if located.moved:
        return await _changed_meanwhile(state, state.target, scene)
    if answers.wrong is not None and asked is not Question.FIND:
        return _ask_for(state, answers.wrong)
    if answers.any_time and state.question is Question.TIME:
        offered = await offer_times(
            replace(state, details=overlay(state.details, state.target, scene)), answers.any_time, scene
        )
        if offered is not None:
            return offered
    if answers.chosen is not None:
        details = details_of(answers.chosen, state.details, scene)
        chosen = replace(state, slot=answers.chosen, offered=(), details=details, question=Question.CONFIRM_CHANGE)
        return Step(chosen, answered=True)
    if state.question is Question.CHOICE and answers.any_time == "other":
        return await offer_others(state, scene)
    if state.question is Question.CHOICE and answers.insists and not answers.changed:
        return _insisted(state)
    contact = known and answers.changed & {SlotName.NAME, SlotName.PHONE, SlotName.NOTES, SlotName.EMAIL}
    if answers.changed & QUERY_SLOTS or contact or located.fresh or state.question is Question.HOW_HELP:
        return complain(await _weigh(replace(state, slot=None, offered=()), state.target, scene), answers.complaints)
    return complain(_answer(state, state.target, answers), answers.complaints)


async def _changed_meanwhile(state: DialogueState, target: Reservation, scene: TurnScene) -> Step:
    """Somebody else has changed the booking: what was weighed against it as it was is asked for again."""
    said = f"Your booking has been changed meanwhile: it is {describe_row(scene, target)}."
    if state.question is not Question.HOW_HELP:
        return Step(_afresh(state), answered=True).saying(said)
    step = await _weigh(replace(state, slot=None, offered=()), target, scene)
    return replace(step, parts=(Say(said), *step.parts))


def _with_new_contact(answers: Answers) -> Answers:
    """A name or number given once the booking is found is another one for it."""
    details = answers.state.details
    if SlotName.NAME in answers.changed:
        details = replace(details, new_name=details.name)
    if SlotName.PHONE in answers.changed:
        details = replace(details, new_phone=details.phone)
    return replace(answers, state=replace(answers.state, details=details))


def _with_new_email(answers: Answers) -> Answers:
    """No booking is found by an e-mail address: one that is given is for it."""
    if SlotName.EMAIL not in answers.changed:
        return answers
    details = replace(answers.state.details, new_email=answers.state.details.email)
    return replace(answers, state=replace(answers.state, details=details))


def _ask_for(state: DialogueState, wrong: SlotName) -> Step:
    asked = ask_again(replace(state, slot=None, offered=()), wrong)
    return Step(replace(asked, details=replace(asked.details, name=state.details.name)), answered=True)


def _insisted(state: DialogueState) -> Step:
    """What is taken is wanted all the same: there is the waitlist for it, or a person."""
    question = Question.OFFER_WAITLIST if state.full else Question.OFFER_MESSAGE
    said = ("I'm afraid that can't be had.", "Your booking stays as it is.")
    return Step(replace(state, offered=(), question=question), answered=True).saying(*said)


def _answer_waitlist(state: DialogueState, target: Reservation, answers: Answers) -> Step:
    """To wait for the other time, the booking being kept meanwhile."""
    if answers.confirmed:
        details = replace(state.details, name=target.guest.name, phone=target.guest.phone)
        waiting = replace(state, flow=Flow.WAITLIST, details=details, question=Question.CONFIRM_WAITLIST)
        return Step(waiting, answered=True)
    if answers.denied:
        return Step(_afresh(state), answered=True).saying("All right, your booking stays as it is.")
    return Step(state)


def _answer(state: DialogueState, target: Reservation, answers: Answers) -> Step:
    if state.question is Question.OFFER_WAITLIST:
        return _answer_waitlist(state, target, answers)
    if state.question is Question.CONFIRM_CHANGE and state.slot is not None:
        if answers.confirmed:
            change = guest_change(state.details)
            effects: tuple[Effect, ...] = (MoveReservation(target.reservation_id, state.slot, change),)
            return Step(state, effects=effects, answered=True).saying("Thank you.")
        if answers.denied:
            return Step(_afresh(state), answered=True).saying("Of course.")
    if state.question is Question.CHOICE and answers.denied:
        return Step(_afresh(state), answered=True).saying("No problem, your booking stays as it is.")
    if state.question is Question.WHAT_TO_CHANGE and answers.denied:
        return leave(state)
    return Step(state)


def guest_change(details: Details) -> GuestChange:
    """What is to be different of whom the booking is for."""
    requests = requests_of(details.notes)
    return GuestChange(details.new_name, details.new_phone, details.new_email, details.notes, requests)


def _afresh(state: DialogueState) -> DialogueState:
    caller = state.details.caller_only()
    return replace(state, slot=None, offered=(), details=caller, question=Question.WHAT_TO_CHANGE)


async def _weigh(state: DialogueState, target: Reservation, scene: TurnScene) -> Step:
    """Compare what is wanted with what is booked, and check it when it differs."""
    wanted = overlay(state.details, target, scene)
    same_guest = guest_change(state.details).of(target.guest) == target.guest
    if wanted == overlay(Details(), target, scene) and same_guest:
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
    return (
        ""
        if state.question in known or target == state.booked
        else f"{capitalise('I have found ' + describe_row(scene, target))}.{_other_name(state, target)}"
    )


def _other_name(state: DialogueState, target: Reservation) -> str:
    """A name given along with the number that is not the one on the booking changes nothing, and is not passed over."""
    said, known = (set(name.lower().split()) for name in (state.details.name, target.guest.name))
    return "" if not said or said & known or state.details.new_name else f" The name on it stays {target.guest.name}."


def _or_else(step: Step) -> Step:
    """Where nothing at all is free, the booking stays, and something else may be asked for."""
    if step.state.question is Question.CHOICE:
        return step
    stays = Step(_afresh(step.state), parts=step.parts, answered=True)
    return stays.saying("Your booking stays as it is.")


def _over(details: Details, wanted: Details) -> Details:
    return replace(
        wanted,
        name=details.name,
        phone=details.phone,
        email=details.email,
        notes=details.notes,
        new_name=details.new_name,
        new_phone=details.new_phone,
        new_email=details.new_email,
    )


def overlay(details: Details, target: Reservation, scene: TurnScene) -> Details:
    """What is booked, with what the caller wants different laid over it."""
    stay = scene.bookable is Bookable.ROOM
    nights = (target.ends_at.date() - target.starts_at.date()).days if stay else None
    return Details(
        party_size=details.party_size or max(1, target.party_size + details.more_people),
        day=details.day or target.starts_at.date(),
        time=None if stay else details.time or TimeOfDay(_stepped(target, details.more_minutes)),
        nights=(details.nights or max(1, (nights or 1) + details.more_nights)) if stay else None,
        place=details.place or target.place,
        service=details.service or target.service,
        staff=details.staff or staff_of(target, scene),
    )


def staff_of(target: Reservation, scene: TurnScene) -> str:
    """Whom an appointment is with."""
    if scene.bookable is not Bookable.APPOINTMENT:
        return ""
    return next((name for name in target.resource_names if name in scene.business.staff), "")


def _stepped(target: Reservation, minutes: int) -> time:
    return (target.starts_at + timedelta(minutes=minutes)).time()


def settle_move(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Told from the row as it now stands."""
    if isinstance(outcome, Done) and outcome.reservation is not None:
        row = outcome.reservation
        said = tuple(Say(text) for text in moved(scene, row))
        act = Act("reservation.updated", reservation_data(row))
        return Settled(replace(state.without_flow(), booked=row, moved_from=state.target), (act, *said))
    return _not_to_be_had(state, outcome, scene)


def settle_new_place(state: DialogueState, outcome: Outcome, scene: TurnScene) -> Settled:
    """The new place is held, or it has been taken since it was found."""
    return Settled(state) if isinstance(outcome, Done) else _not_to_be_had(state, outcome, scene)


def _not_to_be_had(state: DialogueState, outcome: Outcome, scene: TurnScene) -> Settled:
    if is_gone_by(outcome):
        return Settled(_afresh(state), (Say(GONE_BY), Say("Your booking stays as it is.")))
    if isinstance(outcome, Done) or outcome.code != "slot_taken":
        return couldnt_reach(state, scene)
    reason = taken_reason(state, scene)
    if outcome.alternatives:
        step = offer_slots(state, outcome.alternatives, scene, reason)
        return Settled(step.state, step.parts)
    return Settled(_afresh(state), (Say(reason), Say("Your booking stays as it is.")))
