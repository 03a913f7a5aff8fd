"""What a caller begins by giving its particulars."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import Command, Flow, RejectedSlot, SetSlot, SlotName, SmallTalk, StartFlow
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, words_of
from reception.dialogue.understanding.rules import FLOWS, Intent
from reception.ports.expectation import Expects

_BOOKED = frozenset({
    SlotName.PARTY_SIZE, SlotName.DATE, SlotName.TIME, SlotName.NIGHTS, SlotName.PLACE, SlotName.SERVICE,
    SlotName.STAFF,
})  # fmt: skip
_SURELY_BOOKS = frozenset({SlotName.PARTY_SIZE, SlotName.NIGHTS, SlotName.SERVICE})
"""What says by itself that something is to be booked."""
BOOKING_WORDS = re.compile(
    r"\b(?:table|book|booking|reserve|reservation|room|viewing|appointment|stay|dinner|lunch|cancel|"
    r"can not make it)\b"
)


def begins_booking(found: Sequence[Found], intents: Sequence[Intent]) -> bool:
    """Whether a booking is begun: as such, or by what it is to be, "Saturday at seven, we'd be six, no, seven"."""
    particulars = len({one.slot for one in found} & _BOOKED) > 1 and not FLOWS.keys() & set(intents)
    return Intent.NEW in intents or particulars


def implied_start(tokens: Sequence[Token], context: UnderstandingContext, commands: list[Command]) -> list[Command]:
    """Starts a reservation for a caller who begins with its particulars; a start of what is running is left out."""
    values = [one for one in commands if isinstance(one, SetSlot | RejectedSlot)]
    starts = [one for one in commands if isinstance(one, StartFlow)]
    if context.flow is not None:
        others = [one for one in commands if not isinstance(one, StartFlow) or one.flow is not context.flow]
        return others if any(not isinstance(one, SmallTalk) for one in others) else commands
    if starts:
        first = next((i for i, one in enumerate(commands) if isinstance(one, SetSlot | RejectedSlot)), len(commands))
        if commands.index(starts[0]) > first:
            commands.remove(starts[0])
            commands.insert(first, starts[0])
        return commands
    if not values:
        return commands
    gone_by = all(isinstance(one, RejectedSlot) and one.reason == "past_date" for one in values)
    booked = {one.slot for one in values} & _BOOKED
    says_so = BOOKING_WORDS.search(words_of(tokens)) is not None
    asked = context.expectation.expects in {Expects.ANYTHING, Expects.YES_NO}
    if asked and gone_by and not says_so:
        return [one for one in commands if one not in values]
    if asked and (len(booked) >= 2 or (booked and says_so) or booked & _SURELY_BOOKS):
        at = next(i for i, one in enumerate(commands) if isinstance(one, SetSlot | RejectedSlot))
        return [*commands[:at], StartFlow(Flow.NEW_RESERVATION), *commands[at:]]
    return commands
