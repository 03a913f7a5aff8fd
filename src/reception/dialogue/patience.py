"""Waiting for work that must not be given up."""

import asyncio
from typing import TypeVar

_T = TypeVar("_T")
_FILLER_AFTER_S = 0.4
"""Before the engine fills the silence itself."""


async def to_the_end(task: "asyncio.Future[_T]") -> _T:
    """What `task` comes to; it runs to its end even when the waiting one is cancelled."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise


async def is_soon(work: "asyncio.Task[_T]") -> bool:
    """Whether `work` ends before the caller would begin to wonder. It goes on however this ends."""
    try:
        return bool((await asyncio.wait({work}, timeout=_FILLER_AFTER_S))[0])
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise
