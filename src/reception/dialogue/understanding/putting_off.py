"""What is wanted besides, and waits until the first wish is done: another service, another place, another booking."""

from collections.abc import Sequence
from dataclasses import dataclass

from reception.dialogue.commands import Flow, SlotName
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.clauses import Clause
from reception.dialogue.understanding.intents import Reading
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, quote
from reception.dialogue.understanding.parsers.services import find_second, find_several
from reception.dialogue.understanding.rules import FLOWS, Intent
from reception.dialogue.understanding.segments import second_place, second_wish
from reception.dialogue.understanding.wishes import LEADING_JOINTS
from reception.ports.business import Bookable
from reception.ports.expectation import Expects


@dataclass(frozen=True, slots=True)
class PutOff:
    """An utterance in its wishes: what is read `now`, and what waits, both in the caller's words."""

    now: str
    later: tuple[str, ...]


def what_waits(
    text: str,
    tokens: Sequence[Token],
    clauses: Sequence[Clause],
    readings: Sequence[Reading],
    found: Sequence[Found],
    context: UnderstandingContext,
) -> PutOff | None:
    """The wishes of `text`; None where there is but one."""
    intents = {intent for reading in readings for intent in reading.intents}
    services = _services(text, tokens, intents, context)
    if services is not None:
        return services
    if context.flow is not None and context.expectation.expects not in {Expects.ANYTHING, Expects.YES_NO}:
        return None
    cut = second_place(tokens, readings, context.business)
    dated = [one.start for one in found if one.slot in {SlotName.DATE, SlotName.TIME}]
    cut = cut or second_wish(tokens, clauses, readings, dated)
    if not cut:
        return None
    start = tokens[cut].start
    return PutOff(text[:start], (LEADING_JOINTS.sub("", text[start:]).strip(),))


def _services(text: str, tokens: Sequence[Token], intents: set[Intent], context: UnderstandingContext) -> PutOff | None:
    """ "A haircut and a colouring", "two haircuts": an appointment is for one thing, and for one person."""
    business = context.business
    if business.rules.bookable is not Bookable.APPOINTMENT or context.flow not in {None, Flow.NEW_RESERVATION}:
        return None
    if intents & {Intent.QUESTION, Intent.DENY, *FLOWS} - {Intent.NEW}:
        return None
    second = find_second(tokens, business.services)
    if second is not None:
        joint, start, end = second
        without = f"{text[: tokens[joint].start].rstrip()} {text[tokens[end - 1].end :].lstrip()}"
        return PutOff(without, (quote(text, tokens, start, end),))
    several = find_several(tokens, business.services)
    if several is None:
        return None
    at, number, name = several
    one = f"{text[: tokens[at].start]}a {text[tokens[number.end].start :]}"
    return PutOff(one, (f"another {name}",) * (number.value - 1))
