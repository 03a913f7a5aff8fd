"""What a model may propose, as JSON: made from the command types, so that it cannot name what there is not."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reception.dialogue.commands import Flow, SlotName
from reception.ports.dialogue import Json
from reception.ports.language import OutputSchema

MOST_COMMANDS = 8
LONGEST_OUTPUT = 6000
"""Characters of JSON."""
SMALL_TALK = ("greeting", "thanks", "how_are_you", "are_you_human", "wait", "acknowledge", "chat")
COMMANDS = (
    "start_flow", "set_slot", "choose_option", "confirm", "deny", "cancel_flow", "ask_knowledge", "request_human",
    "repeat", "small_talk", "goodbye",
)  # fmt: skip
FLOWS = tuple(flow for flow in Flow if flow is not Flow.CUSTOM)
"""An agent's own flows begin by its own intents."""
_FIELDS = ("command", "target", "words", "text")
_LONGEST_FIELD = 1000


@dataclass(frozen=True, slots=True)
class Proposal:
    """One command as a model proposes it. `words` are said to be the caller's own; `text` is the model's."""

    command: str
    target: str
    words: str
    text: str


def _strings(*values: str) -> Json:
    return {"type": "string", "enum": list(values)}


def _schema(commands: Sequence[str] = (), targets: Sequence[str] = ()) -> Mapping[str, Json]:
    command: Mapping[str, Json] = {
        "type": "object",
        "additionalProperties": False,
        "required": list(_FIELDS),
        "properties": {
            "command": _strings(*COMMANDS, *commands),
            "target": _strings(*dict.fromkeys(("", *FLOWS, *SlotName, *SMALL_TALK, *targets))),
            "words": {"type": "string"},
            "text": {"type": "string"},
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["commands"],
        "properties": {"commands": {"type": "array", "items": command}},
    }


_NAME, _DESCRIPTION = "commands", "What the caller's words ask for, in the order they were said."
READING = OutputSchema(_NAME, _DESCRIPTION, _schema())


def reading_of(commands: Sequence[str], targets: Sequence[str]) -> OutputSchema:
    """`READING` with further `commands`, and names that they may be of."""
    return OutputSchema(_NAME, _DESCRIPTION, _schema(commands, targets)) if commands else READING


def read_proposals(written: str, more: Sequence[str] = ()) -> tuple[Proposal, ...]:
    """The proposals in `written`; those that are not of the schema are left out. `more` are further commands.

    Raises:
        ValueError: it is no JSON object with a list of commands.
    """
    begins, ends = written.find("{"), written.rfind("}")
    loaded = json.loads(written[begins : ends + 1] if 0 <= begins < ends else written)
    listed = loaded.get("commands") if isinstance(loaded, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no list of commands")
    return tuple(found for one in listed[:MOST_COMMANDS] if (found := _proposal(one, more)) is not None)


def _proposal(one: object, more: Sequence[str]) -> Proposal | None:
    if not isinstance(one, dict):
        return None
    command, target, words, text = (str(one.get(name) or "")[:_LONGEST_FIELD] for name in _FIELDS)
    return Proposal(command, target, words, text) if command in (*COMMANDS, *more) else None
