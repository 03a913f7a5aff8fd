"""Keeps what has been spoken: greetings, prompts and other sentences that are said again and again."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from reception.core.audio import Pcm16
from reception.ports.speech import TellsWords, TextToSpeech, Voice, WordEnd

_Key: TypeAlias = tuple[Voice, int, str]


@dataclass(slots=True, eq=False)
class _Recording:
    """One text as it is being spoken. `listeners` says how many wait for more of it."""

    chunks: list[Pcm16] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    finished: bool = False
    failure: BaseException | None = None
    listeners: int = 0
    kept: bool = False
    task: asyncio.Task[None] | None = None

    def advance(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class CachedTextToSpeech:
    """A `TextToSpeech` that remembers up to `max_bytes` of audio, the least recently used forgotten first.

    The first to ask hears the audio as it is made; who asks for the same meanwhile listens in, and nothing is made
    twice. When the last listener leaves, the work stops and what there is of it is forgotten.
    """

    def __init__(self, inner: TextToSpeech, max_bytes: int) -> None:
        self._inner = inner
        self._max_bytes = max_bytes
        self._bytes = 0
        self._spoken: OrderedDict[_Key, tuple[Pcm16, ...]] = OrderedDict()
        self._speaking: dict[_Key, _Recording] = {}

    @property
    def provider(self) -> str:
        return self._inner.provider

    @property
    def inner(self) -> TextToSpeech:
        """Whoever speaks what is not remembered."""
        return self._inner

    @property
    def size_bytes(self) -> int:
        """How much audio is remembered."""
        return self._bytes

    def holds(self, text: str, voice: Voice, sample_rate_hz: int) -> bool:
        """Whether `text` would be played without being made."""
        return (voice, sample_rate_hz, text) in self._spoken

    async def warm(self, texts: Iterable[str], voice: Voice, sample_rate_hz: int) -> None:
        """Speak `texts` into the cache, one after another."""
        for text in texts:
            async for _ in self.stream(text, voice, sample_rate_hz):
                pass

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        """As `TextToSpeech.stream`. The arrays are shared, and read-only."""
        key = (voice, sample_rate_hz, text)
        known = self._spoken.get(key)
        if known is not None:
            self._spoken.move_to_end(key)
            for chunk in known:
                yield chunk
            return
        recording = self._speaking.get(key) or self._begin(key)
        recording.listeners += 1
        try:
            async for chunk in _follow(recording):
                yield chunk
        finally:
            recording.listeners -= 1
            if not recording.listeners and recording.task and not recording.finished:
                self._speaking.pop(key, None)
                recording.task.cancel()

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """See `TellsWords`."""
        return self._inner.word_ends(text, voice, sample_rate_hz) if isinstance(self._inner, TellsWords) else ()

    def _begin(self, key: _Key) -> _Recording:
        recording = _Recording()
        self._speaking[key] = recording
        recording.task = asyncio.create_task(self._record(key, recording), name="speech-cache")
        return recording

    async def _record(self, key: _Key, recording: _Recording) -> None:
        voice, sample_rate_hz, text = key
        source = self._inner.stream(text, voice, sample_rate_hz)
        try:
            async for chunk in source:
                chunk.setflags(write=False)
                recording.chunks.append(chunk)
                recording.advance()
            self._keep(key, tuple(recording.chunks))
        except BaseException as error:
            recording.failure = error
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            recording.finished = True
            if self._speaking.get(key) is recording:
                del self._speaking[key]
            recording.advance()

    def _keep(self, key: _Key, chunks: tuple[Pcm16, ...]) -> None:
        size = sum(chunk.nbytes for chunk in chunks)
        if size > self._max_bytes:
            return
        self._spoken[key] = chunks
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, forgotten = self._spoken.popitem(last=False)
            self._bytes -= sum(chunk.nbytes for chunk in forgotten)


async def _follow(recording: _Recording) -> AsyncGenerator[Pcm16]:
    at = 0
    while True:
        while at < len(recording.chunks):
            yield recording.chunks[at]
            at += 1
        if recording.finished:
            break
        await recording.changed.wait()
    if recording.failure:
        raise recording.failure
