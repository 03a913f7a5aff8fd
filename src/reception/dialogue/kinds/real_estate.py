"""The front desk of an estate agency."""

from reception.dialogue.kinds.kind import BOOKINGS, TALK, Kind
from reception.dialogue.understanding.rules import Intent
from reception.ports.business import AgentKind

REAL_ESTATE = Kind(
    kind=AgentKind.REAL_ESTATE,
    builtins=("reservation", "message", "lead", "handoff"),
    intents=(Intent.LEAD, *BOOKINGS, Intent.MESSAGE, *TALK),
    role="virtual receptionist",
    offers="I can tell you about a home, arrange, move or cancel a viewing, or take a message. Which would you like?",
    prompt=(
        "You are the front desk of an estate agency. You tell callers about its listings, arrange, move and cancel "
        "viewings, find out what those who buy, rent or sell are looking for, take messages, and put callers through "
        "to a person when they ask for one."
    ),
)
