"""Has the caller finished? Judged from the sound of the last two and a half seconds by Smart Turn v3.2."""

import math

import numpy as np
from numpy.typing import NDArray

from reception.core.audio import Pcm16, resample
from reception.providers.embedded.features import LogMel
from reception.providers.embedded.lane import Lane
from reception.providers.embedded.sessions import open_session
from reception.providers.embedded.shorter_turn import shortened
from reception.providers.embedded.weights import Weights

_RATE_HZ = 16000
_HEARD_S = 8
"""What the model was trained on; loudness is brought to its mean and variance over all of it."""
_WINDOW = _HEARD_S * _RATE_HZ
_JUDGED_FRAMES = 250
"""Of 10 ms each."""
_VARIANCE_FLOOR = 1e-7
_SHORTER_IS_UNSURER = 1.0
"""Added to the log-odds: without the silence before it, the model calls an utterance complete less readily."""


class SmartTurn:
    """Runs in one thread. A judgement that comes when eight wait already is refused as retryable."""

    def __init__(self, *, weights: Weights | None = None) -> None:
        self._session = open_session(shortened((weights or Weights()).turn_model().read_bytes(), _JUDGED_FRAMES))
        self._features = LogMel()
        self._lane = Lane("smart-turn", limit=8)

    @property
    def waiting(self) -> int:
        """Work that has not begun."""
        return self._lane.waiting

    async def complete_probability(self, samples: Pcm16, sample_rate_hz: int) -> float:
        """The probability, 0 to 1, that the utterance which ends `samples` is complete; 0 for no samples."""
        if not samples.size:
            return 0.0
        return await self._lane.run(lambda: self._judge(samples, sample_rate_hz))

    def _judge(self, samples: Pcm16, sample_rate_hz: int) -> float:
        recent = resample(samples[-_HEARD_S * sample_rate_hz :], sample_rate_hz, _RATE_HZ)[-_WINDOW:]
        audio: NDArray[np.float32] = np.zeros(_WINDOW, np.float32)
        audio[_WINDOW - recent.size :] = recent.astype(np.float32) / 32768.0
        # The model was trained on features of audio brought to mean 0 and variance 1, its leading silence included.
        audio = (audio - audio.mean()) / np.sqrt(audio.var() + _VARIANCE_FLOOR)
        features = np.ascontiguousarray(self._features(audio, constant=_WINDOW - recent.size)[:, -_JUDGED_FRAMES:])
        probability = float(self._session.run(None, {"input_features": features[None]})[0][0, 0])
        return _more_likely(probability, _SHORTER_IS_UNSURER)


def _more_likely(probability: float, log_odds: float) -> float:
    odds = probability / max(1.0 - probability, 1e-9) * math.exp(log_odds)
    return odds / (1.0 + odds)
