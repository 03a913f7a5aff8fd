"""An agent of the tenant's own making: its definition says what it does."""

from reception.dialogue.kinds.kind import TALK, Kind
from reception.dialogue.understanding.rules import Intent
from reception.ports.business import AgentKind

CUSTOM = Kind(
    kind=AgentKind.CUSTOM,
    builtins=None,
    intents=(Intent.MESSAGE, *TALK),
    role="virtual assistant",
    offers="I can answer questions, or take a message. What can I do for you?",
    prompt=(
        "You answer callers of the business. You do what is described below and nothing else, take messages, and put "
        "callers through to a person when they ask for one."
    ),
)
