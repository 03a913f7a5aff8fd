"""Loops that run beside the calls for as long as the process does."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from reception.core.rounds import WATCHED
from reception.runtime.pulses import LoopPulse

_log = structlog.get_logger(__name__)
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_SETTLED_AFTER_S = 300.0


def keep_running(pulse: LoopPulse, work: Callable[[], Awaitable[object]]) -> "asyncio.Task[None]":
    """A task that does `work` to its end, and begins it again, ever later, when it fails: what one row or one lost
    connection brings down is not down until somebody restarts the server. `pulse` is told of its rounds."""
    return asyncio.create_task(_keep(pulse, work), name=pulse.loop)


async def _keep(pulse: LoopPulse, work: Callable[[], Awaitable[object]]) -> None:
    loop = asyncio.get_running_loop()
    pause_s = 0.0
    WATCHED.set(pulse)
    while True:
        began_s = loop.time()
        try:
            await work()
        except (Exception, asyncio.CancelledError) as error:  # the boundary: no defect of one loop may end it for good
            if isinstance(error, asyncio.CancelledError) and _is_stopping():
                raise
            lasted = loop.time() - began_s >= _SETTLED_AFTER_S
            pause_s = _FIRST_PAUSE_S if lasted else min(max(_FIRST_PAUSE_S, 2 * pause_s), _LONGEST_PAUSE_S)
            _log.error("background.failed", task=pulse.loop, again_in_s=pause_s, exc_info=error)
            pulse.miss(pause_s)
        else:
            pulse.end()
            return
        await asyncio.sleep(pause_s)


def _is_stopping() -> bool:
    """Whether the present task itself was told to end, rather than something that it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
