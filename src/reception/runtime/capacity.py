"""Whether this process can carry one more call without harm to those it has."""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from reception.runtime.load import LoopLag

FULL_LAG_S = 0.02
"""A frame's length: from here on, what is heard and said comes a frame later each time."""
FREE_LAG_S = 0.01
FULL_BEHIND_S = 0.25
FULL_DEMAND = 0.8
"""Of the time for which the event loop's thread has a core, what it works. What waits for it then waits about as long
as four times its work takes."""
NEW_CALL_DEMAND = 0.0064
"""What a call will ask of a slow core once it is under way; one that has just come has not shown it yet."""
_SETTLES_S = 6.0


class _Sample(NamedTuple):
    at_s: float
    calls: int
    demand: float


class Headroom:
    """Full when the event loop's thread has `FULL_DEMAND` of its time to do, or will have once the calls of the last
    seconds are under way; when half of its last wakes were late by `FULL_LAG_S`; or when voice activity is
    `FULL_BEHIND_S` behind. Free again below `FREE_LAG_S`. One long stall does not make it full, a core without rest
    does."""

    def __init__(
        self,
        lag: LoopLag,
        vad_behind_s: Callable[[], float],
        live: Callable[[], int],
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lag = lag
        self._vad_behind_s = vad_behind_s
        self._live = live
        self._now_s = now_s
        self._samples: deque[_Sample] = deque()
        self._late = False

    @property
    def full(self) -> bool:
        lag_s = self._lag.median_s
        if lag_s >= FULL_LAG_S or self._vad_behind_s() >= FULL_BEHIND_S:
            self._late = True
        elif lag_s < FREE_LAG_S:
            self._late = False
        return self._late or self._expected_demand() >= FULL_DEMAND

    def _expected_demand(self) -> float:
        """What is measured now; or, if that is more, what was before the calls of the last `_SETTLES_S` came and what
        those will add. What their coming itself costs is in neither twice."""
        now = _Sample(self._now_s(), self._live(), self._lag.demand)
        settled_s = now.at_s - _SETTLES_S
        samples = self._samples
        if samples and samples[-1].at_s <= settled_s:
            samples.clear()
        samples.append(now)
        while len(samples) > 1 and samples[1].at_s <= settled_s:
            samples.popleft()
        new = now.calls - samples[0].calls
        return max(now.demand, samples[0].demand + new * NEW_CALL_DEMAND) if new > 0 else now.demand
