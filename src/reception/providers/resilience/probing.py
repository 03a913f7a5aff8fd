"""The smallest real request to each kind of provider."""

import numpy as np

from reception.core.errors import ProviderError
from reception.ports.speech import Embedder, Recognizer, TextToSpeech, TranscriptionHints, Voice

_RATE_HZ = 8000
_LENGTH_MS = 400


async def probe_recognizer(recognizer: Recognizer) -> None:
    """Have 0.4 s of faint noise transcribed. Raises `ProviderError`."""
    noise = np.random.default_rng(0).normal(0, 300, _RATE_HZ * _LENGTH_MS // 1000).astype(np.int16)
    stream = recognizer.open(_RATE_HZ)
    try:
        stream.feed(noise)
        await stream.transcribe(0, _LENGTH_MS, TranscriptionHints(), partial=False)
    finally:
        await stream.aclose()


async def probe_voice(tts: TextToSpeech, voice: Voice = Voice()) -> None:  # noqa: B008  a frozen value
    """Have one word spoken. Raises `ProviderError`, also when nothing comes."""
    samples = 0
    async for chunk in tts.stream("Yes.", voice, _RATE_HZ):
        samples += chunk.size
    if not samples:
        raise ProviderError(tts.provider, f"{tts.provider} spoke no sound", retryable=True)


async def probe_embedder(embedder: Embedder) -> None:
    """Have one word embedded. Raises `ProviderError`."""
    await embedder.embed(["yes"])
