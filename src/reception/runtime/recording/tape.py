"""Both sides of a call on one time line. Pure: positions are samples since the call began."""

import numpy as np

from reception.ports.audio import Pcm16

LATEST_S = 2.5
"""How long the caller's audio is waited for: what a stalled network delivers at once belongs where it was spoken."""
_SETTLED_S = 2.0
_OUT_OF_STEP_S = 0.15


class Track:
    """One side: stretches of audio on the time line, silence between them."""

    def __init__(self) -> None:
        self._stretches: list[tuple[int, Pcm16]] = []
        self.end = 0

    def put(self, start: int, samples: Pcm16) -> None:
        """Lay down `samples` from `start`, which is not before `end`."""
        if samples.size:
            self._stretches.append((start, samples))
            self.end = start + samples.size

    def cut(self, at: int) -> None:
        """Nothing from `at` on was heard."""
        self._stretches = [(start, samples[: max(0, at - start)]) for start, samples in self._stretches if start < at]
        self.end = min(self.end, max(at, 0))

    def take(self, start: int, stop: int) -> Pcm16:
        """The audio from `start` to `stop`, silent where there is none; what is before `stop` is given back."""
        taken = np.zeros(stop - start, dtype=np.int16)
        left: list[tuple[int, Pcm16]] = []
        for begin, samples in self._stretches:
            finish = begin + samples.size
            first, last = max(begin, start), min(finish, stop)
            if first < last:
                taken[first - start : last - start] = samples[first - begin : last - begin]
            if finish > stop:
                left.append((begin, samples))
        self._stretches = left
        return taken


class Tape:
    """The caller and the agent in step, `now` being the sample at which the call is.

    The caller's audio is laid down as it comes, one frame behind the other; where it stays behind the clock, or runs
    ahead of it, for `_SETTLED_S`, silence is put in or audio left out. The agent's is laid down where it is played: at
    once, or behind what is playing.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._caller = Track()
        self._agent = Track()
        self._written = 0
        self._least_lag = self._most_lag = 0
        self._lags_since: int | None = None

    def caller_said(self, samples: Pcm16, now: int) -> None:
        lag = now - self._caller.end - samples.size
        start = self._caller.end
        if lag > LATEST_S * self.rate_hz:
            start, self._lags_since = start + lag, None
        elif (shift := self._shift(lag, now)) >= 0:
            start += shift
        else:
            samples = samples[min(-shift, samples.size) :]
        self._caller.put(max(start, self._written), samples)

    def agent_says(self, samples: Pcm16, now: int) -> None:
        self._agent.put(max(self._agent.end, now), samples)

    def agent_stops(self, now: int) -> None:
        self._agent.cut(max(now, self._written))

    def settled(self, now: int) -> int:
        """How many samples can be taken: nothing before them can change any more."""
        known = max(self._caller.end, now - int(LATEST_S * self.rate_hz))
        return max(0, min(now, known) - self._written)

    def left(self, now: int) -> int:
        """How many samples there are when the call ends at `now`."""
        return max(0, now - self._written)

    def take(self, count: int) -> Pcm16:
        """The next `count` samples of both, shape (count, 2): the caller left, the agent right."""
        start, stop = self._written, self._written + count
        self._written = stop
        return np.column_stack((self._caller.take(start, stop), self._agent.take(start, stop)))

    def _shift(self, lag: int, now: int) -> int:
        """By how many samples the caller is to be moved on (or, negative, back) to be in step with the clock."""
        if self._lags_since is None:
            self._lags_since, self._least_lag, self._most_lag = now, lag, lag
        self._least_lag, self._most_lag = min(self._least_lag, lag), max(self._most_lag, lag)
        if now - self._lags_since < _SETTLED_S * self.rate_hz:
            return 0
        least, most, self._lags_since = self._least_lag, self._most_lag, None
        out_of_step = _OUT_OF_STEP_S * self.rate_hz
        if least > out_of_step:
            return least
        return most if most < -out_of_step else 0
