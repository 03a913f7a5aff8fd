"""Speech to text: Whisper base for what counts, tiny.en for what is only shown while the caller still speaks."""

import re
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reception.core.audio import Pcm16, level_dbfs, resample
from reception.core.errors import ProviderError
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.embedded.features import MEL_RATE_HZ
from reception.providers.embedded.lane import Lane
from reception.providers.embedded.weights import WHISPER_TINY, Weights
from reception.providers.embedded.whisper import (
    FULL_WINDOW_S,
    LONGEST_S,
    Heard,
    Whisper,
    without_repetition,
)

_WAITING_FINALS = 32
_SHORTEST_S = 0.1
_QUIETEST_DBFS = -65.0
# Silence, line noise, clicks and tones, each with and without a prompt, all fall on one side of these; words of callers
# at telephone quality are above -0.65 and below 0.3.
_NO_SPEECH = 0.5
_UNSURE_LOG_PROBABILITY = -0.7
_NONSENSE_LOG_PROBABILITY = -1.3
_NO_WORD = re.compile(r"\W*|.*(\w)\1{5,}.*", re.DOTALL)
_CUT_SEARCH_S = 6.0
_CUT_STEP = MEL_RATE_HZ // 10


class WhisperSpeechToText:
    """Two models, each with its own lane of threads, so that a partial never delays a final.

    At most `at_once` finals run together, each computing on `threads` cores, and 32 wait. A partial runs alone, and is
    refused (retryable) when anything waits or the finals have all the threads.
    """

    def __init__(self, threads: int = 1, *, weights: Weights | None = None, at_once: int = 2) -> None:
        found = weights or Weights()
        (tiny,) = found.require(WHISPER_TINY)
        self._base = Whisper(found.whisper_base(), threads=threads, workers=at_once)
        self._tiny = Whisper(tiny.parent, threads=1, workers=1)
        self._at_once = at_once
        self._finals = Lane(self.provider, threads=at_once, limit=_WAITING_FINALS)
        self._partials = Lane(self.provider, limit=1)

    @property
    def provider(self) -> str:
        return "whisper-base"

    @property
    def waiting(self) -> int:
        """Finals that have not begun."""
        return self._finals.waiting

    async def transcribe(
        self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints, *, partial: bool
    ) -> Transcript:
        """What was said in `samples`; an empty text for silence, noise and tones."""
        if partial and (self._finals.running >= self._at_once or self._finals.waiting or self._partials.waiting):
            raise ProviderError(self.provider, "a partial transcript gives way to what waits", retryable=True)
        hear = self._hear_partial if partial else self._hear_final
        lane = self._partials if partial else self._finals

        def work() -> tuple[Heard, float]:
            started_s = time.perf_counter()
            return hear(samples, sample_rate_hz, hints), 1000 * (time.perf_counter() - started_s)

        heard, elapsed_ms = await lane.run(work)
        return Transcript(
            text=heard.text,
            confidence=float(np.exp(heard.log_probability)) if heard.text else 0.0,
            audio_ms=round(1000 * samples.size / sample_rate_hz),
            elapsed_ms=elapsed_ms,
            provider="whisper-tiny.en" if partial else self.provider,
        )

    def _hear_partial(self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints) -> Heard:
        return _joined(
            [self._hear(self._tiny, part, hints, full=False) for part in _pieces(samples, sample_rate_hz)[-1:]]
        )

    def _hear_final(self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints) -> Heard:
        return _joined([self._hear(self._base, part, hints, full=True) for part in _pieces(samples, sample_rate_hz)])

    def _hear(self, model: Whisper, audio: NDArray[np.float32], hints: TranscriptionHints, *, full: bool) -> Heard:
        prompt = _prompt(hints)
        try:
            heard = model.hear(audio, prompt)
            if heard.looping and full and not _is_not_speech(heard):
                heard = model.hear(audio, prompt, window_s=FULL_WINDOW_S)
        except RuntimeError as error:
            raise ProviderError(self.provider, f"the speech model failed: {error}") from error
        if _is_not_speech(heard):
            return replace(heard, text="")
        # A final that repeats itself in the full window too was said that way, unless it had no end.
        cut = heard.overrun if full else heard.looping
        return replace(heard, text=without_repetition(heard.text)) if cut else heard


def _is_not_speech(heard: Heard) -> bool:
    unsure = heard.looping or heard.log_probability < _UNSURE_LOG_PROBABILITY
    return (
        (heard.no_speech > _NO_SPEECH and unsure)
        or heard.log_probability < _NONSENSE_LOG_PROBABILITY
        or _NO_WORD.fullmatch(heard.text) is not None
    )


def _prompt(hints: TranscriptionHints) -> str:
    names = ", ".join(hints.names)
    return " ".join(part for part in (f"{names}." if names else "", hints.expected) if part)


def _pieces(samples: Pcm16, sample_rate_hz: int) -> list[NDArray[np.float32]]:
    """The audio at 16 kHz and full scale 1.0, cut where it is quietest into pieces that fit the model's window.

    Nothing comes of audio that is too short or too quiet to hold a word.
    """
    if samples.size < _SHORTEST_S * sample_rate_hz or level_dbfs(samples) < _QUIETEST_DBFS:
        return []
    rest = resample(samples, sample_rate_hz, MEL_RATE_HZ).astype(np.float32) / 32768.0
    pieces = []
    longest = int(LONGEST_S * MEL_RATE_HZ)
    while rest.size > longest:
        search = rest[longest - int(_CUT_SEARCH_S * MEL_RATE_HZ) : longest]
        energy = np.square(search[: search.size // _CUT_STEP * _CUT_STEP]).reshape(-1, _CUT_STEP).sum(axis=1)
        cut = longest - search.size + (int(np.argmin(energy)) * _CUT_STEP + _CUT_STEP // 2)
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return [*pieces, rest]


def _joined(parts: list[Heard]) -> Heard:
    spoken = [part for part in parts if part.text]
    if not spoken:
        return Heard("", -10.0, 1.0, looping=False)
    return Heard(
        text=" ".join(part.text for part in spoken),
        log_probability=sum(part.log_probability for part in spoken) / len(spoken),
        no_speech=max(part.no_speech for part in spoken),
        looping=any(part.looping for part in spoken),
    )
