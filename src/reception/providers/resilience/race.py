"""Asks one after another until one answers; those who are slow are not waited for alone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from reception.core.errors import ProviderError
from reception.providers.unforeseen import provider_errors

T = TypeVar("T")


class Race(Generic[T]):
    """One question to several `providers`, in order of preference.

    The next one is asked as soon as one fails, and also when the latest has not answered for `hedge_s`. The first good
    answer wins, and the others are cancelled. `on_failure` is told of each failure; `overtaken` afterwards holds those
    that were asked before the winner and had not answered.
    """

    def __init__(
        self,
        providers: Sequence[str],
        runners: Sequence[Callable[[], Awaitable[T]]],
        hedge_s: float,
        on_failure: Callable[[int, ProviderError], None],
        discard: Callable[[T], None] = lambda _: None,
    ) -> None:
        self._providers = providers
        self._runners = runners
        self._hedge_s = hedge_s
        self._on_failure = on_failure
        self._discard = discard
        self._running: dict[asyncio.Task[T], int] = {}
        self.overtaken: list[int] = []

    async def run(self) -> tuple[int, T]:
        """The winner's place in the order, and its answer.

        Raises:
            ProviderError: all failed; the last failure.
        """
        try:
            return await self._run()
        finally:
            await self._call_off()

    async def _run(self) -> tuple[int, T]:
        asked = 0
        last: ProviderError | None = None
        while self._running or asked < len(self._runners):
            if asked < len(self._runners):
                self._ask(asked)
                asked += 1
            wait_s = self._hedge_s if asked < len(self._runners) else None
            done, _ = await asyncio.wait(self._running, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
            for task in sorted(done, key=self._running.__getitem__):
                place = self._running.pop(task)
                try:
                    answer = task.result()
                except ProviderError as error:
                    last = error
                    self._on_failure(place, error)
                else:
                    self.overtaken = sorted(other for other in self._running.values() if other < place)
                    return place, answer
        if last is None:
            raise ValueError("nobody was asked")
        raise last

    def _ask(self, place: int) -> None:
        async def ask() -> T:
            with provider_errors(self._providers[place]):
                return await self._runners[place]()

        self._running[asyncio.create_task(ask(), name=f"race-{place}")] = place

    async def _call_off(self) -> None:
        for task in self._running:
            task.cancel()
        for late in await asyncio.gather(*self._running, return_exceptions=True):
            if not isinstance(late, BaseException):
                self._discard(late)
