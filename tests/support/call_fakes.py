"""Scripted ports for the engine's tests: the caller's audio carries its own words.

A phrase is audio whose every sample is the phrase's code; the recogniser reads codes back, and gives as many words
as there is audio of the phrase. Speech is any sample of at least `SPEECH`; noise has a code without words.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np

from reception.core.errors import AppError
from reception.ports.audio import Pcm16
from reception.ports.dialogue import CallerTurn, HangUp, PreparedTurn, ReplyPart, Say
from reception.ports.events import CallEvent
from reception.ports.expectation import Completeness, Expectation
from reception.ports.leg import AudioIn, DtmfIn, LegClosed, LegInput, MarkIn, TextIn
from reception.ports.speech import VAD_WINDOW_MS, Transcript, TranscriptionHints
from tests.support.virtual_time import LoopClock

RATE_HZ = 8000
SPEECH = 1000
FRAME_MS = 20


def silence(ms: float) -> Pcm16:
    return np.zeros(int(ms * RATE_HZ / 1000), dtype=np.int16)


@dataclass
class Phrasebook:
    """Gives each phrase its code."""

    phrases: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def audio(self, text: str, ms: float) -> Pcm16:
        """`text` spoken in `ms`; noise when empty."""
        self.phrases.append(text)
        samples = int(ms * RATE_HZ / 1000)
        self.lengths.append(samples)
        return np.full(samples, SPEECH + len(self.phrases) - 1, dtype=np.int16)

    def read(self, samples: Pcm16) -> str:
        """What is said in `samples`: the words of each phrase whose end lies within."""
        heard: list[str] = []
        codes, counts = np.unique(samples[samples >= SPEECH] - SPEECH, return_counts=True)
        for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
            words = self.phrases[code].split()
            heard += words[: round(len(words) * count / self.lengths[code])]
        return " ".join(heard)


class FakeVad:
    """Certain of itself: 0.95 where a window is mostly speech, else 0.05."""

    def __init__(self) -> None:
        self.open_streams = 0

    def open(self, sample_rate_hz: int, on_window: Callable[[float], None]) -> "FakeVadStream":
        self.open_streams += 1
        return FakeVadStream(self, sample_rate_hz * VAD_WINDOW_MS // 1000, on_window)


class FakeVadStream:
    def __init__(self, vad: FakeVad, window: int, on_window: Callable[[float], None]) -> None:
        self._vad = vad
        self._closed = False
        self._window = window
        self._on_window = on_window
        self._waiting: Pcm16 = silence(0)

    def feed(self, samples: Pcm16) -> None:
        waiting = np.concatenate((self._waiting, samples))
        while len(waiting) >= self._window:
            loud = np.count_nonzero(waiting[: self._window] >= SPEECH)
            waiting = waiting[self._window :]
            self._on_window(0.95 if loud * 2 >= self._window else 0.05)
        self._waiting = waiting

    def close(self) -> None:
        self._vad.open_streams -= not self._closed
        self._closed = True


@dataclass
class Heard:
    start_ms: int
    end_ms: int
    partial: bool
    text: str
    at_s: float


class FakeRecognizer:
    """Reads the phrasebook after `delay_s`; raises `error` instead while it is set. With `closes`, none of its streams
    is closed before that."""

    provider = "fake-stt"

    def __init__(self, book: Phrasebook, delay_s: float = 0.08) -> None:
        self.book = book
        self.delay_s = delay_s
        self.error: Exception | None = None
        self.requests: list[Heard] = []
        self.in_flight = {True: 0, False: 0}
        self.most_in_flight = {True: 0, False: 0}
        self.closed = 0
        self.closes: asyncio.Event | None = None

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> "FakeRecognition":
        return FakeRecognition(self)


class FakeRecognition:
    def __init__(self, owner: FakeRecognizer) -> None:
        self._owner = owner
        self._chunks: list[Pcm16] = []

    def feed(self, samples: Pcm16) -> None:
        self._chunks.append(samples)

    def forget(self, before_ms: int) -> None:
        return None

    async def transcribe(self, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool) -> Transcript:
        owner = self._owner
        audio = np.concatenate(self._chunks)
        self._chunks = [audio]
        text = owner.book.read(audio[start_ms * RATE_HZ // 1000 : end_ms * RATE_HZ // 1000])
        owner.requests.append(Heard(start_ms, end_ms, partial, text, asyncio.get_running_loop().time()))
        owner.in_flight[partial] += 1
        owner.most_in_flight[partial] = max(owner.most_in_flight[partial], owner.in_flight[partial])
        try:
            await asyncio.sleep(owner.delay_s)
        finally:
            owner.in_flight[partial] -= 1
        if owner.error is not None:
            raise owner.error
        return Transcript(text, 0.9, end_ms - start_ms, owner.delay_s * 1000, owner.provider)

    async def aclose(self) -> None:
        if self._owner.closes is not None:
            await self._owner.closes.wait()
        self._owner.closed += 1


class FakeDetector:
    def __init__(self, probability: float = 0.5) -> None:
        self.probability = probability

    async def complete_probability(self, samples: Pcm16, sample_rate_hz: int) -> float:
        await asyncio.sleep(0.05)
        return self.probability


Answers = Callable[[str], Sequence[ReplyPart]]


class FakeDialogue:
    """Answers each turn by `answers`; effects take `effects_s` and are written to `effects` when they are done."""

    def __init__(self, answers: Answers | None = None, *, effects_s: float = 0.01, prepare_s: float = 0.01) -> None:
        self.answers: Answers = answers or (lambda text: (Say(f"You said {text}."),))
        self.effects_s = effects_s
        self.prepare_s = prepare_s
        self.greeting: Sequence[ReplyPart] = ()
        self.expected = Expectation()
        self.completeness_of: Mapping[str, Completeness] = {}
        self.completeness_default = Completeness.COMPLETE
        self.error: Exception | None = None
        self.prepared: list[CallerTurn] = []
        self.committed, self.discarded = list[CallerTurn](), list[CallerTurn]()
        self.unanswered: list[tuple[int, str]] = []
        self.effects: list[str] = []
        self.heard_of: list[tuple[int, str, bool]] = []
        self.silences, self.closed = list[int](), list[str]()
        self.replies_open = 0

    @property
    def conversation_id(self) -> UUID:
        return UUID(int=1)

    def expectation(self) -> Expectation:
        return self.expected

    def hints(self) -> TranscriptionHints:
        return TranscriptionHints()

    def completeness(self, text: str) -> Completeness:
        return self.completeness_of.get(text, self.completeness_default)

    async def open(self) -> Sequence[ReplyPart]:
        return self.greeting

    def discard(self, prepared: PreparedTurn) -> None:
        self.discarded.append(prepared.caller)

    def left_unanswered(self, caller: CallerTurn) -> None:
        self.unanswered.append((caller.turn, caller.text))

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        self.prepared.append(caller)
        await asyncio.sleep(self.prepare_s)
        if self.error is not None:
            raise self.error
        says = tuple(part for part in self.answers(caller.text)[:1] if isinstance(part, Say))
        return PreparedTurn(caller, Completeness.COMPLETE, preview=says, understanding_ms=self.prepare_s * 1000)

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        self.committed.append(prepared.caller)
        self.replies_open += 1
        assert self.replies_open == 1, "two replies at once"
        try:
            effects = asyncio.create_task(self._run_effects(prepared.caller.text))
            try:
                await asyncio.shield(effects)
            except asyncio.CancelledError:
                await asyncio.wait((effects,))
                raise
            for part in self.answers(prepared.caller.text):
                yield part
        finally:
            self.replies_open -= 1

    async def _run_effects(self, text: str) -> None:
        await asyncio.sleep(self.effects_s)
        self.effects.append(text)

    async def on_silence(self, count: int) -> Sequence[ReplyPart]:
        self.silences.append(count)
        return (Say("Goodbye."), HangUp("silence")) if count > 2 else (Say("Are you there?"),)

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        self.heard_of.append((turn, text, interrupted))

    async def close(self, reason: str) -> None:
        self.closed.append(reason)


@dataclass
class Sent:
    at_s: float
    samples: int
    turn: int


class FakeLeg:
    """A far end that plays what it is sent in real time, echoes marks when it reaches them, and drops on clear."""

    rate_hz = RATE_HZ
    output_rate_hz = RATE_HZ
    shows_partials = True

    def __init__(self, *, echo: bool = True) -> None:
        self._echo = echo
        self._inputs: asyncio.Queue[LegInput] = asyncio.Queue()
        self._plays_until_s = 0.0
        self._marks: list[asyncio.TimerHandle] = []
        self._played_s = 0.0
        self.sent: list[Sent] = []
        self.clears: list[float] = []
        self.events: list[tuple[float, CallEvent]] = []
        self.closed: list[str] = []
        self.error: OSError | None = None
        self.late_marks_s = 0.0

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def playing_left_s(self) -> float:
        return max(0.0, self._plays_until_s - self.now_s)

    async def inputs(self) -> AsyncIterator[LegInput]:
        while True:
            item = await self._inputs.get()
            yield item
            if isinstance(item, LegClosed):
                return

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        if self.error is not None:
            raise self.error
        assert len(samples), "an empty piece was sent"
        length_s = len(samples) / self.output_rate_hz
        self.sent.append(Sent(self.now_s, len(samples), turn))
        self._plays_until_s = max(self._plays_until_s, self.now_s) + length_s

    async def send_mark(self, name: str) -> None:
        if self._echo:
            loop = asyncio.get_running_loop()
            at_s = max(self.now_s, self._plays_until_s) + 0.03 + self.late_marks_s
            self._marks.append(loop.call_at(at_s, self._inputs.put_nowait, MarkIn(name)))

    async def clear(self) -> None:
        self.clears.append(self.now_s)
        self._plays_until_s = self.now_s
        for mark in self._marks:
            mark.cancel()
        self._marks.clear()

    async def send_event(self, event: CallEvent) -> None:
        self.events.append((self.now_s, event))

    async def close(self, reason: str) -> None:
        self.closed.append(reason)

    def give(self, item: LegInput) -> None:
        self._inputs.put_nowait(item)


class Caller:
    """Someone at the other end, in real (virtual) time: what is said goes out in frames of 20 ms.

    `clock_rate` is how fast their clock runs against ours.
    """

    clock_rate = 1.0

    def __init__(self, leg: FakeLeg, book: Phrasebook) -> None:
        self._leg = leg
        self._book = book
        self.speech_began_s = 0.0
        self.speech_ended_s = 0.0

    async def says(self, text: str, ms: float = 0) -> None:
        """Speak `text`, 300 ms a word unless `ms` says otherwise."""
        self.speech_began_s = self._leg.now_s
        await self._frames(self._book.audio(text, ms or 300 * len(text.split())))
        self.speech_ended_s = self._leg.now_s

    async def noise(self, ms: float) -> None:
        await self._frames(self._book.audio("", ms))

    async def is_silent(self, ms: float) -> None:
        await self._frames(silence(ms))

    async def waits(self, most_ms: float = 20_000) -> None:
        """Silent until the agent has begun and ended a reply."""
        before = len(self._leg.sent)
        waited = 0
        while waited < most_ms and (len(self._leg.sent) == before or self._leg.playing_left_s > 0):
            await self.is_silent(100)
            waited += 100
        await self.is_silent(200)

    def types(self, text: str) -> None:
        self._leg.give(TextIn(text))

    def presses(self, digits: str) -> None:
        for digit in digits:
            self._leg.give(DtmfIn(digit))

    def hangs_up(self) -> None:
        self._leg.give(LegClosed("caller_hung_up"))

    async def _frames(self, samples: Pcm16) -> None:
        size = FRAME_MS * RATE_HZ // 1000
        for start in range(0, len(samples), size):
            frame = samples[start : start + size]
            await asyncio.sleep(len(frame) / RATE_HZ / self.clock_rate)
            self._leg.give(AudioIn(frame))


class Recorded:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[CallEvent] = []

    def on_event(self, event: CallEvent) -> None:
        self.events.append(event)


__all__ = [
    "AppError",
    "Caller",
    "FakeDetector",
    "FakeDialogue",
    "FakeLeg",
    "FakeRecognizer",
    "FakeVad",
    "LoopClock",
    "Phrasebook",
    "Recorded",
]
