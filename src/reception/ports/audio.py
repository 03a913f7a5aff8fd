"""Audio as it travels inside the product."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Pcm16: TypeAlias = NDArray[np.int16]
"""Mono samples, shape (n,), signed 16-bit."""

Encoding: TypeAlias = Literal["pcm_s16le", "mulaw", "alaw"]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How audio is written on a wire: one channel, `sample_rate_hz` from 8000 to 48000."""

    encoding: Encoding
    sample_rate_hz: int
