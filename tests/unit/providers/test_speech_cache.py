import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.ports.speech import Voice
from reception.providers.speech_cache import CachedTextToSpeech

VOICE = Voice()
CHUNK = 100
CHUNK_BYTES = CHUNK * 2


class Metronome:
    """Speaks one chunk a word, each when `pace` lets it, and counts what it was asked."""

    provider = "metronome"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = asyncio.Event()
        self.pace = asyncio.Semaphore(1000)
        self.failure: ProviderError | None = None

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncIterator[Pcm16]:
        self.asked.append(text)
        try:
            for number, _ in enumerate(text.split()):
                await self.pace.acquire()
                if self.failure:
                    raise self.failure
                yield np.full(CHUNK, number, np.int16)
        finally:
            self.closed.set()


async def listen(tts: CachedTextToSpeech, text: str, rate_hz: int = 8000) -> list[int]:
    return [int(chunk[0]) async for chunk in tts.stream(text, VOICE, rate_hz)]


async def test_a_text_is_made_once() -> None:
    inner = Metronome()
    tts = CachedTextToSpeech(inner, 10_000)
    assert await listen(tts, "one two three") == [0, 1, 2]
    assert await listen(tts, "one two three") == [0, 1, 2]
    assert inner.asked == ["one two three"]
    assert tts.size_bytes == 3 * CHUNK_BYTES
    await listen(tts, "one two three", 16000)
    assert len(inner.asked) == 2


async def test_the_first_chunk_comes_before_the_second_is_made() -> None:
    inner = Metronome()
    inner.pace = asyncio.Semaphore(1)
    stream = CachedTextToSpeech(inner, 10_000).stream("one two", VOICE, 8000)
    assert (await anext(stream))[0] == 0
    inner.pace.release()
    assert (await anext(stream))[0] == 1


async def test_two_who_ask_at_once_share_the_work() -> None:
    inner = Metronome()
    inner.pace = asyncio.Semaphore(0)
    tts = CachedTextToSpeech(inner, 10_000)
    both = [asyncio.create_task(listen(tts, "one two")) for _ in range(2)]
    for _ in range(2):
        await asyncio.sleep(0)
        inner.pace.release()
    assert await asyncio.gather(*both) == [[0, 1], [0, 1]]
    assert len(inner.asked) == 1


async def test_the_longest_unused_is_forgotten_first() -> None:
    inner = Metronome()
    tts = CachedTextToSpeech(inner, 2 * CHUNK_BYTES)
    await tts.warm(["first", "second"], VOICE, 8000)
    await listen(tts, "first")
    await listen(tts, "third")
    assert tts.holds("first", VOICE, 8000)
    assert not tts.holds("second", VOICE, 8000)
    assert tts.size_bytes <= 2 * CHUNK_BYTES


async def test_what_does_not_fit_is_played_and_not_kept() -> None:
    tts = CachedTextToSpeech(Metronome(), CHUNK_BYTES)
    assert await listen(tts, "one two three") == [0, 1, 2]
    assert tts.size_bytes == 0


async def test_when_the_last_listener_leaves_the_work_stops() -> None:
    inner = Metronome()
    inner.pace = asyncio.Semaphore(1)
    tts = CachedTextToSpeech(inner, 10_000)
    stream = tts.stream("one two three", VOICE, 8000)
    await anext(stream)
    await stream.aclose()
    await inner.closed.wait()
    assert not tts.holds("one two three", VOICE, 8000)
    inner.pace = asyncio.Semaphore(10)
    assert await listen(tts, "one two three") == [0, 1, 2]


async def test_a_listener_who_stays_hears_all_when_another_leaves() -> None:
    inner = Metronome()
    inner.pace = asyncio.Semaphore(1)
    tts = CachedTextToSpeech(inner, 10_000)
    leaver = tts.stream("one two", VOICE, 8000)
    await anext(leaver)
    stayer = asyncio.create_task(listen(tts, "one two"))
    await asyncio.sleep(0)
    await leaver.aclose()
    inner.pace.release()
    assert await stayer == [0, 1]


async def test_a_failure_reaches_everyone_and_is_not_kept() -> None:
    inner = Metronome()
    inner.failure = ProviderError("metronome", "broken", retryable=True)
    tts = CachedTextToSpeech(inner, 10_000)
    results = await asyncio.gather(listen(tts, "one"), listen(tts, "one"), return_exceptions=True)
    assert all(isinstance(result, ProviderError) for result in results)
    inner.failure = None
    assert await listen(tts, "one") == [0]


async def test_cached_audio_cannot_be_written_over() -> None:
    tts = CachedTextToSpeech(Metronome(), 10_000)
    async for chunk in tts.stream("one", VOICE, 8000):
        with pytest.raises(ValueError, match="read-only"):
            chunk[0] = 7
