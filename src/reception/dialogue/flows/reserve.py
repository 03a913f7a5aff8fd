"""Making a reservation: ask what is missing, check, offer, hold, read back, book what the row says."""

import re
from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import Command, Flow, Later, SlotName
from reception.dialogue.flows.alternatives import first_alternative, offer_alternatives, with_larger_number
from reception.dialogue.flows.answers import Answers, ask_again, complain, next_contact_question, take_in
from reception.dialogue.flows.booking import (
    QUERY_SLOTS,
    check,
    details_of,
    missing_wish,
    offer_slots,
    skipped_time,
    to_query,
)
from reception.dialogue.flows.openings import offer_others, offer_rooms, offer_soonest, offer_times
from reception.dialogue.flows.outcome import GONE_BY, couldnt_reach, is_gone_by, reservation_data, taken_reason
from reception.dialogue.flows.requests import guest_from
from reception.dialogue.refusals import closed, refusal_reason
from reception.dialogue.replies import booked, echo_slot, option_words, say_party, with_article
from reception.dialogue.spoken import say_list
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Settled, Step, TurnScene
from reception.ports.booking import Refusal, Slot, SlotQuery
from reception.ports.business import Bookable
from reception.ports.dialogue import Act, ReplyPart, Say
from reception.ports.tools import CommitReservation, Done, Effect, HoldSlot, Outcome, Refused, ReleaseHold

