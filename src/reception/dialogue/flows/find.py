"""Finding the reservation that a caller speaks of: by reference, by phone, or by name and day. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reception.dialogue.flows.answers import Answers
from reception.dialogue.replies import REJECTIONS
from reception.dialogue.spoken import say_phone
from reception.dialogue.state import DialogueState, Question
from reception.dialogue.turn import Step, TurnScene
from reception.ports.booking import Reservation, ReservationQuery


@dataclass(frozen=True, slots=True)
class Located:
    """`state.target` is set when it was found in this turn or before; else `step` asks on."""

    state: DialogueState
    step: Step | None = None
    fresh: bool = False


async def locate(state: DialogueState, answers: Answers, scene: TurnScene) -> Located:
    """The reservation that is meant."""
    if state.target is not None:
        return Located(state)
    if state.question is Question.WHICH_RESERVATION and state.found:
        return _pick(state, answers)
    if answers.complaints or state.question is Question.REST_OF_PHONE:
        return _ask(state, *answers.complaints)
    details = state.details
    query = _query_of(state)
    if query is None:
        return _ask(state)
    rows = tuple(await scene.reads.find_reservations(query))
    if len(rows) > 1 and details.day is not None:
        rows = tuple(row for row in rows if row.starts_at.date() == details.day) or rows
    if len(rows) == 1:
        return Located(replace(state, target=rows[0], found=()), fresh=True)
    if rows:
        asked = replace(state, found=rows[:3], question=Question.WHICH_RESERVATION)
        return Located(state, Step(asked, answered=True).saying("I see more than one booking."))
    return _not_found(state, query, scene)


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


def _pick(state: DialogueState, answers: Answers) -> Located:
    rows: Sequence[Reservation] = state.found
    if answers.choice is not None and -len(rows) <= answers.choice < len(rows):
        return Located(replace(state, target=rows[answers.choice], found=()), fresh=True)
    details = state.details
    fits = [row for row in rows if details.day is None or row.starts_at.date() == details.day]
    if len(fits) > 1 and details.time is not None:
        fits = [row for row in fits if row.starts_at.time() == details.time.time]
    if len(fits) == 1:
        return Located(replace(state, target=fits[0], found=()), fresh=True)
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
