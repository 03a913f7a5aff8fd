"""Log-mel features as Whisper and its kin were trained on them."""

from typing import cast

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

MEL_RATE_HZ = 16000
MEL_FRAME = 160
"""Samples a frame."""
_FFT = 400
_FLOOR = 1e-10
_RANGE = 8.0
"""Decades below the loudest that are told apart."""


class LogMel:
    """80 mel bands, 100 frames a second, of audio at `MEL_RATE_HZ`.

    As `faster_whisper.feature_extractor` computes them, within a few roundings, in single precision throughout, which
    takes a third of the time; the frames of a constant beginning are computed once.
    """

    def __init__(self) -> None:
        extractor = FeatureExtractor()  # type: ignore[no-untyped-call]
        self._filters = np.ascontiguousarray(cast(NDArray[np.float32], extractor.mel_filters), np.float32)
        self._window = np.hanning(_FFT + 1)[:-1].astype(np.float32)

    def __call__(self, audio: NDArray[np.float32], *, constant: int = 0) -> NDArray[np.float32]:
        """Features of shape (80, samples // MEL_FRAME), contiguous. The first `constant` samples are all equal."""
        padded = np.pad(audio, _FFT // 2, mode="reflect")
        count = audio.size // MEL_FRAME
        first = min(max(0, (constant - _FFT // 2) // MEL_FRAME), count - 1)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[first * MEL_FRAME :: MEL_FRAME][: count - first]
        spectrum: NDArray[np.complex64] = np.fft.rfft(frames * self._window).astype(np.complex64, copy=False)
        bands = np.empty((self._filters.shape[0], count), np.float32)
        bands[:, first:] = self._filters @ (spectrum.real**2 + spectrum.imag**2).T
        bands[:, :first] = bands[:, first : first + 1]
        scaled = np.log10(np.maximum(bands, _FLOOR))
        np.maximum(scaled, scaled.max() - _RANGE, out=scaled)
        return ((scaled + 4.0) / 4.0).astype(np.float32, copy=False)