_PART = re.compile(r"\b(tonight|evening|dinner|night|morning|lunch|brunch|afternoon)\b", re.IGNORECASE)
_SEVERAL_ROOMS = re.compile(r"\b(two|three|four|five|several|2|3|4|5) (\w+ )?rooms\b", re.IGNORECASE)
_CHEAPEST = re.compile(
    r"\b(cheapest|cheaper (?:one|room)|least expensive|most affordable|lowest (price|rate|cost)|"
    r"best (price|rate|deal)|most basic)\b",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b\d+ [\w']+ (street|road|avenue|lane|drive|court|terrace|way|square|boulevard)\b", re.IGNORECASE
)


async def reserve(state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step:
    """One turn of making a reservation."""
    asked = state.question
    answers = take_in(state, commands, scene)
    if answers.left:
        return leave(answers.state)
    state = _with_part(answers, scene)
    if scene.bookable is Bookable.ROOM and _CHEAPEST.search(scene.text):
        place = state.details.place if SlotName.PLACE in answers.changed else ""
        state = replace(state, details=replace(state.details, cheapest=True, place=place))
    if answers.chosen is not None:
        return hold(state, answers.chosen, scene)
    if answers.changed & QUERY_SLOTS:
        state = replace(state, slot=None, offered=(), full=False)
    state, remark = (state, "") if answers.either or answers.changed - QUERY_SLOTS else with_larger_number(state)
    if _is_too_large(state, scene) or _wants_several(scene):
        return large_party(state, scene)
    if answers.wrong is not None:
        return complain(Step(ask_again(state, answers.wrong), answered=True), answers.complaints)
    if state.slot is None:
        return complain(await _find(state, answers, scene), (remark,) if remark else answers.complaints)
    if any(isinstance(command, Later) for command in commands) and not answers.confirmed:
        return Step(state, answered=True).saying("One after the other, then.")
    step = _contact(state, answers, scene)
    return complain(_acknowledged(step, asked, answers, scene), answers.complaints)


def _contact(state: DialogueState, answers: Answers, scene: TurnScene) -> Step:
    """A place is held: who it is for, and the yes."""
    if state.question is Question.READ_BACK and not answers.changed - {SlotName.NOTES}:
        if answers.confirmed:
            return _gone_by(state, scene) or _commit(state)
        if answers.denied:
            return Step(replace(state, question=Question.WHAT_TO_CHANGE), answered=True).saying("Of course.")
    if state.question is Question.WHAT_TO_CHANGE and not answers.changed:
        if answers.confirmed or answers.denied:
            return Step(replace(state, question=next_question(state, scene)))
        return Step(state)
    return Step(replace(state, question=next_question(state, scene)))


def _acknowledged(step: Step, asked: Question, answers: Answers, scene: TurnScene) -> Step:
    """Says that a wish, or a name given where none was asked for, has been heard; the read-back says so by itself."""
    if step.effects or step.state.question is Question.READ_BACK:
        return step
    if SlotName.NAME in answers.changed and asked is not Question.NAME:
        return step.saying(f"{step.state.details.name}, thank you.")
    if SlotName.NOTES in answers.changed:
        return step.saying("I'll add that as a note.")
    return step


def next_question(state: DialogueState, scene: TurnScene) -> Question:
    """The first thing that is still missing."""
    if state.slot is None:
        return missing_wish(state.details, scene) or Question.WHEN
    return next_contact_question(state) or Question.READ_BACK


async def _find(state: DialogueState, answers: Answers, scene: TurnScene) -> Step:
    """Nothing is chosen yet: ask on, or check what is free."""
    if state.question is Question.CHOICE and state.offered and not answers.changed & QUERY_SLOTS:
        if answers.any_time == "other" and scene.bookable is not Bookable.ROOM:
            return await offer_others(state, scene)
        return _answer_choice(state, answers, scene)
    if state.question is Question.OFFER_WAITLIST and not answers.changed & QUERY_SLOTS:
        return _answer_waitlist(state, answers, scene)
    offered = await offer_alternatives(state, scene)
    if offered is not None:
        return offered
    if _is_known(state, scene):
        state = replace(state, details=first_alternative(state.details))
    query = to_query(state.details, scene)
    if query is None:
        return await _ask_on(state, answers, scene)
    checked = await check(state, query, scene)
    if checked.too_large:
        return large_party(state, scene) if await _takes_anyone(query, scene) else unbookable(state, scene)
    if checked.slot is None:
        return checked.step
    held, remark = hold(checked.step.state, checked.slot, scene), skipped_time(state.details, query)
    return replace(held, parts=(Say(remark), *held.parts)) if remark else held


def _answer_choice(state: DialogueState, answers: Answers, scene: TurnScene) -> Step:
    """None of what is offered was picked. Whoever says for whom the only one on offer is, wants it held."""
    if (answers.denied or answers.insists) and state.full:
        return Step(replace(state, offered=(), question=Question.OFFER_WAITLIST), answered=True)
    if answers.insists:
        return Step(state).saying("I'm afraid that can't be had.")
    if answers.denied:
        details = replace(state.details, day=None, time=None, any_place=False)
        asked = replace(state, offered=(), details=details)
        return Step(replace(asked, question=next_question(asked, scene)), answered=True).saying("No problem.")
    if answers.any_time:
        return message_instead(state, "A colleague of mine can find a time with you.")
    contact = answers.changed & {SlotName.NAME, SlotName.PHONE}
    if contact and len(state.offered) == 1:
        return hold(state, state.offered[0], scene)
    step = Step(state, answered=bool(answers.changed))
    if not contact:
        return step.saying("Thank you.") if answers.changed else step
    thanks = f"Thank you, {state.details.name}." if SlotName.NAME in contact else "Thank you."
    return step.saying(thanks, f"Now I only need to know which: {say_list(option_words(state.offered, scene), 'or')}.")


def _answer_waitlist(state: DialogueState, answers: Answers, scene: TurnScene) -> Step:
    if answers.confirmed:
        waiting = replace(state, flow=Flow.WAITLIST)
        return Step(
            replace(waiting, question=next_contact_question(waiting) or Question.CONFIRM_WAITLIST), answered=True
        )
    if answers.denied:
        details = replace(state.details, day=None, time=None)
        asked = replace(state, full=False, details=details)
        return Step(replace(asked, question=next_question(asked, scene)), answered=True).saying("No problem.")
    return Step(state)


def _is_known(state: DialogueState, scene: TurnScene) -> bool:
    """Whether nothing but the choice between what was named is missing."""
    return missing_wish(first_alternative(state.details), scene) is None


def _with_part(answers: Answers, scene: TurnScene) -> DialogueState:
    """The part of the day that was named along with the day."""
    named = _PART.search(scene.text) if SlotName.DATE in answers.changed else None
    if named is None:
        return answers.state
    return replace(answers.state, details=replace(answers.state.details, part=named.group().lower()))


async def _ask_on(state: DialogueState, answers: Answers, scene: TurnScene) -> Step:
    """The next question; or what there is, where the answer was left to us; or why that day will not do."""
    details, question = state.details, next_question(replace(state, details=first_alternative(state.details)), scene)
    if scene.bookable is not Bookable.ROOM and details.day is not None and not scene.business.hours.on(details.day):
        reason = closed(details.day, None, scene)
        asked = replace(state, details=replace(details, day=None))
        return Step(replace(asked, question=next_question(asked, scene)), answered=True).saying(reason)
    if scene.bookable is Bookable.ROOM and (details.nights or 0) > scene.business.rules.longest_stay_nights:
        asked = replace(state, details=replace(details, nights=None), question=Question.NIGHTS)
        return Step(asked, answered=True).saying(refusal_reason(Refusal.STAY_TOO_LONG, state, scene))
    offered = None
    if question is Question.TIME and answers.any_time:
        offered = await offer_times(state, answers.any_time, scene)
    elif question in {Question.WHEN, Question.DATE} and answers.any_time:
        offered = await offer_soonest(state, answers.any_time, scene)
    elif question is Question.PLACE and scene.bookable is Bookable.ROOM:
        offered = await offer_rooms(state, scene)
    if offered is not None:
        return offered
    if answers.any_time and question in {Question.TIME, Question.WHEN, Question.DATE}:
        return message_instead(state, "I'm sorry, I can't find a free time just now.")
    if answers.any_time and question is Question.PARTY_AND_WHEN:
        return Step(replace(state, question=Question.PARTY))
    step = Step(replace(state, question=question))
    unknown = question is Question.PLACE and _STREET.search(scene.text) is not None
    return step.saying("I'm afraid we don't have that one.") if unknown else step


def hold(state: DialogueState, slot: Slot, scene: TurnScene) -> Step:
    """Keep `slot`; what is asked next depends on whether that works."""
    details = details_of(slot, state.details, scene)
    state = replace(state, slot=slot, offered=(), details=details)
    state = replace(state, question=next_question(state, scene))
    read_back_follows = state.question is Question.READ_BACK
    said = scene.pick(("Certainly.", "Of course.", "Let me see.")) if read_back_follows else echo_slot(scene, slot)
    return Step(state, effects=(HoldSlot(slot),), answered=True).saying(said)


def settle_hold(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """Free: say so and go on. Taken meanwhile: offer what else there is."""
    if isinstance(outcome, Done):
        if state.question is Question.READ_BACK:
            return Settled(state)
        free = ("That's available.", "Yes, we have that.", "That works.")
        return Settled(state, (Say(scene.pick(free)),))
    if outcome.code == "slot_taken":
        return _taken(state, outcome, scene)
    return _for_another_day(state) if is_gone_by(outcome) else couldnt_reach(state, scene)


def settle_commit(state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled:
    """The confirmation is rendered from the committed row, and from nothing else."""
    if isinstance(outcome, Done) and outcome.reservation is not None:
        row = outcome.reservation
        said: tuple[ReplyPart, ...] = tuple(Say(text) for text in booked(scene, row))
        act = Act("reservation.created", reservation_data(row))
        return Settled(replace(state.without_flow(), booked=row), (act, *said))
    if isinstance(outcome, Refused) and outcome.code == "slot_taken":
        return _taken(state, outcome, scene)
    return _for_another_day(state) if is_gone_by(outcome) else couldnt_reach(state, scene)


def _taken(state: DialogueState, outcome: Refused, scene: TurnScene) -> Settled:
    reason = taken_reason(state, scene)
    if outcome.alternatives:
        step = offer_slots(state, outcome.alternatives, scene, reason)
        return Settled(step.state, step.parts)
    details = replace(state.details, day=None)
    asked = replace(state, slot=None, offered=(), details=details, question=Question.DATE)
    return Settled(asked, (Say(reason),))


def _commit(state: DialogueState) -> Step:
    if state.slot is None:
        return Step(state)
    return Step(state, effects=(CommitReservation(state.slot, guest_from(state.details)),), answered=True).saying(
        "Thank you."
    )


def _gone_by(state: DialogueState, scene: TurnScene) -> Step | None:
    """What was talked about for so long that it is over."""
    if state.slot is None:
        return None
    starts = state.slot.starts_at.astimezone(scene.now.tzinfo)
    over = starts.date() < scene.now.date() if scene.bookable is Bookable.ROOM else starts <= scene.now
    if not over:
        return None
    asked = _for_another_day(state)
    return Step(asked.state, parts=asked.parts, answered=True)


def _for_another_day(state: DialogueState) -> Settled:
    asked = replace(state, slot=None, offered=(), details=replace(state.details, day=None), question=Question.DATE)
    return Settled(asked, (Say(GONE_BY),))


def leave(state: DialogueState) -> Step:
    """The caller gives it up: nothing stays held."""
    effects: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    said, given_up = "No problem.", None
    if state.flow is Flow.NEW_RESERVATION:
        said, given_up = "No problem, nothing has been booked.", state.details
    elif state.target is not None:
        said = "No problem, your booking stays as it is."
    left = replace(state.without_flow(), given_up=given_up)
    return Step(left, effects=effects, answered=True).saying(said)


def _is_too_large(state: DialogueState, scene: TurnScene) -> bool:
    least = max(state.details.party_size or 0, state.details.above_party + 1, min(state.details.or_party, default=0))
    return least > scene.business.rules.largest_party


def fits(state: DialogueState, scene: TurnScene) -> bool:
    """Whether it is known how many come, and they are not too many to be booked for."""
    return state.details.party_size is not None and not _is_too_large(state, scene)


async def _takes_anyone(query: SlotQuery, scene: TurnScene) -> bool:
    """Whether there is anything that even one person could be booked into."""
    answer = await scene.reads.availability(replace(query, party_size=1))
    return answer.refusal is not Refusal.PARTY_TOO_LARGE or bool(answer.alternatives)


def unbookable(state: DialogueState, scene: TurnScene) -> Step:
    """Nothing can be booked here at all."""
    return message_instead(state, f"I'm sorry, I can't book {with_article(scene.noun)} by phone right now.")


def message_instead(state: DialogueState, reason: str) -> Step:
    """The booking cannot be gone on with by `reason`: a message is offered, and nothing stays held."""
    effects: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    offered = replace(state, slot=None, offered=(), question=Question.OFFER_MESSAGE)
    return Step(offered, effects=effects, answered=True).saying(reason)


def _wants_several(scene: TurnScene) -> bool:
    return scene.bookable is Bookable.ROOM and _SEVERAL_ROOMS.search(scene.text) is not None


def large_party(state: DialogueState, scene: TurnScene) -> Step:
    """More people than the rules let an agent book for: a colleague takes it on."""
    effects: tuple[Effect, ...] = (ReleaseHold(),) if state.slot is not None else ()
    lead = replace(state, flow=Flow.LEAD, lead_kind="large_party", slot=None, offered=())
    asked = Question.DATE if lead.details.day is None else next_contact_question(lead) or Question.CONFIRM_LEAD
    many = _is_too_large(state, scene)
    rooms = scene.bookable is Bookable.ROOM
    what = "several rooms" if rooms and not many else f"{say_party(lead.details)} people"
    if not many:
        lead = replace(lead, details=replace(lead.details, message=lead.details.message or scene.text.strip()))
    step = Step(replace(lead, question=asked), effects=effects, answered=True)
    return step.saying(f"For {what}, a colleague of mine arranges that with you.")
