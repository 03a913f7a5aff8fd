"""Text to speech: hibari, clause by clause."""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reception.core.audio import Pcm16, Resampler
from reception.core.errors import ProviderError
from reception.core.speakable import speakable
from reception.ports.speech import Voice, WordEnd
from reception.providers.clauses import Clause, clauses
from reception.providers.embedded.lane import Lane
from reception.providers.embedded.spoken_words import WordClock, phoneme_words, telling
from reception.providers.embedded.weights import HIBARI, Weights
from reception.providers.said_words import SaidWords

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
_Spoken = tuple[Pcm16, list[int]]


class HibariTextToSpeech:
    """One voice, "heart", whatever name is asked for: a fallback must speak for agents made for other vendors.

    One thread speaks for all calls, a clause at a time, so that a long reply does not hold up a short one. The same
    clause always sounds the same. 64 clauses may wait; one more is refused (retryable).
    """

    def __init__(self, *, weights: Weights | None = None) -> None:
        (path,) = (weights or Weights()).require(HIBARI)
        # Imported here: the voice and its code are one package, and its absence must be named like any other model's.
        self._hibari = importlib.import_module("hibari").Hibari(voice=_VOICE, model=telling(path.read_bytes()))
        self._synth = importlib.import_module("hibari.dsp").synth
        self._clock = WordClock(self._hibari.g2p)
        self._said = SaidWords()
        # "Zyxtor" is in no lexicon: the network that reads unknown words is loaded by the first of them.
        self._say("Ready, Zyxtor.", 1.0)
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
        speed = _speed(voice)
        resampler = Resampler(_RATE_HZ, sample_rate_hz)
        parts = clauses(speakable(text))
        ahead: asyncio.Future[_Spoken] | None = None
        words: list[float] = []
        at = 0
        try:
            for index, clause in enumerate(parts):
                audio, ends = await (ahead or self._begin(clause, speed))
                ahead = self._begin(parts[index + 1], speed) if index + 1 < len(parts) else None
                if index:
                    pause = _SENTENCE_PAUSE if parts[index - 1].ends_sentence else _CLAUSE_PAUSE
                    audio = np.concatenate((np.zeros(pause, np.int16), audio))
                    ends = [pause + end for end in ends]
                words += [1000 * (at + end) / _RATE_HZ for end in ends]
                at += audio.size
                self._said.note(text, (_VOICE, speed), words)
                converted = resampler.process(audio, last=ahead is None)
                if converted.size:
                    yield converted
        finally:
            if ahead is not None:
                ahead.cancel()

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """See `TellsWords`. Of texts spoken lately only."""
        return self._said.of(text, (_VOICE, _speed(voice)), sample_rate_hz)

    def _begin(self, clause: Clause, speed: float) -> asyncio.Future[_Spoken]:
        return asyncio.wrap_future(self._lane.submit(partial(self._say, clause.text, speed)))

    def _say(self, text: str, speed: float) -> _Spoken:
        """A clause, and the sample by which each of its words has been said."""
        random = np.random.default_rng(_SEED)
        waves: list[NDArray[np.float32]] = []
        ends: list[int] = []
        try:
            for phonemes in self._hibari.phonemize(text):
                ids = np.asarray([self._hibari.ids(phonemes)], np.int64)
                *spectra, ended = self._hibari.sess.run(None, {"ids": ids, "speed": np.asarray([speed], np.float32)})
                before = sum(wave.size for wave in waves)
                ends += [before + end for end in phoneme_words(phonemes, ended)]
                waves.append(self._synth(*(part[0] for part in spectra), random))
        except RuntimeError as error:
            raise ProviderError(_PROVIDER, f"the voice failed: {error}") from error
        spoken, skipped = _trimmed(np.concatenate(waves) if waves else np.zeros(0, np.float32))
        samples: Pcm16 = (np.clip(spoken * _GAIN, -1.0, 1.0) * 32767.0).astype(np.int16)
        said = [min(max(end - skipped, 0), samples.size) for end in self._clock.ends(text, ends)]
        return samples, said


def _speed(voice: Voice) -> float:
    return min(max(voice.speed, _SLOWEST), _FASTEST)


def _trimmed(wave: NDArray[np.float32]) -> tuple[NDArray[np.float32], int]:
    """Without the silence that the model puts around each clause, 300 ms before and 400 ms after, and how much of it
    came before; both ends faded over one frame of 5 ms, so that joins do not click."""
    frames = wave[: wave.size // _FRAME * _FRAME].reshape(-1, _FRAME)
    level = np.sqrt(np.mean(np.square(frames), axis=1))
    begins, ends = np.flatnonzero(level > _ONSET), np.flatnonzero(level > _DECAY)
    if not begins.size:
        return wave[:0], 0
    first = max(int(begins[0]) - _LEAD_FRAMES, 0)
    last = min(int(ends[-1]) + 1 + _TAIL_FRAMES, len(frames))
    spoken = frames[first:last].reshape(-1).copy()
    ramp = np.linspace(0.0, 1.0, _FRAME, dtype=np.float32)
    spoken[:_FRAME] *= ramp
    spoken[-_FRAME:] *= ramp[::-1]
    return spoken, first * _FRAME
