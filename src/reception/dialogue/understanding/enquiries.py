"""What belongs to an enquiry about homes or to a message, and what said beside it does not."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import Command, Flow, RejectedSlot, SetSlot, SlotName
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.home_wishes import read_home
from reception.dialogue.understanding.messages import given_message
from reception.dialogue.understanding.parsers.normalize import Token, words_of
from reception.dialogue.understanding.recipients import recipient_in
from reception.dialogue.understanding.rules import Intent
from reception.ports.business import BusinessKind

_COMES = re.compile(r"\b(?:viewing|view|see|visit|look round|look around)\b")


def is_beside_enquiry(command: Command, tokens: Sequence[Token], context: UnderstandingContext) -> bool:
    """Whether `command` is of no matter: in an enquiry a place is only an example, and a day is one to move on, unless
    it is to come and see something."""
    if not isinstance(command, SetSlot | RejectedSlot):
        return False
    ignored = {SlotName.PLACE}
    if context.business.kind is BusinessKind.REAL_ESTATE and _COMES.search(words_of(tokens)) is None:
        ignored |= {SlotName.DATE, SlotName.TIME}
    return command.slot in ignored


def read_enquiry(
    text: str, tokens: Sequence[Token], context: UnderstandingContext, intents: Sequence[Intent]
) -> list[tuple[int, Command]]:
    """What is wanted of a home, and whom a message is for; each after all that stands in `tokens`."""
    recipient = recipient_in(text) if Intent.MESSAGE in intents else ""
    told: list[Command] = [SetSlot(SlotName.RECIPIENT, recipient, recipient)] if recipient else []
    if Intent.MESSAGE in intents:
        given = given_message(text, tokens, context, recipient)
        told.extend([given] if given is not None else [])
    homes = context.business.kind is BusinessKind.REAL_ESTATE
    asked_in_between = context.flow is Flow.LEAD and Intent.QUESTION in intents
    if homes and (Intent.LEAD in intents or (context.flow is Flow.LEAD and not asked_in_between)):
        told.extend(read_home(text, tokens))
    return [(len(tokens), command) for command in told]
