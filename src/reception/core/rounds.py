"""Work that is done again and again beside the calls, and the signs of life that it gives to whoever watches it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Protocol

import structlog

from reception.core.errors import AppError

_log = structlog.get_logger(__name__)


class Pulse(Protocol):
    """Is told how a loop fares."""

    def beat(self, next_within_s: float) -> None:
        """A round is done, and the next begins within so many seconds."""
        ...

    def miss(self, next_within_s: float) -> None:
        """A round has failed, and is tried again within so many seconds."""
        ...


WATCHED: ContextVar[Pulse | None] = ContextVar("watched", default=None)
"""Of the loop that the present task belongs to; None for what nobody watches."""


def beat(next_within_s: float) -> None:
    """Tell whoever watches the present task that a round of it is done; the next begins within so many seconds."""
    if (pulse := WATCHED.get()) is not None:
        pulse.beat(next_within_s)


def miss(next_within_s: float) -> None:
    """Tell whoever watches the present task that a round of it has failed; it is tried again within so many seconds."""
    if (pulse := WATCHED.get()) is not None:
        pulse.miss(next_within_s)


async def every(
    pause_s: float, work: Callable[[], Awaitable[object]], *, failed: str, after_failure_s: float | None = None
) -> None:
    """Do `work` now and `pause_s` after each time, until cancelled. An `AppError` of it is logged as the event `failed`
    with its code, and the work is done again in its turn, or after `after_failure_s`."""
    while True:
        wait_s = pause_s
        try:
            await work()
        except AppError as error:
            _log.warning(failed, code=error.code)
            wait_s = pause_s if after_failure_s is None else after_failure_s
            miss(wait_s)
        else:
            beat(pause_s)
        await asyncio.sleep(wait_s)
