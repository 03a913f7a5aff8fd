"""Whether audio arrives as fast as its announced format says it should."""

from typing import Final

_WINDOW_S: Final = 1.0
_WINDOWS: Final = 4
_WINDOWS_OF_A_FLOOD: Final = 20
_PAUSE_S: Final = 1.0
_SLOWEST: Final = 0.7
_FASTEST: Final = 1.4
_USUAL_RATES_HZ: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_AS_GOOD_AS: Final = 0.08


class AudioTempo:
    """Compares audio, measured by the announced format, with the time in which it came.

    Only a tempo that is wrong in the same direction for four seconds on end counts: neither one burst, nor a stall and
    what makes up for it, nor a pause in sending. What comes while the client is held back to the pace of
    `AudioPace` may be the rest of one burst, and must go on for twenty seconds. One verdict at most is given.
    """

    def __init__(self) -> None:
        self._ratios: list[float] = []
        self._began_s = 0.0
        self._last_s: float | None = None
        self._audio_s = 0.0
        self._flood = False
        self._done = False

    def take(self, audio_ms: float, now_s: float, *, held_back: bool = False) -> float | None:
        """Take `audio_ms` at `now_s` (monotonic); returns how many times too fast audio comes, once that is certain."""
        if self._done:
            return None
        if self._last_s is None or now_s - self._last_s > _PAUSE_S:
            self._restart(now_s)
            return None
        self._last_s = now_s
        self._audio_s += audio_ms / 1000.0
        self._flood = self._flood or held_back
        elapsed_s = now_s - self._began_s
        if elapsed_s < _WINDOW_S:
            return None
        self._add(self._audio_s / elapsed_s)
        self._began_s, self._audio_s = now_s, 0.0
        if len(self._ratios) < (_WINDOWS_OF_A_FLOOD if self._flood else _WINDOWS):
            return None
        self._done = True
        return sorted(self._ratios)[len(self._ratios) // 2]

    def _restart(self, now_s: float) -> None:
        self._began_s = self._last_s = now_s
        self._audio_s = 0.0
        self._ratios.clear()
        self._flood = False

    def _add(self, ratio: float) -> None:
        if _SLOWEST <= ratio <= _FASTEST:
            self._ratios.clear()
            self._flood = False
            return
        if self._ratios and (self._ratios[0] > 1.0) != (ratio > 1.0):
            self._ratios.clear()
        self._ratios.append(ratio)


def arriving_rate_hz(announced_hz: int, ratio: float) -> int:
    """The sample rate at which audio seems to arrive: a usual one where one is near."""
    measured = announced_hz * ratio
    nearest = min(_USUAL_RATES_HZ, key=lambda rate: abs(rate - measured))
    return nearest if abs(nearest - measured) <= nearest * _AS_GOOD_AS else max(100, round(measured / 100) * 100)
