"""Making a reservation: ask what is missing, check, offer, hold, read back, book what the row says."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, Flow
from reception.dialogue.flows.answers import Answers, complain, next_contact_question, take_in
from reception.dialogue.flows.booking import QUERY_SLOTS, check, details_of, missing_wish, offer_slots, to_query
from reception.dialogue.flows.outcome import couldnt_reach, reservation_data
from reception.dialogue.replies import booked, echo_slot, say_guests
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import Guest, Slot
from reception.ports.business import Bookable
from reception.ports.dialogue import Act, ReplyPart, Say
from reception.ports.tools import CommitReservation, Done, Effect, HoldSlot, Outcome, Refused, ReleaseHold


async def reserve(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of making a reservation."""
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    state = answers.state
    if answers.chosen is not None:
        return hold(state, answers.chosen, scene)
    if answers.changed & QUERY_SLOTS:
        state = replace(state, slot=None, offered=())
    if _is_too_large(state, scene):
        return large_party(state, scene)
    if state.slot is None:
        return complain(await _find(state, answers, scene), answers.complaints)
    if state.question is Question.READ_BACK and not answers.changed:
        if answers.confirmed:
            return _commit(state)
        if answers.denied:
            return Step(replace(state, question=Question.WHAT_TO_CHANGE), answered=True).saying("Of course.")
    if state.question is Question.WHAT_TO_CHANGE and not answers.changed:
        if answers.confirmed or answers.denied:
            return Step(replace(state, question=next_question(state, scene)))
        return complain(Step(state), answers.complaints)
    return complain(Step(replace(state, question=next_question(state, scene))), answers.complaints)


def next_question(state: DialogueState, scene: TurnScene) -> Question:
    """The first thing that is still missing."""
    if state.slot is None:
        return missing_wish(state.details, scene) or Question.WHEN
    return next_contact_question(state) or Question.READ_BACK


async def _find(state: DialogueState, answers: Answers, scene: TurnScene) -> Step:
    """Nothing is chosen yet: ask on, or check what is free."""
    if state.question is Question.CHOICE and state.offered and not answers.changed & QUERY_SLOTS:
        if answers.denied:
            details = replace(state.details, day=None, time=None, any_place=False)
            asked = replace(state, offered=(), details=details)
            return Step(replace(asked, question=next_question(asked, scene)), answered=True).saying("No problem.")
        return Step(state)
    query = to_query(state.details, scene)
    if query is None:
        return Step(replace(state, question=next_question(state, scene)))
    checked = await check(state, query, scene)
    if checked.too_large:
        return large_party(state, scene)
    if checked.slot is None:
        return checked.step
    return hold(checked.step.state, checked.slot, scene)


def hold(state: DialogueState, slot: Slot, scene: TurnScene) -> Step:
    """Keep `slot`; what is asked next depends on whether that works."""
    details = details_of(slot, state.details, scene)
    state = replace(state, slot=slot, offered=(), details=details)
    state = replace(state, question=next_question(state, scene))
    return Step(state, effects=(HoldSlot(slot),), answered=True).saying(echo_slot(scene, slot))


def settle_hold(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Free: say so and go on. Taken meanwhile: offer what else there is."""
    if isinstance(outcome, Done):
        if state.question is Question.READ_BACK:
            return Settled(state)
        free = ("That's available.", "Yes, we have that.", "That works.")
        return Settled(state, (Say(scene.pick(free)),))
    if outcome.code == "slot_taken":
        return _taken(state, outcome, scene)
    return couldnt_reach(state, scene)


def settle_commit(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """The confirmation is rendered from the committed row, and from nothing else."""
    if isinstance(outcome, Done) and outcome.reservation is not None:
        row = outcome.reservation
        said: tuple[ReplyPart, ...] = tuple(Say(text) for text in booked(scene, row))
        act = Act("reservation.created", reservation_data(row))
        return Settled(replace(state.without_flow(), booked=row), (act, *said))
    if isinstance(outcome, Refused) and outcome.code == "slot_taken":
        return _taken(state, outcome, scene)
    return couldnt_reach(state, scene)


def _taken(state: DialogueState, outcome: Refused, scene: TurnScene) -> Settled:
    reason = f"I'm so sorry, that {scene.noun} has just been taken."
    if outcome.alternatives:
        step = offer_slots(state, outcome.alternatives, scene, reason)
        return Settled(step.state, step.parts)
    details = replace(state.details, day=None)
    asked = replace(state, slot=None, offered=(), details=details, question=Question.DATE)
    return Settled(asked, (Say(reason),))


def _commit(state: DialogueState) -> Step:
    if state.slot is None:
        return Step(state)
    details = state.details
    guest = Guest(details.name, details.phone, details.email, details.notes)
    return Step(state, effects=(CommitReservation(state.slot, guest),), answered=True).saying("Thank you.")


def leave(state: DialogueState) -> Step:
    """The caller gives it up: nothing stays held."""
    effects: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    said = "No problem, I've left that." if state.flow is not None else "No problem."
    return Step(state.without_flow(), effects=effects, answered=True).saying(said)


def _is_too_large(state: DialogueState, scene: TurnScene) -> bool:
    party = state.details.party_size or 0
    return scene.bookable is not Bookable.ROOM and party > scene.business.rules.largest_party


def large_party(state: DialogueState, scene: TurnScene) -> Step:
    """More people than the rules let an agent book for: a colleague takes it on."""
    effects: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    lead = replace(state, flow=Flow.LEAD, lead_kind="large_party", slot=None, offered=())
    asked = Question.DATE if lead.details.day is None else next_contact_question(lead) or Question.CONFIRM_LEAD
    party = say_guests(lead.details.party_size or 0)
    step = Step(replace(lead, question=asked), effects=effects, answered=True)
    return step.saying(f"For {party} people, a colleague of mine will arrange it with you.")
