"""A voice for calls in virtual time."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np

from reception.core.speakable.alignment import word_ends
from reception.ports.audio import Pcm16
from reception.ports.speech import Voice, WordEnd


class FakeTts:
    """Speaks `ms_per_char` of a constant for each character, in two chunks; the first after `delay_s`. While there is
    an `error` it is raised instead, `failures` times if that is set, but for what is `cached`."""

    provider = "fake-tts"

    def __init__(self, delay_s: float = 0.03, ms_per_char: int = 50) -> None:
        self.delay_s = delay_s
        self.ms_per_char = ms_per_char
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.failures: int | None = None
        self.cached: set[str] = set()

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncIterator[Pcm16]:
        self.asked.append(text)
        await asyncio.sleep(self.delay_s)
        if self.error is not None and self.failures != 0 and text not in self.cached:
            if self.failures is not None:
                self.failures -= 1
            raise self.error
        samples = len(text) * self.ms_per_char * sample_rate_hz // 1000
        first = min(samples, sample_rate_hz // 10)
        yield np.full(first, 500, dtype=np.int16)
        await asyncio.sleep(self.delay_s)
        yield np.full(samples - first, 500, dtype=np.int16)

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """Implements `TellsWords`."""
        return [WordEnd(end, end * self.ms_per_char * sample_rate_hz // 1000) for end in word_ends(text)]
