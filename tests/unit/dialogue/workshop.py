"""A custom agent with rules alone: what it is told, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from reception.core.clock import FixedClock
from reception.core.errors import Unavailable
from reception.dialogue.custom.understanding import CustomUnderstanding
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.agents.rules import check_definition
from reception.ports.business import AgentKind, AgentSettings
from reception.ports.definition import AgentDefinition
from reception.ports.dialogue import Channel
from tests.unit.dialogue.stage import Caller, NoEmbedder, book_of, restaurant

_ADAPTER: TypeAdapter[AgentDefinition] = TypeAdapter(AgentDefinition)
OPEN_AT = datetime(2027, 3, 10, 20, 0, tzinfo=UTC)
"""A Wednesday, noon in Los Angeles."""
NAME = {"name": "name", "type": "name", "prompt": "Who is calling?"}
PHONE = {"name": "phone", "type": "phone", "prompt": "Which number?"}
BIKE = {
    "name": "bike",
    "type": "choice",
    "prompt": "Which bike?",
    "reprompt": "Road or mountain?",
    "choices": [{"value": "road bike", "synonyms": ["road", "racer"]}, {"value": "mountain bike", "synonyms": ["mtb"]}],
}
PROBLEM = {"name": "problem", "type": "text", "prompt": "What is wrong?"}
LEAD = {"do": "create_lead", "kind": "repair"}
TOOL = {"name": "tickets", "url": "https://example.com/hook", "results": [{"name": "ticket", "pointer": "/ticket"}]}


class AwayEmbedder:
    """Does not answer: the words of the examples decide."""

    model = "away"
    dimensions = 384

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise Unavailable


UNDERSTANDING = CustomUnderstanding(LocalUnderstanding(NoEmbedder()), AwayEmbedder())


def flow(*slots: Mapping[str, Any], at_end: Sequence[Mapping[str, Any]] = (LEAD,), **more: Any) -> dict[str, Any]:
    return {"name": "repair", "slots": list(slots), "at_end": list(at_end), **more}


def agent_with(*flows: Mapping[str, Any], **more: Any) -> AgentDefinition:
    """A definition whose first flow begins with "fix my bike"."""
    intents = [{"name": "repair", "examples": ["fix my bike"], "flow": flows[0]["name"]}] if flows else []
    values = {"flows": list(flows), **more, "intents": [*intents, *more.get("intents", [])]}
    definition = _ADAPTER.validate_python(values)
    check_definition(definition, AgentKind.CUSTOM)
    return definition


def caller(
    definition: AgentDefinition,
    *,
    at: datetime = OPEN_AT,
    channel: Channel = "voice",
    caller_phone: str = "",
    settings: AgentSettings | None = None,
) -> Caller:
    return Caller(
        replace(book_of(restaurant(), FixedClock(at))),
        channel=channel,
        kind=AgentKind.CUSTOM,
        definition=definition,
        understanding=UNDERSTANDING,
        caller_phone=caller_phone,
        settings=settings or AgentSettings(),
    )
