"""Text to speech: hibari, clause by clause."""

import asyncio
import importlib
from collections.abc import AsyncGenerator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reception.core.audio import Pcm16, Resampler
from reception.core.errors import ProviderError
from reception.core.speakable import speakable
from reception.ports.speech import Voice
from reception.providers.clauses import Clause, clauses
from reception.providers.embedded.lane import Lane
from reception.providers.embedded.weights import HIBARI, Weights

_PROVIDER = "hibari"
_RATE_HZ = 24000
_VOICE = "heart"
_WAITING = 64
_SEED = 7
_SLOWEST, _FASTEST = 0.5, 2.0
# The voice alone is about 5 dB below what telephones carry, and seldom peaks above 0.5.
_GAIN = 1.7
_FRAME = _RATE_HZ // 200
_ONSET, _DECAY = 10 ** (-55 / 20), 10 ** (-62 / 20)
_LEAD_FRAMES, _TAIL_FRAMES = 2, 6
_CLAUSE_PAUSE = _RATE_HZ * 160 // 1000
_SENTENCE_PAUSE = _RATE_HZ * 380 // 1000


class HibariTextToSpeech:
    """One voice, "heart", whatever name is asked for: a fallback must speak for agents made for other vendors.

    One thread speaks for all calls, a clause at a time, so that a long reply does not hold up a short one. The same
    clause always sounds the same. 64 clauses may wait; one more is refused (retryable).
    """

    def __init__(self, *, weights: Weights | None = None) -> None:
        (path,) = (weights or Weights()).require(HIBARI)
        # Imported here: the voice and its code are one package, and its absence must be named like any other model's.
        self._hibari = importlib.import_module("hibari").Hibari(voice=_VOICE, model=str(path))
        # "Zyxtor" is in no lexicon: the network that reads unknown words is loaded by the first of them.
        self._hibari("Ready, Zyxtor.", seed=_SEED)
        self._lane = Lane(_PROVIDER, limit=_WAITING)

    @property
    def provider(self) -> str:
        return _PROVIDER

    @property
    def voices(self) -> tuple[str, ...]:
        """The names that are no mistake."""
        return (_VOICE,)

    @property
    def waiting(self) -> int:
        """Work that has not begun."""
        return self._lane.waiting

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        """Speak `text` at `sample_rate_hz`, one array a clause, each made while the one before is taken.

        The first sample is at most 10 ms before the first sound. Nothing comes of text without words.
        """
        speed = min(max(voice.speed, _SLOWEST), _FASTEST)
        resampler = Resampler(_RATE_HZ, sample_rate_hz)
        parts = clauses(speakable(text))
        ahead: asyncio.Future[Pcm16] | None = None
        try:
            for index, clause in enumerate(parts):
                audio = await (ahead or self._begin(clause, speed))
                ahead = self._begin(parts[index + 1], speed) if index + 1 < len(parts) else None
                if index:
                    pause = _SENTENCE_PAUSE if parts[index - 1].ends_sentence else _CLAUSE_PAUSE
                    audio = np.concatenate((np.zeros(pause, np.int16), audio))
                converted = resampler.process(audio, last=ahead is None)
                if converted.size:
                    yield converted
        finally:
            if ahead is not None:
                ahead.cancel()

    def _begin(self, clause: Clause, speed: float) -> asyncio.Future[Pcm16]:
        return asyncio.wrap_future(self._lane.submit(partial(self._say, clause.text, speed)))

    def _say(self, text: str, speed: float) -> Pcm16:
        try:
            wave: NDArray[np.float32] = self._hibari(text, speed=speed, seed=_SEED)
        except RuntimeError as error:
            raise ProviderError(_PROVIDER, f"the voice failed: {error}") from error
        samples: Pcm16 = (np.clip(_trimmed(wave) * _GAIN, -1.0, 1.0) * 32767.0).astype(np.int16)
        return samples


def _trimmed(wave: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence that the model puts around each clause, 300 ms before and 400 ms after; both ends faded
    over one frame of 5 ms, so that joins do not click."""
    frames = wave[: wave.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = np.sqrt(np.mean(np.square(frames), axis=1))
    begins, ends = np.flatnonzero(level > _ONSET), np.flatnonzero(level > _DECAY)
    if not begins.size:
        return wave[:0]
    first = max(int(begins[0]) - _LEAD_FRAMES, 0)
    last = min(int(ends[-1]) + 1 + _TAIL_FRAMES, len(frames))
    spoken = frames[first:last].reshape(-1).copy()
    ramp = np.linspace(0.0, 1.0, _FRAME, dtype=np.float32)
    spoken[:_FRAME] *= ramp
    spoken[-_FRAME:] *= ramp[::-1]
    return spoken
