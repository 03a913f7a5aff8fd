"""The agent's own voice, come back through a telephone on the table.

Voice activity cannot tell it from a caller, so its loudness over time is compared with what is being played. That
costs nothing while nobody seems to speak: the audio sent is kept for a moment, and looked at when it is asked for.
"""

import math
from collections import deque

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reception.ports.audio import Pcm16

COMPARED_MS = 480
"""How much of the caller's latest audio is compared."""

_HOP_MS = 10
_LONGEST_DELAY_MS = 700
# The line's noise blurs a faint echo; nobody speaks that faintly into a telephone.
_SIMILAR, _SIMILAR_FAINT = 0.8, 0.4
_FAINTER_DB, _FAINT_DB, _FAINTEST_DB = 10.0, 20.0, 26.0
_KEPT_S = (COMPARED_MS + _LONGEST_DELAY_MS) / 1000 + 0.4
_LEAST = 1e-9


class OwnVoice:
    """What the far end has been playing for the last seconds. Times are seconds on the monotonic clock."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._played: deque[tuple[float, Pcm16]] = deque()

    def sent(self, samples: Pcm16, starts_s: float) -> None:
        """`samples`, which nobody may change, are heard from `starts_s` on."""
        self._played.append((starts_s, samples))
        while self._played and self._played[0][0] + len(self._played[0][1]) / self._rate_hz < starts_s - 2 * _KEPT_S:
            self._played.popleft()

    def stopped(self, now_s: float) -> None:
        """What was to be heard after `now_s` is not."""
        while self._played and self._played[-1][0] >= now_s:
            self._played.pop()
        if self._played:
            starts_s, samples = self._played[-1]
            self._played[-1] = (starts_s, samples[: max(0, int((now_s - starts_s) * self._rate_hz))])

    def may_echo(self, now_s: float) -> bool:
        """Something was played so lately that its echo may still be heard."""
        if not self._played:
            return False
        starts_s, samples = self._played[-1]
        return starts_s + len(samples) / self._rate_hz + (COMPARED_MS + _LONGEST_DELAY_MS) / 1000 > now_s

    def likeness(self, heard: Pcm16, heard_rate_hz: int, until_s: float) -> tuple[float, float]:
        """How much `heard`, which ends at `until_s`, rises and falls with what was played before it: the best
        correlation over all delays of an echo, -1 to 1, and by how many dB it is fainter."""
        caller = _loudness(heard, heard_rate_hz)
        span_s = (caller.size + _LONGEST_DELAY_MS // _HOP_MS) * _HOP_MS / 1000
        agent = _loudness(self._rendered(until_s - span_s, until_s), self._rate_hz)
        if caller.size < 2 or agent.size < caller.size:
            return 0.0, 0.0
        windows = sliding_window_view(agent, caller.size)
        centred = windows - windows.mean(axis=1, keepdims=True)
        own = caller - caller.mean()
        spreads = np.sqrt((centred * centred).sum(axis=1) * (own @ own))
        similar = np.where(spreads > _LEAST, centred @ own / np.maximum(spreads, _LEAST), 0.0)
        best = int(np.argmax(similar))
        loudest = max(float(windows[best].max()), _LEAST)
        return float(similar[best]), 20 * math.log10(loudest / max(float(caller.max()), _LEAST))

    def is_heard_in(self, heard: Pcm16, heard_rate_hz: int, until_s: float) -> bool:
        """Whether `heard`, which ends at `until_s`, is an echo of what was played."""
        similar, fainter_db = self.likeness(heard, heard_rate_hz, until_s)
        enough = float(np.interp(fainter_db, (_FAINT_DB, _FAINTEST_DB), (_SIMILAR, _SIMILAR_FAINT)))
        return similar >= enough and fainter_db >= _FAINTER_DB

    def _rendered(self, from_s: float, to_s: float) -> Pcm16:
        found: Pcm16 = np.zeros(round((to_s - from_s) * self._rate_hz), np.int16)
        for starts_s, samples in self._played:
            at = round((starts_s - from_s) * self._rate_hz)
            if at < found.size and at + len(samples) > 0:
                room = found[max(0, at) : at + len(samples)]
                room[:] = samples[max(0, -at) : max(0, -at) + len(room)]
        return found


def _loudness(samples: Pcm16, rate_hz: int) -> NDArray[np.float64]:
    """RMS of each `_HOP_MS`, full scale 1.0, smoothed over three."""
    hop = rate_hz * _HOP_MS // 1000
    count = len(samples) // hop
    frames = samples[len(samples) - count * hop :].reshape(count, hop).astype(np.float64) / 32768.0
    power = (frames * frames).mean(axis=1)
    return np.sqrt(np.convolve(power, np.ones(3) / 3, mode="same")) if count > 2 else np.sqrt(power)
