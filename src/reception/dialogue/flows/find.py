"""Finding the reservation that a caller speaks of: by reference, by phone, or by name and day. Reads only.

Who names a guest and a day alone must prove that it is theirs, before anything is done with it or its reference told.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import phonenumbers

from reception.dialogue.commands import SlotName
from reception.dialogue.flows.answers import Answers
from reception.dialogue.flows.standing import gone, standing
from reception.dialogue.replies import REJECTIONS, describe_row
from reception.dialogue.spoken import say_near_day, say_phone
from reception.dialogue.state import PROVING_DIGITS, DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.booking import Reservation, ReservationQuery
from reception.ports.business import Bookable

_MOST_WRONG = 2


@dataclass(frozen=True, slots=True)
class Located:
    """`state.target` is set when it was found in this turn or before; else `step` asks on. `elsewhere`: it is of
    another day than was asked for. `moved`: it is not what the caller knows it as any more, and so `fresh` too."""

    state: DialogueState
    step: Step | None = None
    fresh: bool = False
    elsewhere: bool = False
    moved: bool = False


async def locate(
    state: DialogueState, answers: Answers, scene: TurnScene, *, proof: bool = True, moves: bool = False
) -> Located:
    """The reservation that is meant. Without `proof` nobody has to show that it is theirs; `moves`: the day may be the
    one that it is to be moved to."""
    if state.target is not None and not moves and _names_another_day(state, state.target, scene):
        state = replace(state, target=None)
    if state.target is not None:
        return _as_it_stands(state, state.target, scene)
    if state.found:
        state = replace(state, found=tuple(filter(None, (standing(row, scene) for row in state.found))))
    if state.question is Question.WHICH_RESERVATION and state.found:
        return _pick(state, answers, proof=proof)
    if state.question is Question.LAST_DIGITS and state.found:
        return await _prove(state, state.found[0], answers, scene)
    if answers.complaints or state.question is Question.REST_OF_PHONE:
        return _ask(state, *answers.complaints)
    details = state.details
    query = _query_of(state)
    if query is None:
        return _ask(state)
    rows = tuple(await scene.reads.find_reservations(query))
    on_day = tuple(row for row in rows if details.day is None or _is_on(row, details.day, scene))
    elsewhere = bool(rows) and not on_day and not moves
    rows = on_day or rows
    if elsewhere and proof:
        return _another_day(state, rows, scene)
    if len(rows) == 1:
        return replace(_taken(state, rows[0], proof=proof), elsewhere=elsewhere)
    if rows:
        asked = replace(state, found=rows[:3], question=Question.WHICH_RESERVATION)
        return Located(state, Step(asked, answered=True).saying("I see more than one booking."))
    return _not_found(state, query, scene)


def _as_it_stands(state: DialogueState, target: Reservation, scene: TurnScene) -> Located:
    """The booking that is spoken of, read again: others may have changed or cancelled it since."""
    now = standing(target, scene)
    if now is None:
        return Located(state, gone(state, target, scene))
    booked = now if state.booked and state.booked.reservation_id == now.reservation_id else state.booked
    moved = describe_row(scene, now) != describe_row(scene, target)
    return Located(replace(state, target=now, booked=booked), fresh=moved, moved=moved)


def _query_of(state: DialogueState) -> ReservationQuery | None:
    details = state.details
    if details.reference:
        return ReservationQuery(reference=details.reference)
    if details.phone:
        return ReservationQuery(phone=details.phone)
    if details.name and details.day is not None:
        return ReservationQuery(name=details.name, day=details.day)
    if state.caller_phone and not state.caller_phone_refused:
        return ReservationQuery(phone=state.caller_phone)
    return None


def _names_another_day(state: DialogueState, target: Reservation, scene: TurnScene) -> bool:
    """Whether the wish that has just begun is about another day than that of the booking last spoken of."""
    day = state.details.day
    return state.question is Question.HOW_HELP and day is not None and not _is_on(target, day, scene)


def _is_on(row: Reservation, day: date, scene: TurnScene) -> bool:
    if scene.bookable is Bookable.ROOM:
        return row.starts_at.date() <= day < row.ends_at.date()
    return row.starts_at.date() == day


def is_proved(state: DialogueState, row: Reservation) -> bool:
    """Whether who speaks calls from the number of `row`, has given it whole, or knows its reference."""
    said = {state.caller_phone, state.details.phone} - {""}
    reference = re.sub(r"[\W_]", "", state.details.reference).upper()
    return row.guest.phone in said or (bool(reference) and reference == row.reference)


def _taken(state: DialogueState, row: Reservation, *, proof: bool) -> Located:
    if not proof or is_proved(state, row):
        return Located(replace(state, target=row, found=()), fresh=True)
    if state.wrong_digits >= _MOST_WRONG or not row.guest.phone:
        return _unproved(state)
    asked = replace(state, found=(row,), question=Question.LAST_DIGITS)
    return Located(asked, Step(asked, answered=True))


async def _prove(state: DialogueState, row: Reservation, answers: Answers, scene: TurnScene) -> Located:
    """Whether the digits just given are those of `row`."""
    if is_proved(state, row):
        return Located(replace(state, target=row, found=()), fresh=True)
    said = answers.last_digits or _short_number(state.details.phone)
    tries = len(said) >= PROVING_DIGITS
    if tries and not await scene.reads.may_prove(row.reservation_id, said):
        return _unproved(state)
    if tries and row.guest.phone.endswith(said):
        known = replace(state.details, phone="")
        return Located(replace(state, target=row, found=(), details=known), fresh=True)
    if answers.denied or answers.complaints:
        return _unproved(state)
    given = said or SlotName.PHONE in answers.changed or state.details.reference
    if not given:
        return Located(state, Step(state))
    tried = replace(state, details=replace(state.details, phone="", reference=""), wrong_digits=state.wrong_digits + 1)
    if tried.wrong_digits >= _MOST_WRONG:
        return _unproved(tried)
    return Located(tried, Step(tried).saying("I'm sorry, that isn't the number I have."))


def _short_number(phone: str) -> str:
    """Four digits that were taken for a whole number, as they can be in some countries."""
    if not phone:
        return ""
    digits = str(phonenumbers.parse(phone).national_number).zfill(PROVING_DIGITS)
    return digits if len(digits) == PROVING_DIGITS else ""


def _unproved(state: DialogueState) -> Located:
    offered = replace(state, found=(), question=Question.OFFER_MESSAGE)
    return Located(offered, Step(offered, answered=True).saying("I'm sorry, then I can't do that for you myself."))


def _another_day(state: DialogueState, rows: Sequence[Reservation], scene: TurnScene) -> Located:
    """Nothing is booked for the day that was named, but for another."""
    asked = replace(
        state, found=tuple(rows[:3]), question=Question.WHICH_RESERVATION, details=replace(state.details, day=None)
    )
    return Located(asked, Step(asked, answered=True).saying(none_on(state, scene)))


def none_on(state: DialogueState, scene: TurnScene) -> str:
    """Says that nothing is booked for the day that was named."""
    day = state.details.day or scene.now.date()
    return f"I see no booking for {say_near_day(day, scene.now.date())}."


def _pick(state: DialogueState, answers: Answers, *, proof: bool) -> Located:
    rows: Sequence[Reservation] = state.found
    if answers.choice is not None and -len(rows) <= answers.choice < len(rows):
        return _taken(state, rows[answers.choice], proof=proof)
    if len(rows) == 1 and answers.denied:
        return Located(state, Step(state.without_flow(), answered=True).saying("All right, then I leave it as it is."))
    if len(rows) == 1 and answers.confirmed:
        return _taken(state, rows[0], proof=proof)
    details = state.details
    fits = [row for row in rows if details.day is None or row.starts_at.date() == details.day]
    if len(fits) > 1 and details.time is not None:
        fits = [row for row in fits if row.starts_at.time() == details.time.time]
    if len(fits) == 1:
        return _taken(state, fits[0], proof=proof)
    return Located(state, Step(state))


def _ask(state: DialogueState, *complaints: str) -> Located:
    if state.question is Question.REST_OF_PHONE:
        return Located(state, Step(state))
    details = state.details
    if complaints[:1] == (REJECTIONS["forgotten"],) and not details.name:
        return Located(state, Step(replace(state, question=Question.NAME), answered=True).saying(*complaints[:1]))
    question = Question.DATE if details.name and details.day is None and not details.phone else Question.FIND
    return Located(state, Step(replace(state, question=question)).saying(*complaints[:1]))


def _not_found(state: DialogueState, query: ReservationQuery, scene: TurnScene) -> Located:
    by_caller_id = bool(query.phone) and not state.details.phone
    if by_caller_id:
        return _ask(replace(state, caller_phone_refused=True))
    under = f"under {say_phone(query.phone, scene.business.region)}" if query.phone else ""
    if query.reference:
        under = f"with the reference {query.reference}"
    elif query.name:
        under = f"under {query.name} on that day"
    forgotten = replace(state.details, phone="", reference="", day=None if query.name else state.details.day)
    asked = replace(state, details=forgotten, caller_phone_refused=True, question=Question.FIND)
    return Located(asked, Step(asked).saying(f"I'm sorry, I can't find a booking {under}."))
