"""Loops that run beside the calls for as long as the process does."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_log = structlog.get_logger(__name__)
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_SETTLED_AFTER_S = 300.0


def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
    """A task that does `work` to its end, and begins it again, ever later, when it fails: what one row or one lost
    connection brings down is not down until somebody restarts the server."""
    return asyncio.create_task(_keep(name, work), name=name)


async def _keep(name: str, work: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    pause_s = 0.0
    while True:
        began_s = loop.time()
        try:
            return await work()
        except Exception as error:  # noqa: BLE001  the boundary: a defect in one loop must not end it for good
            lasted = loop.time() - began_s >= _SETTLED_AFTER_S
            pause_s = _FIRST_PAUSE_S if lasted else min(max(_FIRST_PAUSE_S, 2 * pause_s), _LONGEST_PAUSE_S)
            _log.error("background.failed", task=name, again_in_s=pause_s, exc_info=error)
        await asyncio.sleep(pause_s)
