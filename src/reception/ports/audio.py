"""Audio as it travels inside the product."""

from dataclasses import dataclass

from reception.core.audio import Encoding, Pcm16

__all__ = ["AudioFormat", "Encoding", "Pcm16"]


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How audio is written on a wire: one channel, `sample_rate_hz` from 8000 to 48000."""

    encoding: Encoding
    sample_rate_hz: int
