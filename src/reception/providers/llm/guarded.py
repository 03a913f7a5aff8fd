"""A chat model that is given up when it is late, and left alone for a while when it fails or asks for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from reception.core.clock import Clock
from reception.core.errors import ProviderError, ProviderTimeout
from reception.ports.language import ChatModel, ChatRequest
from reception.providers.resilience.health import Health


class GuardedChatModel:
    """Implements `ports.language.ChatModel` on another, with the deadlines of each request.

    While it rests every request fails at once. After the rest one request is let through, and the others when that has
    succeeded.
    """

    def __init__(self, model: ChatModel, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._health = Health(clock.monotonic_s)

    @property
    def provider(self) -> str:
        return self._model.provider

    async def aclose(self) -> None:
        await self._model.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        probes = self._health.probe_due
        if probes:
            self._health.probing()
        elif not self._health.admits:
            raise ProviderError(self.provider, f"{self.provider} is left alone for a while", retryable=True)
        ends_s = self._clock.monotonic_s() + request.within_s
        wait_s = request.first_s
        writes = False
        try:
            async with aclosing(self._model.stream(request)) as pieces:
                while (piece := await self._next(pieces, min(wait_s, ends_s - self._clock.monotonic_s()))) is not None:
                    writes = True
                    yield piece
                    wait_s = request.gap_s
        except ProviderError as error:
            self._health.failed(error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            # Whoever asked wants no more: that says nothing against a model that was writing.
            if writes:
                self._health.succeeded()
            elif probes:
                self._health.failed(ProviderTimeout(self.provider))
            raise
        self._health.succeeded()

    async def _next(self, pieces: AsyncIterator[str], within_s: float) -> str | None:
        try:
            async with asyncio.timeout(within_s):
                return await anext(pieces, None)
        except TimeoutError:
            raise ProviderTimeout(self.provider, f"{self.provider} did not answer in time", retryable=True) from None
