"""The smallest real request to each kind of provider."""

import asyncio
from contextlib import aclosing, suppress

import numpy as np

from reception.core.errors import ProviderError, ProviderTimeout
from reception.ports.language import ChatMessage, ChatModel, ChatRequest
from reception.ports.speech import Embedder, Recognizer, TextToSpeech, TranscriptionHints, Voice

_RATE_HZ = 8000
_LENGTH_MS = 400
_CLOSES_WITHIN_S = 2.0
_ONE_WORD = ChatRequest(
    (ChatMessage("system", "Answer in one word."), ChatMessage("user", "Answer with the word yes.")),
    200,
    15.0,
    10.0,
    30.0,
)
"""The tokens are for models that think first."""


async def probe_recognizer(recognizer: Recognizer) -> None:
    """Have 0.4 s of faint noise transcribed. Raises `ProviderError`."""
    noise = np.random.default_rng(0).normal(0, 300, _RATE_HZ * _LENGTH_MS // 1000).astype(np.int16)
    stream = recognizer.open(_RATE_HZ)
    try:
        stream.feed(noise)
        await stream.transcribe(0, _LENGTH_MS, TranscriptionHints(), partial=False)
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSES_WITHIN_S):
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


async def probe_chat_model(model: ChatModel) -> None:
    """Have one word written. Raises `ProviderError`."""
    try:
        async with asyncio.timeout(_ONE_WORD.within_s), aclosing(model.stream(_ONE_WORD)) as pieces:
            async for _ in pieces:
                pass
    except TimeoutError:
        raise ProviderTimeout(model.provider, f"{model.provider} did not answer in time", retryable=True) from None
