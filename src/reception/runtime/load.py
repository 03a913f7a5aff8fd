"""How late this process is: the event loop, the voice activity of its calls, and the queues of its models."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from statistics import median

_TICK_S = 0.1
_REMEMBERED = 20
_STATM = Path("/proc/self/statm")
_PAGE_BYTES = 4096


class LoopLag:
    """How much later than asked the event loop wakes, sampled ten times a second. Zero until `run`."""

    def __init__(self, on_sample: Callable[[float], None] | None = None) -> None:
        self._on_sample = on_sample
        self._recent: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def last_s(self) -> float:
        return self._recent[-1] if self._recent else 0.0

    @property
    def mean_s(self) -> float:
        """Over the last two seconds."""
        return sum(self._recent) / len(self._recent) if self._recent else 0.0

    @property
    def median_s(self) -> float:
        """Over the last two seconds: what every other wake was late by."""
        return median(self._recent) if self._recent else 0.0

    @property
    def worst_s(self) -> float:
        """Of the last two seconds."""
        return max(self._recent, default=0.0)

    async def run(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            late_s = max(0.0, loop.time() - due_s)
            self._recent.append(late_s)
            if self._on_sample is not None:
                self._on_sample(late_s)


def resident_bytes() -> int:
    """Memory of this process that is in RAM; 0 where the system does not tell."""
    if not sys.platform.startswith("linux"):
        return 0
    return int(_STATM.read_text().split()[1]) * _PAGE_BYTES
