"""Log-mel features as Whisper and its kin were trained on them."""

from typing import cast

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

MEL_RATE_HZ = 16000
MEL_FRAME = 160
"""Samples a frame."""


class LogMel:
    """80 mel bands, 100 frames a second, of audio at `MEL_RATE_HZ`."""

    def __init__(self) -> None:
        self._extract = FeatureExtractor()  # type: ignore[no-untyped-call]

    def __call__(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Features of shape (80, samples // MEL_FRAME), contiguous."""
        features = cast(NDArray[np.float32], self._extract(audio, padding=0))
        return np.ascontiguousarray(features[:, : audio.size // MEL_FRAME], dtype=np.float32)
