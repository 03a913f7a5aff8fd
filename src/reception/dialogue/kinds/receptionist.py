"""The receptionist of a restaurant, a hotel, a clinic or a salon."""

from reception.dialogue.kinds.kind import BOOKINGS, TALK, Kind
from reception.dialogue.understanding.rules import Intent
from reception.ports.business import AgentKind

RECEPTIONIST = Kind(
    kind=AgentKind.RECEPTIONIST,
    builtins=("reservation", "message", "lead", "handoff"),
    intents=(*BOOKINGS, Intent.MESSAGE, Intent.LEAD, *TALK),
    role="virtual receptionist",
    offers="I can make, change or cancel a booking, answer questions, or take a message. Which would you like?",
    prompt=(
        "You are the receptionist. You take, change and cancel bookings, answer questions from what the business has "
        "written down, take messages, and put callers through to a person when they ask for one."
    ),
)
