"""How late this process is: the event loop, the voice activity of its calls, and the queues of its models."""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

_TICK_S = 0.1
_REMEMBERED = 20
_DEMAND_OVER = 50
_STATM = Path("/proc/self/statm")
_PAGE_BYTES = 4096


class LoopLag:
    """How much later than asked the event loop wakes, and how much of its time its thread works; sampled ten times a
    second. Before `run` it was never late and did nothing."""

    def __init__(self, on_sample: Callable[[float], None] | None = None, *, demand_over: int = _DEMAND_OVER) -> None:
        self._on_sample = on_sample
        self._recent = deque([0.0] * _REMEMBERED, maxlen=_REMEMBERED)
        self._worked_s = deque([0.0] * demand_over, maxlen=demand_over)
        self._had_s = deque([_TICK_S] * demand_over, maxlen=demand_over)

    @property
    def demand(self) -> float:
        """From 0, always asleep, to 1, never asleep, over the last five seconds, those before the start counted as
        sleep; 0 where the system does not tell. The time in which it waits for a core is left out: a machine that
        others use too slows calls, and is not full of them before no sleep is left."""
        return sum(self._worked_s) / max(sum(self._had_s), _TICK_S)

    @property
    def last_s(self) -> float:
        return self._recent[-1]

    @property
    def mean_s(self) -> float:
        """Over the last two seconds."""
        return sum(self._recent) / len(self._recent)

    @property
    def median_s(self) -> float:
        """Over the last two seconds: what every other wake was late by."""
        return median(self._recent)

    @property
    def worst_s(self) -> float:
        """Of the last two seconds."""
        return max(self._recent)

    async def run(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        before_s, before = loop.time(), _thread_times()
        while True:
            await asyncio.sleep(_TICK_S)
            now_s, now = loop.time(), _thread_times()
            late_s = max(0.0, now_s - before_s - _TICK_S)
            self._recent.append(late_s)
            worked_s = now.running_s - before.running_s
            self._worked_s.append(worked_s)
            self._had_s.append(max(worked_s, now_s - before_s - (now.waiting_s - before.waiting_s)))
            before_s, before = now_s, now
            if self._on_sample is not None:
                self._on_sample(late_s)


class _ThreadTimes(NamedTuple):
    running_s: float
    waiting_s: float


def _thread_times() -> _ThreadTimes:
    """How long this thread has run, and waited for a core (Linux, proc_schedstat); 0 where that is not told."""
    try:
        running, waiting, _ = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_bytes().split()
    except (OSError, ValueError):
        return _ThreadTimes(0.0, 0.0)
    return _ThreadTimes(int(running) / 1e9, int(waiting) / 1e9)


def resident_bytes() -> int:
    """Memory of this process that is in RAM; 0 where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return 0
    return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
