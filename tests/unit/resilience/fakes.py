"""Providers that do as a test says, in virtual time."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError, ProviderTimeout
from reception.ports.events import ProviderSwitched
from reception.ports.language import ChatModel, ChatRequest
from reception.ports.speech import Recognizer, Transcript, TranscriptionHints, Voice
from reception.providers.resilience.chain import Link
from reception.providers.resilience.probing import probe_chat_model
from reception.providers.resilience.voice import Speaker
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.speech_cache import CachedTextToSpeech

RATE_HZ = 8000
MS_PER_CHAR = 60


def broken(name: str) -> ProviderError:
    return ProviderError(name, f"{name} answered 500", retryable=True)


@dataclass
class Voiced:
    """Speaks 60 ms a character after `delay_s`; each character has its own sound. After `breaks_after_ms` of audio it
    fails, with `stalls` by saying nothing more for a while first."""

    name: str
    delay_s: float = 0.1
    error: Exception | None = None
    breaks_after_ms: int | None = None
    breaks_by: Exception | None = None
    stalls: bool = False
    chunk_ms: int = 100
    chunk_every_s: float = 0.0
    asked: list[str] = field(default_factory=list)
    closed: int = 0

    @property
    def provider(self) -> str:
        return self.name

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        self.asked.append(text)
        try:
            await asyncio.sleep(self.delay_s)
            if self.error is not None:
                raise self.error
            audio = np.repeat(
                np.array([1000 + ord(letter) for letter in text], np.int16), RATE_HZ * MS_PER_CHAR // 1000
            )
            step = self.chunk_ms * RATE_HZ // 1000
            for start in range(0, audio.size, step):
                if self.breaks_after_ms is not None and start >= self.breaks_after_ms * RATE_HZ // 1000:
                    if self.stalls:
                        await asyncio.sleep(0.7)
                        raise ProviderTimeout(self.name)
                    raise self.breaks_by or broken(self.name)
                yield audio[start : start + step]
                if self.chunk_every_s:
                    await asyncio.sleep(self.chunk_every_s)
        finally:
            self.closed += 1

    def link(self) -> Link[Speaker]:
        async def probe() -> None:
            async for _ in self.stream("Yes.", Voice(), RATE_HZ):
                pass

        return Link(self.name, Speaker(CachedTextToSpeech(self, 1 << 20)), probe)


def letters(chunks: list[Pcm16]) -> str:
    """What was said, letter by letter, as an ear would hear it."""
    audio = np.concatenate(chunks) if chunks else np.zeros(0, np.int16)
    per_letter = RATE_HZ * MS_PER_CHAR // 1000
    changes = np.flatnonzero(np.diff(audio)) + 1
    said = []
    for run in np.split(audio, changes):
        said.append(chr(int(run[0]) - 1000) * max(1, round(run.size / per_letter)) if run.size else "")
    return "".join(said)


@dataclass
class Ears:
    """Hears `text` after `delay_s`, or fails."""

    name: str
    text: str = "hello"
    delay_s: float = 0.1
    error: Exception | None = None
    heard: list[tuple[int, bool]] = field(default_factory=list)
    audio: list[Pcm16] = field(default_factory=list)

    @property
    def provider(self) -> str:
        return self.name

    async def transcribe(
        self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints, *, partial: bool
    ) -> Transcript:
        self.heard.append((samples.size * 1000 // sample_rate_hz, partial))
        self.audio.append(samples)
        await asyncio.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        return Transcript(self.text, 0.9, samples.size * 1000 // sample_rate_hz, self.delay_s * 1000, self.name)

    def link(self) -> Link[Recognizer]:
        async def probe() -> None:
            await self.transcribe(np.zeros(800, np.int16), RATE_HZ, TranscriptionHints(), partial=False)

        return Link(self.name, SegmentedRecognizer(self), probe)


class Told:
    def __init__(self) -> None:
        self.switches: list[ProviderSwitched] = []

    def __call__(self, switched: ProviderSwitched) -> None:
        self.switches.append(switched)

    @property
    def path(self) -> list[tuple[str, str, str]]:
        return [(one.from_provider, one.to_provider, one.reason) for one in self.switches]


@dataclass
class Writer:
    """Writes `pieces`, the first after `delay_s` and each further one `every_s` later; a piece that is an error is
    raised."""

    name: str
    pieces: tuple[str | Exception, ...] = ("Hello. ", "Good day.")
    delay_s: float = 0.1
    every_s: float = 0.05
    asked: list[ChatRequest] = field(default_factory=list)
    closed: int = 0

    @property
    def provider(self) -> str:
        return self.name

    async def aclose(self) -> None:
        return None

    async def stream(self, request: ChatRequest) -> AsyncGenerator[str]:
        self.asked.append(request)
        try:
            for number, piece in enumerate(self.pieces):
                await asyncio.sleep(self.every_s if number else self.delay_s)
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.closed += 1

    def link(self) -> Link[ChatModel]:
        return Link(self.name, self, partial(probe_chat_model, self))
