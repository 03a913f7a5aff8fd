"""Has the caller finished? Judged from the sound of the last eight seconds by Smart Turn v3.2."""

import numpy as np
from numpy.typing import NDArray

from reception.core.audio import Pcm16, resample
from reception.providers.embedded.features import LogMel
from reception.providers.embedded.lane import Lane
from reception.providers.embedded.sessions import open_session
from reception.providers.embedded.weights import Weights

_RATE_HZ = 16000
_WINDOW = 8 * _RATE_HZ
_VARIANCE_FLOOR = 1e-7


class SmartTurn:
    """Runs in one thread. A judgement that comes when eight wait already is refused as retryable."""

    def __init__(self, *, weights: Weights | None = None) -> None:
        self._session = open_session((weights or Weights()).turn_model())
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
        recent = resample(samples[-8 * sample_rate_hz :], sample_rate_hz, _RATE_HZ)[-_WINDOW:]
        audio: NDArray[np.float32] = np.zeros(_WINDOW, np.float32)
        audio[_WINDOW - recent.size :] = recent.astype(np.float32) / 32768.0
        # The model was trained on features of audio brought to mean 0 and variance 1, its leading silence included.
        audio = (audio - audio.mean()) / np.sqrt(audio.var() + _VARIANCE_FLOOR)
        features = self._features(audio, constant=_WINDOW - recent.size)
        return float(self._session.run(None, {"input_features": features[None]})[0][0, 0])
