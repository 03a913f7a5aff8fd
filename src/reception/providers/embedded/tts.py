"""Text to speech: hibari, clause by clause."""

from collections.abc import AsyncIterator

import numpy as np
from hibari import SAMPLE_RATE, Hibari
from numpy.typing import NDArray

from reception.core.audio import Pcm16, Resampler
from reception.core.errors import ProviderError
from reception.core.speakable import speakable
from reception.ports.speech import Voice
from reception.providers.embedded.lane import Lane
from reception.providers.embedded.weights import HIBARI, Weights

_PROVIDER = "hibari"
_SEED = 7
_WAITING = 32
_SILENT = 10 ** (-50 / 20)
_EDGE_MS = 10
_PAUSE_MS = {"clause": 110, "sentence": 260}
_MIN_SPEED, _MAX_SPEED = 0.5, 2.0


class HibariTextToSpeech:
    """One voice, "heart", whatever name is asked for: a fallback must speak for agents made for other vendors.

    One thread speaks for all calls, a clause at a time, so that a long reply does not hold up a short one.
    """

    def __init__(self, *, weights: Weights | None = None) -> None:
        (path,) = (weights or Weights()).require(HIBARI)
        self._hibari = Hibari(model=str(path))  # type: ignore[no-untyped-call]
        self._hibari("Ready.")
        self._lane = Lane(_PROVIDER, limit=_WAITING)

    @property
    def provider(self) -> str:
        return _PROVIDER

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncIterator[Pcm16]:
        """Speak `text` at `sample_rate_hz`, one array a clause, the next one made while the last is played."""
        resampler = Resampler(SAMPLE_RATE, sample_rate_hz)
        speed = min(max(voice.speed, _MIN_SPEED), _MAX_SPEED)
        for clause in clauses(speakable(text)):
            audio = await self._lane.run(lambda clause=clause: self._say(clause, speed))  # type: ignore[misc]
            converted = resampler.process(audio)
            if converted.size:
                yield converted
        rest = resampler.process(np.zeros(0, np.int16), last=True)
        if rest.size and sample_rate_hz != SAMPLE_RATE:
            yield rest

    def _say(self, clause: str, speed: float) -> Pcm16:
        try:
            wave: NDArray[np.float32] = self._hibari(clause, speed=speed, seed=_SEED)
        except RuntimeError as error:
            raise ProviderError(_PROVIDER, f"the voice failed: {error}") from error
        return (np.clip(wave, -1.0, 1.0) * 32767.0).astype(np.int16)


def clauses(text: str) -> list[str]:
    return [text] if text.strip() else []
