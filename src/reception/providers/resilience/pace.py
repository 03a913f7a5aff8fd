"""How fast a voice speaks, so that it can be told which words a stretch of its audio holds."""

import re

import numpy as np

from reception.core.audio import Pcm16

USUAL_MS_PER_CHAR = 65.0
_LEARNED = 0.3
_FEWEST_CHARS = 10
_FRAME_MS = 20
_WORD = re.compile(r"\S+")


class Pace:
    """Milliseconds a character, learned from what a voice has said whole, at its own speed of 1."""

    def __init__(self) -> None:
        self.ms_per_char = USUAL_MS_PER_CHAR
        self._learned = False

    def learn(self, text: str, audio_ms: float, speed: float) -> None:
        if len(text) < _FEWEST_CHARS or audio_ms <= 0:
            return
        seen = audio_ms * speed / len(text)
        self.ms_per_char += (seen - self.ms_per_char) * (_LEARNED if self._learned else 1.0)
        self._learned = True

    def left_of(self, text: str, audio_ms: float, speed: float) -> str:
        """The words of `text` that come after the first `audio_ms` of it; one that is half said counts as said."""
        said = audio_ms * speed / self.ms_per_char
        unsaid = (word.start() for word in _WORD.finditer(text) if (word.start() + word.end()) / 2 > said)
        return text[next(unsaid, len(text)) :]


def quietest_cut(samples: Pcm16, rate_hz: int) -> int:
    """Where to stop within `samples`: the middle of their quietest 20 ms, which seldom lies within a word; the latest
    of several that are equally quiet."""
    frame = rate_hz * _FRAME_MS // 1000
    count = samples.size // frame
    if not count:
        return samples.size
    frames = samples[: count * frame].reshape(count, frame).astype(np.float32)
    energy = np.mean(frames * frames, axis=1)[::-1]
    latest = count - 1 - int(np.argmin(energy))
    return latest * frame + frame // 2
