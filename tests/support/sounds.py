"""Audio that is not speech."""

import numpy as np

from reception.core.audio import Pcm16


def silence(seconds: float, rate_hz: int) -> Pcm16:
    return np.zeros(int(seconds * rate_hz), np.int16)


def noise(seconds: float, rate_hz: int, amplitude: float = 600.0) -> Pcm16:
    """White noise, the same each time; `amplitude` is its standard deviation."""
    return np.random.default_rng(3).normal(0.0, amplitude, int(seconds * rate_hz)).astype(np.int16)


def tone(seconds: float, rate_hz: int, hz: float = 440.0) -> Pcm16:
    times = np.arange(int(seconds * rate_hz)) / rate_hz
    samples: Pcm16 = (np.sin(2 * np.pi * hz * times) * 8000).astype(np.int16)
    return samples


def clicks(seconds: float, rate_hz: int) -> Pcm16:
    """A knock every half second."""
    samples = np.zeros(int(seconds * rate_hz))
    knock = np.random.default_rng(4).normal(0.0, 9000.0, rate_hz // 20) * np.exp(-np.arange(rate_hz // 20) / 80)
    for start in range(rate_hz // 4, samples.size - knock.size, rate_hz // 2):
        samples[start : start + knock.size] = knock
    return np.clip(samples, -32768, 32767).astype(np.int16)
