"""What a kind of agent is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from reception.dialogue.commands import Flow
from reception.dialogue.understanding.rules import Intent
from reception.ports.business import AgentKind
from reception.ports.definition import Builtin

BUILTIN_FLOWS: Mapping[Builtin, tuple[Flow, ...]] = {
    "reservation": (
        Flow.NEW_RESERVATION, Flow.CHANGE_RESERVATION, Flow.CANCEL_RESERVATION, Flow.FIND_RESERVATION,
        Flow.CONFIRM_AGAIN, Flow.RUNNING_LATE, Flow.WAITLIST, Flow.LEAVE_WAITLIST,
    ),
    "message": (Flow.LEAVE_MESSAGE,),
    "lead": (Flow.LEAD,),
    "handoff": (),
}  # fmt: skip
"""The product's flows, by the name that a definition gives them. Handing over is done in one turn, by no flow."""

BOOKINGS: tuple[Intent, ...] = (
    Intent.NEW, Intent.CHANGE, Intent.CANCEL, Intent.FIND, Intent.CONFIRM_AGAIN, Intent.LATE, Intent.WAITLIST,
    Intent.LEAVE_LIST,
)  # fmt: skip
"""What callers want of reservations."""

TALK: tuple[Intent, ...] = (
    Intent.HUMAN, Intent.QUESTION, Intent.REPEAT, Intent.GOODBYE, Intent.CANCEL_FLOW, Intent.WAIT, Intent.LISTEN,
    Intent.HOW_ARE_YOU, Intent.ARE_YOU_HUMAN, Intent.GREETING, Intent.THANKS, Intent.ACKNOWLEDGE, Intent.CONFIRM,
    Intent.DENY, Intent.ABUSE,
)  # fmt: skip
"""What every agent understands, whatever it is for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """`builtins` are the flows that it has of the product's; None leaves them to its definition.

    `intents` are those it understands beside its own. `role` is what it calls itself, `offers` how it says what it can
    do; `prompt` tells a language model of its task.
    """

    kind: AgentKind
    builtins: tuple[Builtin, ...] | None
    intents: tuple[Intent, ...]
    role: str
    offers: str
    prompt: str
