"""The latest audio of a call, as it came."""

from collections import deque

import numpy as np

from reception.core.audio import Pcm16

_NOTHING: Pcm16 = np.zeros(0, np.int16)


class RecentAudio:
    """Keeps the arrays it is given, not copies, up to `limit` samples beyond which the oldest go; `forget` lets go
    of more. Positions count samples since the first one added."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: deque[Pcm16] = deque()
        self._held = 0
        self.end = 0

    @property
    def start(self) -> int:
        """The position of the oldest sample kept."""
        return self.end - self._held

    def add(self, samples: Pcm16) -> None:
        """Append `samples`, which nobody may change afterwards."""
        size = samples.size
        if not size:
            return
        self._chunks.append(samples)
        self._held += size
        self.end += size
        if self._held > self._limit:
            self.forget(self.end - self._limit)

    def forget(self, before: int) -> None:
        """Let go of the samples before position `before`, in whole chunks where that is enough."""
        surplus = before - self.start
        chunks = self._chunks
        while chunks and surplus >= chunks[0].size:
            size = chunks.popleft().size
            surplus -= size
            self._held -= size
        if chunks and self._held > self._limit:
            excess = self._held - self._limit
            chunks[0] = chunks[0][excess:]
            self._held -= excess

    def between(self, start: int, end: int) -> Pcm16:
        """A copy of the samples from `start` to `end`, as far as they are kept."""
        start, end = max(start, self.start), min(end, self.end)
        if start >= end:
            return _NOTHING.copy()
        pieces: list[Pcm16] = []
        at = self.end
        for chunk in reversed(self._chunks):
            at -= chunk.size
            if at < end:
                pieces.append(chunk[max(0, start - at) : end - at])
            if at <= start:
                break
        return np.concatenate(pieces[::-1])
