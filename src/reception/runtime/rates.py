"""How often somebody may ask: token buckets, in the memory of one process."""

from collections import OrderedDict

from reception.core.clock import Clock

_MOST_KNOWN = 10_000


class Rates:
    """A bucket for each caller: it holds `burst` requests at most and fills at `per_s`. Who has not been seen for long
    is forgotten, with a full bucket. Several processes count each for itself."""

    def __init__(self, clock: Clock, *, per_s: float, burst: int) -> None:
        self._clock = clock
        self._per_s = per_s
        self._burst = float(burst)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """Take one request of `who`. Returns 0, or the seconds until there is one to take."""
        now_s = self._clock.monotonic_s()
        left = self._now(who, now_s)
        taken = left >= 1.0
        self._left[who] = (left - 1.0 if taken else left, now_s)
        self._left.move_to_end(who)
        while len(self._left) > _MOST_KNOWN:
            self._left.popitem(last=False)
        return 0.0 if taken else (1.0 - left) / self._per_s

    def wait_s(self, who: str) -> float:
        """The seconds until `who` has a request to take; takes none."""
        return max(0.0, (1.0 - self._now(who, self._clock.monotonic_s())) / self._per_s)

    def _now(self, who: str, now_s: float) -> float:
        left, then_s = self._left.get(who, (self._burst, now_s))
        return min(self._burst, left + (now_s - then_s) * self._per_s)
