"""Audio arithmetic: telephone companding, sample-rate conversion, level. Mono, signed 16-bit samples throughout."""

from typing import Literal, TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

from reception.core.errors import InvalidInput

Pcm16: TypeAlias = NDArray[np.int16]
"""Mono samples, shape (n,), signed 16-bit."""

Encoding: TypeAlias = Literal["pcm_s16le", "mulaw", "alaw"]

SILENCE_DBFS = -100.0
"""What `level_dbfs` answers for digital silence and for no samples at all."""

_FULL_SCALE = 32768.0
_MULAW_BIAS = 33
_MULAW_CLIP = 8158
_ALAW_TOGGLE = 0x55


def decode(data: bytes, encoding: Encoding) -> Pcm16:
    """Samples of `data`, one a byte for `mulaw` and `alaw`, one every two bytes (little endian) for `pcm_s16le`.

    Raises:
        InvalidInput: `pcm_s16le` with an odd number of bytes.
    """
    if encoding == "pcm_s16le":
        if len(data) % 2:
            raise InvalidInput("16-bit audio must have an even number of bytes")
        return np.frombuffer(data, dtype="<i2").astype(np.int16, copy=False)
    table = _MULAW_TO_PCM if encoding == "mulaw" else _ALAW_TO_PCM
    samples: Pcm16 = table.take(np.frombuffer(data, dtype=np.uint8), mode="clip")
    return samples


def encode(samples: Pcm16, encoding: Encoding) -> bytes:
    """The bytes of `samples` on a wire; the inverse of `decode` up to the companding's own rounding."""
    if encoding == "pcm_s16le":
        return samples.astype("<i2", copy=False).tobytes()
    table = _PCM_TO_MULAW if encoding == "mulaw" else _PCM_TO_ALAW
    coded: bytes = table[np.ascontiguousarray(samples, dtype=np.int16).view(np.uint16)].tobytes()
    return coded


class Resampler:
    """Converts a stream from one sample rate to another. Not for use from two threads at once."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16", quality="HQ")

    def process(self, samples: Pcm16, *, last: bool = False) -> Pcm16:
        """The converted samples that are ready. A few milliseconds stay inside until `last`.

        With equal rates the very same array comes back.
        """
        if self._stream is None:
            return samples
        converted: Pcm16 = self._stream.resample_chunk(np.ascontiguousarray(samples, dtype=np.int16), last=last)
        return converted


def resample(samples: Pcm16, from_hz: int, to_hz: int) -> Pcm16:
    """A whole stretch of audio at another rate; the same array when the rates are equal."""
    if from_hz == to_hz:
        return samples
    converted: Pcm16 = soxr.resample(np.ascontiguousarray(samples, dtype=np.int16), from_hz, to_hz, quality="HQ")
    return converted


def level_dbfs(samples: Pcm16) -> float:
    """Root mean square level against full scale, at most 0 dB and at least `SILENCE_DBFS`."""
    if samples.size == 0:
        return SILENCE_DBFS
    mean_square = float(np.mean(np.square(samples.astype(np.float64) / _FULL_SCALE)))
    if mean_square <= 10 ** (SILENCE_DBFS / 10):
        return SILENCE_DBFS
    return 10.0 * float(np.log10(mean_square))


def _segment(magnitude: NDArray[np.int64], first_bits: int) -> NDArray[np.int64]:
    """Which of the eight chords holds `magnitude`, where chord 0 is everything below 2 ** first_bits."""
    return np.searchsorted(2 ** np.arange(first_bits, first_bits + 7), magnitude, side="right")


def _mulaw_to_pcm() -> Pcm16:
    """ITU-T G.711, table 2: inverted bits, sign, three of chord, four of step; 14 bits scaled up to 16."""
    code = ~np.arange(256) & 0xFF
    chord, step = (code >> 4) & 7, code & 0xF
    magnitude = (((2 * step + _MULAW_BIAS) << chord) - _MULAW_BIAS) * 4
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _pcm_to_mulaw() -> NDArray[np.uint8]:
    sample = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int64)
    magnitude = np.minimum(np.abs(sample) >> 2, _MULAW_CLIP) + _MULAW_BIAS
    chord = _segment(magnitude, 6)
    code: NDArray[np.int64] = np.where(sample < 0, 0x80, 0) | chord << 4 | (magnitude >> (chord + 1)) & 0xF
    return (~code & 0xFF).astype(np.uint8)


def _alaw_to_pcm() -> Pcm16:
    """ITU-T G.711, table 1: even bits toggled, sign set for positive, three of chord, four of step; 13 bits to 16."""
    code = np.arange(256) ^ _ALAW_TOGGLE
    chord, step = (code >> 4) & 7, code & 0xF
    magnitude = np.where(chord == 0, 2 * step + 1, (2 * step + 33) << np.maximum(chord - 1, 0)) * 8
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _pcm_to_alaw() -> NDArray[np.uint8]:
    sample = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int64)
    value = sample >> 3
    magnitude = np.where(value < 0, -value - 1, value)
    chord = _segment(magnitude, 5)
    code: NDArray[np.int64] = np.where(sample < 0, 0, 0x80) | chord << 4 | (magnitude >> np.maximum(chord, 1)) & 0xF
    return (code ^ _ALAW_TOGGLE).astype(np.uint8)


_MULAW_TO_PCM = _mulaw_to_pcm()
_PCM_TO_MULAW = _pcm_to_mulaw()
_ALAW_TO_PCM = _alaw_to_pcm()
_PCM_TO_ALAW = _pcm_to_alaw()


_TAIL_WINDOW_MS = 5
_TAIL_DB = 30.0
_TAIL_FLOOR_DBFS = -50.0


def quiet_tail_ms(samples: Pcm16, rate_hz: int) -> int:
    """How long `samples`, which end with speech or shortly after, are quiet at their end: 30 dB below the loudest
    5 ms of them, or below -50 dBFS. 0 when all of them are."""
    window = rate_hz * _TAIL_WINDOW_MS // 1000
    count = samples.size // window
    if not count:
        return 0
    frames = samples[samples.size - count * window :].reshape(count, window).astype(np.float32) / 32768.0
    levels = 10.0 * np.log10(np.maximum(np.mean(frames * frames, axis=1), 1e-12))
    loud = np.flatnonzero(levels >= max(float(levels.max()) - _TAIL_DB, _TAIL_FLOOR_DBFS))
    return int(count - 1 - loud[-1]) * _TAIL_WINDOW_MS if loud.size else 0
