"""Vendors' packages, which take up to seconds to load: in a thread, while somebody else serves the calls."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Generic, TypeVar

from reception.core.errors import ProviderLoading

T = TypeVar("T")


class Package(Generic[T]):
    """What `load` gives, in a thread, from now on."""

    def __init__(self, provider: str, load: Callable[[], T]) -> None:
        self._provider = provider
        # Shared by all calls, it belongs to the one that came first no more than to the others.
        self._work = asyncio.create_task(asyncio.to_thread(load), name=f"load {provider}", context=Context())
        # Whoever asks is told of a failure; nobody may.
        self._work.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def within(self, wait_s: float | None) -> T:
        """What was loaded, waited for `wait_s` at the most; for as long as it takes without.

        Raises:
            ProviderLoading: it takes longer.
            Exception: whatever `load` raised.
        """
        await self.ended(wait_s)
        return self._work.result()

    async def ended(self, wait_s: float | None) -> None:
        """Wait likewise until it is loaded, or cannot be. Raises `ProviderLoading`: it takes longer."""
        if not self._work.done():
            await asyncio.wait({self._work}, timeout=wait_s)
        if not self._work.done():
            raise ProviderLoading(self._provider)
