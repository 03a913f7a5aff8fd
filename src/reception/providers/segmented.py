"""Makes a streaming recogniser of a batch one: keeps the recent audio of a call and transcribes stretches of it."""

import numpy as np

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.ports.speech import SpeechToText, Transcript, TranscriptionHints

KEPT_S = 60


class SegmentedRecognizer:
    """A `Recognizer` over any `SpeechToText`. Each stream keeps the last `KEPT_S` seconds."""

    def __init__(self, stt: SpeechToText) -> None:
        self._stt = stt

    @property
    def provider(self) -> str:
        return self._stt.provider

    def open(self, sample_rate_hz: int) -> "SegmentedStream":
        return SegmentedStream(self._stt, sample_rate_hz)


class SegmentedStream:
    """One call's audio. Times count from the first sample fed; what is older than `KEPT_S` seconds is gone."""

    def __init__(self, stt: SpeechToText, sample_rate_hz: int) -> None:
        self._stt = stt
        self._rate_hz = sample_rate_hz
        self._kept = KEPT_S * sample_rate_hz
        self._ring: Pcm16 = np.zeros(8 * sample_rate_hz, np.int16)
        self._fed = 0
        self._closed = False

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples. Never blocks."""
        if self._closed or not samples.size:
            return
        self._grow(samples.size)
        recent = samples[-self._ring.size :]
        at = (self._fed + samples.size - recent.size) % self._ring.size
        head = min(recent.size, self._ring.size - at)
        self._ring[at : at + head] = recent[:head]
        self._ring[: recent.size - head] = recent[head:]
        self._fed += samples.size

    async def transcribe(self, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool) -> Transcript:
        """What was said from `start_ms` to `end_ms`; of a stretch that is partly gone or not yet fed, the rest.

        Raises:
            ProviderError: the stream has been closed, or the model failed or refused.
        """
        if self._closed:
            raise ProviderError(self.provider, "the recognition stream has been closed")
        return await self._stt.transcribe(self._between(start_ms, end_ms), self._rate_hz, hints, partial=partial)

    async def aclose(self) -> None:
        """Let the audio go."""
        self._closed = True
        self._ring = self._ring[:0]

    @property
    def provider(self) -> str:
        return self._stt.provider

    def _between(self, start_ms: int, end_ms: int) -> Pcm16:
        oldest = max(0, self._fed - self._ring.size)
        start = min(max(start_ms * self._rate_hz // 1000, oldest), self._fed)
        end = min(max(end_ms * self._rate_hz // 1000, start), self._fed)
        return self._ring.take(np.arange(start, end), mode="wrap")

    def _grow(self, coming: int) -> None:
        """Make the ring larger while the call is younger than what it may keep: most turns are short, and so is
        the memory of most calls."""
        if self._ring.size >= self._kept or self._fed + coming <= self._ring.size:
            return
        ring: Pcm16 = np.zeros(self._kept, np.int16)
        ring[: self._fed] = self._ring[: self._fed]
        self._ring = ring
