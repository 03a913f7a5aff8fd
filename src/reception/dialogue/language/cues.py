"""Words without which a proposal of a model is not believed: those that end, leave, undo or hand over something."""

import re
from collections.abc import Mapping

from reception.dialogue.commands import Flow


def _one_of(*words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


COMMANDS: Mapping[str, re.Pattern[str]] = {
    "deny": _one_of("no", "not", "never", "none", "neither", "nope", "nah", "rather", "wrong", "nothing"),
    "cancel_flow": _one_of(
        "never ?mind", "forget", "stop", "leave it", "drop", "cancel", "scrap", "not", "no longer", "changed my mind",
        "another time", "later", "think about", "elsewhere", "bother", "skip", "no",
    ),
    "request_human": _one_of(
        "human", "person", "people", "someone", "somebody", "anyone", "anybody", "manager", "boss", "owner", "agent",
        "operator", "representative", "colleague", "staff", "receptionist", "supervisor", "team", "chef", "concierge",
        "speak", "talk", "through", "transfer", "connect", "machine", "robot", "bot", "computer", "desk", "real",
    ),
    "goodbye": _one_of(
        "bye", "goodbye", "cheers", "cheerio", "ciao", "thanks", "thank", "that is all", "that is it", "later", "night",
        "done", "all set", "hang", "see you", "nothing else", "take care",
    ),
    "repeat": _one_of(
        "what", "again", "repeat", "sorry", "pardon", "hear", "heard", "catch", "caught", "say", "said", "huh",
        "slower", "slow", "missed", "louder", "clear", "come", "breaking",
    ),
}  # fmt: skip
"""By command: what the caller's words must have one of."""
FLOWS: Mapping[Flow, re.Pattern[str]] = {
    Flow.CANCEL_RESERVATION: _one_of(
        "cancel", "cancelled", "cancelling", "call off", "can not", "not", "delete", "drop", "give up", "free",
        "no longer",
    ),
    Flow.CONFIRM_AGAIN: _one_of("confirm", "confirming", "reconfirm", "still", "coming", "there", "come"),
    Flow.RUNNING_LATE: _one_of("late", "later", "delayed", "behind", "traffic", "stuck", "minutes", "held up", "delay"),
}  # fmt: skip
"""By flow: what the words that begin it must have one of, for it acts on a booking that there is."""
