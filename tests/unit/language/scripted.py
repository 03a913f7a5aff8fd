"""A chat model that writes what a test says, piece by piece."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from reception.core.errors import ProviderError
from reception.ports.language import ChatRequest

GATE = "<gate>"
"""A piece at which the model waits until the test opens `gate`."""
FAILS = "<fails>"
STALLS = "<stalls>"


@dataclass
class ScriptedModel:
    """Implements `ports.language.ChatModel`. `script` gives the pieces of each request."""

    script: Callable[[ChatRequest], Sequence[str]]
    provider: str = "test:scripted"
    requests: list[ChatRequest] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    open_requests: int = 0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        self.requests.append(request)
        self.asked.set()
        self.open_requests += 1
        try:
            for piece in self.script(request):
                if piece == GATE:
                    await self.gate.wait()
                elif piece == STALLS:
                    await asyncio.Event().wait()
                elif piece == FAILS:
                    raise ProviderError(self.provider, "it failed", retryable=True)
                else:
                    yield piece
        finally:
            self.open_requests -= 1

    async def aclose(self) -> None:
        return None
