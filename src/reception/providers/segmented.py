"""Makes a streaming recogniser of a batch one: keeps the recent audio of a call and transcribes stretches of it."""

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.core.recent import RecentAudio
from reception.ports.speech import SpeechToText, Transcript, TranscriptionHints

KEPT_S = 60


class SegmentedRecognizer:
    """A `Recognizer` over any `SpeechToText`. Each stream keeps the last `KEPT_S` seconds."""

    def __init__(self, stt: SpeechToText) -> None:
        self._stt = stt

    @property
    def provider(self) -> str:
        return self._stt.provider

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> "SegmentedStream":
        return SegmentedStream(self._stt, sample_rate_hz)


class SegmentedStream:
    """One call's audio. Times count from the first sample fed; what is older than `KEPT_S` seconds is gone."""

    def __init__(self, stt: SpeechToText, sample_rate_hz: int) -> None:
        self._stt = stt
        self._rate_hz = sample_rate_hz
        self._recent = RecentAudio(KEPT_S * sample_rate_hz)
        self._closed = False

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples, which nobody may change afterwards. Never blocks."""
        if not self._closed:
            self._recent.add(samples)

    def forget(self, before_ms: int) -> None:
        """Let go of the audio before `before_ms`."""
        self._recent.forget(before_ms * self._rate_hz // 1000)

    async def transcribe(self, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool) -> Transcript:
        """What was said from `start_ms` to `end_ms`; of a stretch that is partly gone or not yet fed, the rest.

        Raises:
            ProviderError: the stream has been closed, or the model failed or refused.
        """
        if self._closed:
            raise ProviderError(self.provider, "the recognition stream has been closed")
        samples = self._recent.between(start_ms * self._rate_hz // 1000, end_ms * self._rate_hz // 1000)
        return await self._stt.transcribe(samples, self._rate_hz, hints, partial=partial)

    async def aclose(self) -> None:
        """Let the audio go."""
        self._closed = True
        self._recent.forget(self._recent.end)

    @property
    def provider(self) -> str:
        return self._stt.provider
