"""One text on its way to becoming audio."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np

from reception.call.faults import Failure, attempt, close_iterator
from reception.call.playout import words_played
from reception.core.clock import Clock
from reception.ports.audio import Pcm16
from reception.ports.events import CallFault
from reception.ports.speech import TellsWords, TextToSpeech, Voice

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]

SPEECH_S_PER_CHARACTER = 0.06
"""How long a sentence is taken to last while its synthesis is not finished."""
_NOTHING: Pcm16 = np.zeros(0, dtype=np.int16)


class Synthesis:
    """Audio of one text as it comes: may be read while more is made, and again from any place."""

    def __init__(self, text: str, speech: "VoiceOfCall", on_change: Callable[[], None] | None = None) -> None:
        self.text = text
        self.length = 0
        self.done = False
        self.failure: CallFault | None = None
        self.retryable = False
        self.first_audio_ms: float | None = None
        self.on_change = on_change
        self.provider = speech.tts.provider
        self._speech = speech
        self._chunks: list[Pcm16] = []
        self._task: asyncio.Task[None] = speech.spawn(self._run())

    def read(self, start: int, limit: int) -> Pcm16:
        """Up to `limit` samples from sample `start`, of those there already."""
        pieces: list[Pcm16] = []
        at = 0
        for chunk in self._chunks:
            if limit <= 0:
                break
            if start < at + len(chunk):
                piece = chunk[start - at : start - at + limit]
                pieces.append(piece)
                start += len(piece)
                limit -= len(piece)
            at += len(chunk)
        if not pieces:
            return _NOTHING
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def said_by(self, sample: int) -> str:
        """The words that have been said whole by `sample`: as the voice tells, else by estimate."""
        speech = self._speech
        if isinstance(speech.tts, TellsWords):
            ends = speech.tts.word_ends(self.text, speech.voice, speech.rate_hz)
            if ends:
                return self.text[: max((end.chars for end in ends if end.sample <= sample), default=0)]
        length = self.expected_length
        return words_played(self.text, sample / length if length else 0.0)

    @property
    def expected_length(self) -> int:
        """Samples in all, estimated until it is done."""
        if self.done:
            return self.length
        return max(self.length, int(len(self.text) * SPEECH_S_PER_CHARACTER * self._speech.rate_hz))

    @property
    def soundless(self) -> bool:
        """It failed before there was any audio."""
        return self.failure is not None and not self.length

    def release(self) -> None:
        """Give back the audio; its length stays known."""
        self._chunks.clear()

    def cancel(self) -> None:
        self._task.cancel()

    async def _run(self) -> None:
        result = await attempt(self._collect(), part=self.provider)
        if isinstance(result, Failure):
            self.failure, self.retryable = result.fault, result.retryable
        self.done = True
        self._changed()

    async def _collect(self) -> None:
        speech = self._speech
        asked_s = speech.clock.monotonic_s()
        stream = speech.tts.stream(self.text, speech.voice, speech.rate_hz)
        try:
            while True:
                async with asyncio.timeout(speech.timeout_s):
                    chunk = await anext(stream, None)
                if chunk is None:
                    return
                if self.first_audio_ms is None:
                    self.first_audio_ms = (speech.clock.monotonic_s() - asked_s) * 1000
                    self.provider = speech.tts.provider
                self._chunks.append(chunk)
                self.length += len(chunk)
                self._changed()
        finally:
            await close_iterator(stream)

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()


class VoiceOfCall:
    """Starts syntheses in the call's voice, at the rate its leg takes, as tasks of the call."""

    def __init__(
        self, tts: TextToSpeech, voice: Voice, rate_hz: int, *, clock: Clock, spawn: Spawn, timeout_s: float
    ) -> None:
        self.tts = tts
        self.voice = voice
        self.rate_hz = rate_hz
        self.clock = clock
        self.spawn = spawn
        self.timeout_s = timeout_s

    def speak(self, text: str) -> Synthesis:
        """Start on `text`; `on_change` of the result may be set at any time."""
        return Synthesis(text, self)
