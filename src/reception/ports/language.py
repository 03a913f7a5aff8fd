"""What the dialogue asks of a chat model, whoever serves it.

Errors of every call here: `ProviderError`, and of it `ProviderTimeout`.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from reception.ports.dialogue import Json


@dataclass(frozen=True, slots=True)
class ChatMessage:
    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """A JSON object that is asked for in place of text. `name` is an identifier; in `schema`, JSON Schema, every
    property is required and none is additional, as strict vendors want it."""

    name: str
    description: str
    schema: Mapping[str, Json]


@dataclass(slots=True)
class TokenUsage:
    """Tokens read and written, as the vendor counts them, unseen reasoning included; 0 where it does not tell."""

    read: int = 0
    written: int = 0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request. `most_tokens` bounds what the model writes, its unseen reasoning included.

    `first_s` is how long its first piece may take, `gap_s` each further one, `within_s` all of it. `usage` is filled in
    by the model once its vendor tells, mostly at the end.
    """

    messages: tuple[ChatMessage, ...]
    most_tokens: int
    first_s: float
    gap_s: float
    within_s: float
    output: OutputSchema | None = None
    usage: TokenUsage = field(default_factory=TokenUsage, compare=False)


class ChatModel(Protocol):
    """One model of one vendor."""

    @property
    def provider(self) -> str:
        """The vendor and model, e.g. `groq:openai/gpt-oss-20b`."""
        ...

    async def aclose(self) -> None:
        """Close its connections; no request may follow."""
        ...

    def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        """What the model writes, piece by piece as it comes; the pieces of one JSON text where `output` is asked for.

        Closing the iterator, or cancelling who awaits it, ends the request. A stream that ends before the model has
        finished, refuses, or calls a tool that it was not given, raises.
        """
        ...
