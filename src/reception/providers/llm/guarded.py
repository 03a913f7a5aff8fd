"""A chat model that is given up when it is late, and left alone for a while when it fails or asks for it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from reception.core.clock import Clock
from reception.core.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout
from reception.ports.language import ChatModel, ChatRequest

FAILURES_IN_A_ROW = 3
"""After so many it is left alone."""
_REST_S = 10.0
_LONGEST_REST_S = 300.0


class GuardedChatModel:
    """Implements `ports.language.ChatModel` on another, with the deadlines of each request.

    While it rests every request fails at once. After the rest one request at a time is let through, until one succeeds.
    """

    def __init__(self, model: ChatModel, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._failures = 0
        self._rests_until_s = 0.0
        self._probing = False

    @property
    def provider(self) -> str:
        return self._model.provider

    @property
    def resting(self) -> bool:
        return self._clock.monotonic_s() < self._rests_until_s

    async def aclose(self) -> None:
        await self._model.aclose()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        probes = self._failures >= FAILURES_IN_A_ROW
        if self.resting or (probes and self._probing):
            raise ProviderError(self.provider, f"{self.provider} is left alone for a while", retryable=True)
        self._probing = probes
        ends_s = self._clock.monotonic_s() + request.within_s
        wait_s = request.first_s
        try:
            async with aclosing(self._model.stream(request)) as pieces:
                while True:
                    piece = await self._next(pieces, min(wait_s, ends_s - self._clock.monotonic_s()))
                    if piece is None:
                        break
                    yield piece
                    wait_s = request.gap_s
        except ProviderError as error:
            self._failed(error)
            raise
        finally:
            self._probing = False
        self._failures = 0

    async def _next(self, pieces: AsyncIterator[str], within_s: float) -> str | None:
        try:
            async with asyncio.timeout(within_s):
                return await anext(pieces, None)
        except TimeoutError:
            raise ProviderTimeout(self.provider, f"{self.provider} did not answer in time", retryable=True) from None

    def _failed(self, error: ProviderError) -> None:
        rest_s = 0.0
        if isinstance(error, ProviderLimited):
            rest_s = error.retry_after_s
        else:
            self._failures = max(self._failures + 1, FAILURES_IN_A_ROW if isinstance(error, ProviderRefused) else 0)
        if self._failures >= FAILURES_IN_A_ROW:
            rest_s = max(rest_s, _REST_S * 2 ** (self._failures - FAILURES_IN_A_ROW))
        if rest_s:
            self._rests_until_s = self._clock.monotonic_s() + min(rest_s, _LONGEST_REST_S)
