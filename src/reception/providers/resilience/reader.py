"""Takes in what a voice makes, as fast as it comes, whether or not it is wanted yet."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Self

import numpy as np

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.providers.unforeseen import provider_errors


class ClauseReader:
    """The audio of one clause. `received` counts its samples; `pending` of them have not been taken."""

    def __init__(self, provider: str, open_stream: Callable[[], AsyncIterator[Pcm16]]) -> None:
        self._provider = provider
        self._open_stream = open_stream
        self._chunks: deque[Pcm16] = deque()
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.received = 0
        self.pending = 0
        self.done = False
        self.failure: ProviderError | None = None

    async def begin(self) -> Self:
        """Ask for the audio, and wait for the first of it, or for its end.

        Raises:
            ProviderError: none came.
        """
        self._task = asyncio.create_task(self._read(), name="clause")
        try:
            while not self.pending and not self.done:
                await self.changed(None)
        except asyncio.CancelledError:
            await self.aclose()
            raise
        if not self.received:
            raise self.failure or ProviderError(self._provider, f"{self._provider} spoke no sound", retryable=True)
        return self

    async def changed(self, within_s: float | None) -> None:
        """Wait until more has come, or the end, but no longer than `within_s`."""
        try:
            async with asyncio.timeout(within_s):
                await self._changed.wait()
        except TimeoutError:
            pass
        self._changed.clear()

    def take(self, samples: int) -> Pcm16:
        """About the first `samples` of what is pending, in whole chunks and at least one."""
        taken = [self._chunks.popleft()]
        size = taken[0].size
        while self._chunks and size < samples:
            taken.append(self._chunks.popleft())
            size += taken[-1].size
        self.pending -= size
        return taken[0] if len(taken) == 1 else np.concatenate(taken)

    def cancel(self) -> None:
        """Stop the work, without waiting until it has stopped."""
        if self._task is not None:
            self._task.cancel()

    async def aclose(self) -> None:
        """Stop the work."""
        self.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.aclose()

    async def _read(self) -> None:
        stream = self._open_stream()
        try:
            with provider_errors(self._provider):
                async for chunk in stream:
                    if chunk.size:
                        self._chunks.append(chunk)
                        self.received += chunk.size
                        self.pending += chunk.size
                        self._changed.set()
        except ProviderError as error:
            self.failure = error
        finally:
            aclose = getattr(stream, "aclose", None)
            if aclose is not None:
                await aclose()
            self.done = True
            self._changed.set()
