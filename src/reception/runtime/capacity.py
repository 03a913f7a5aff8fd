"""Whether this process can carry one more call without harm to those it has."""

from collections.abc import Callable

from reception.runtime.load import LoopLag

FULL_LAG_S = 0.02
"""A frame's length: from here on, what is heard and said comes a frame later each time."""
FREE_LAG_S = 0.01
FULL_BEHIND_S = 0.25


class Headroom:
    """Full when half of the event loop's last wakes were late by `FULL_LAG_S`, or voice activity is `FULL_BEHIND_S`
    behind; free again below `FREE_LAG_S`. One long stall does not make it full, a core without rest does."""

    def __init__(self, lag: LoopLag, vad_behind_s: Callable[[], float]) -> None:
        self._lag = lag
        self._vad_behind_s = vad_behind_s
        self._full = False

    @property
    def full(self) -> bool:
        lag_s = self._lag.median_s
        if lag_s >= FULL_LAG_S or self._vad_behind_s() >= FULL_BEHIND_S:
            self._full = True
        elif lag_s < FREE_LAG_S:
            self._full = False
        return self._full
