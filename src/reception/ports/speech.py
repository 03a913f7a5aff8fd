"""What the engine asks of speech models, embedded or a vendor's.

Errors of every port here: `ProviderError`, `ProviderTimeout`; at construction `MissingModel`.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from reception.ports.audio import Pcm16

VAD_WINDOW_MS = 32
"""One voice-activity probability stands for this much audio at every sample rate."""


@dataclass(frozen=True, slots=True)
class TranscriptionHints:
    """What helps to hear: proper names of the tenant and caller, and a phrase that primes the expected answer."""

    names: tuple[str, ...] = ()
    expected: str = ""
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in a stretch of audio.

    `text` is empty when nothing was said; `confidence` is the mean token probability, 0 to 1; `audio_ms` is the
    length of what was transcribed, `elapsed_ms` what it took.
    """

    text: str
    confidence: float
    audio_ms: int
    elapsed_ms: float
    provider: str


class SpeechToText(Protocol):
    """Transcribes a whole stretch of audio at once."""

    @property
    def provider(self) -> str: ...

    async def transcribe(
        self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints, *, partial: bool
    ) -> Transcript:
        """Transcribe `samples`. `partial` asks for speed over accuracy, and may be dropped under load
        (then `ProviderError` with `retryable`)."""
        ...


class RecognitionStream(Protocol):
    """Hears one call. Audio goes in as it arrives; text is asked for by stretches of audio time."""

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples of the caller, at the rate the stream was opened with. Never blocks."""
        ...

    def forget(self, before_ms: int) -> None:
        """Audio before `before_ms` will not be asked for any more; memory may be let go."""
        ...

    async def transcribe(self, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool) -> Transcript:
        """What was said from `start_ms` to `end_ms`, counted in audio fed since the stream was opened."""
        ...

    async def aclose(self) -> None: ...


class Recognizer(Protocol):
    """Opens a `RecognitionStream` for a call: a streaming vendor directly, a batch one through a buffer."""

    @property
    def provider(self) -> str: ...

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> RecognitionStream:
        """Start to hear a call. `hints` are what is known of it then: names, and the language."""
        ...


class VadStream(Protocol):
    """The voice activity of one call."""

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples, any number of them. Never blocks."""
        ...

    def close(self) -> None: ...


class VoiceActivityDetector(Protocol):
    """Voice activity for all live calls, in batches."""

    def open(self, sample_rate_hz: int, on_window: Callable[[float], None]) -> VadStream:
        """Start a stream at 8000 or 16000 Hz. `on_window` is called on the event loop once for each
        `VAD_WINDOW_MS` of audio, in order, with the probability of speech, 0 to 1."""
        ...


class TurnDetector(Protocol):
    """Judges from the sound whether a caller has finished."""

    async def complete_probability(self, samples: Pcm16, sample_rate_hz: int) -> float:
        """The probability, 0 to 1, that the utterance which ends `samples` is complete."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice by the provider's name for it; `speed` is 1.0 for the voice's own pace."""

    name: str = "heart"
    speed: float = 1.0
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class WordEnd:
    """The word that ends after `chars` characters of a text has been said by sample `sample` of its audio."""

    chars: int
    sample: int


@runtime_checkable
class TellsWords(Protocol):
    """A voice that knows when it says which word."""

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """The words of `text` in their order, as far as it has been spoken; none where that is not known."""
        ...


class TextToSpeech(Protocol):
    """Speaks text. May implement `TellsWords` too."""

    @property
    def provider(self) -> str: ...

    def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncIterator[Pcm16]:
        """Speak `text` (as written; making it speakable is the adapter's business) at `sample_rate_hz`.

        Yields audio clause by clause, the first as early as possible. Closing the iterator stops the work.
        """
        ...


class Embedder(Protocol):
    """Turns text into unit vectors."""

    @property
    def model(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row for each text, shape (len(texts), dimensions), length 1 each."""
        ...
