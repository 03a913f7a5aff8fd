"""The callers of a capacity benchmark: one process, each caller in real time in Twilio's format.

A caller listens until the reply has been played out, waits a second or so, asks its next question from recorded
speech, and waits for the answer. Between its words it sends the faint noise of a line.
"""

import asyncio
import base64
import gc
import os
import random
import sys
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import orjson
import typer
import uvloop

from reception.call.config import CallConfig
from reception.cli.bench_material import RATE_HZ, Material
from reception.cli.bench_wire import PONG, FrameReader, frame, handshake
from reception.core.audio import encode

_TIMINGS = CallConfig()
_FRAME_S = 0.02
_FRAME = int(RATE_HZ * _FRAME_S)
_PHASES = 10
_PAUSE_S = (0.6, 1.6)
_FIRST_PAUSE_S = (0.0, 8.0)
"""Sets the calls apart, as those of people are."""
_NO_ANSWER_S = 6.0
LINE_NOISE = 12.0
_CONNECT_GAP_S = 0.02
_SPARE_S = 90.0
_AT_ONCE = 40
_WARM_CALLS = 200
_SHORT_S = 4.0
_HANG_UP_S = 0.5


class _Doing(Enum):
    LISTENING = auto()
    PAUSING = auto()
    ASKING = auto()
    WAITING = auto()


@dataclass(slots=True)
class Tally:
    """What callers measured. `voice_to_voice_ms`: from the sending of a question's last frame to the first audio of
    the reply; `added_ms` the same less the silence after which that turn was due. `lateness_ms`: for each later message
    of reply audio, how long the caller's playout had been empty when it came, 0 when it was not."""

    voice_to_voice_ms: list[float] = field(default_factory=list)
    added_ms: list[float] = field(default_factory=list)
    lateness_ms: list[float] = field(default_factory=list)
    turns: int = 0
    unanswered: int = 0
    cut_off: int = 0
    refused: int = 0
    dropped: int = 0
    sending_late_ms: list[float] = field(default_factory=list)


def coded_frames(samples: np.ndarray[Any, Any]) -> list[bytes]:
    """Base64 of each 20 ms, the last one filled up with silence."""
    padded = np.concatenate((samples, np.zeros(-len(samples) % _FRAME, np.int16))).astype(np.int16)
    coded = encode(padded, "mulaw")
    return [base64.b64encode(coded[at : at + _FRAME]) for at in range(0, len(coded), _FRAME)]


class Caller(asyncio.Protocol):
    """One caller. `tick` is called every 20 ms. `tally` counts what it meets while `measuring`."""

    def __init__(
        self,
        number: int,
        questions: list[list[bytes]],
        noise: list[bytes],
        tally: Tally,
        first_pause_s: tuple[float, float] = _FIRST_PAUSE_S,
        unsure_every: int = 0,
        ticket: str = "",
    ) -> None:
        self._unsure_every = unsure_every
        self._replies = 0
        self._first_pause_s = first_pause_s
        self._sid = b"MZ%032x" % number
        self._path = f"/telephony/twilio/media/{ticket or f'{number:x}'}"
        self._questions = questions
        self._noise = noise
        self.tally = tally
        self._random = random.Random(number)  # noqa: S311  spreads callers, nothing more
        self._reader = FrameReader(self._on_message, self._on_close, self._on_ping)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._doing = _Doing.LISTENING
        self._question = self._random.randrange(len(questions))
        self._at = 0
        self._until_s = 0.0
        self._asked_s = 0.0
        self._plays_until_s = 0.0
        self._in_reply = False
        self._marks: list[tuple[float, str]] = []
        self._sequence = 2
        self._leaving = False
        self.measuring = False
        self.joined = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._reader.status == 101 and self._transport is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(handshake(self._path))

    def data_received(self, data: bytes) -> None:
        greeted = self._reader.status
        self._reader.feed(data)
        if greeted or not self._reader.status:
            return
        if self._reader.status == 101:
            self._begin()
        else:
            self.tally.refused += 1
        self.joined.set()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._leaving and self._reader.status == 101:
            self.tally.dropped += 1
        self._transport = None
        self.joined.set()

    def leave(self) -> None:
        self._leaving = True
        if self.connected:
            self._write(b'{"event":"stop","streamSid":"%s","stop":{}}' % self._sid)

    def tick(self, now_s: float) -> None:
        """Send the next frame."""
        if not self.connected or self._leaving:
            return
        self._echo_marks(now_s)
        self._decide(now_s)
        self._sequence += 1
        chunk = self._sequence - 2
        if self._doing is _Doing.ASKING:
            payload = self._questions[self._question][self._at]
            self._at += 1
        else:
            payload = self._noise[chunk % len(self._noise)]
        self._write(
            b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d",'
            b'"payload":"%s"},"streamSid":"%s"}' % (self._sequence, chunk, chunk * 20, payload, self._sid)
        )
        if self._doing is _Doing.ASKING and self._at == len(self._questions[self._question]):
            self._doing, self._asked_s = _Doing.WAITING, now_s
            self.tally.turns += self.measuring

    def _begin(self) -> None:
        self._write(b'{"event":"connected","protocol":"Call","version":"1.0.0"}')
        self._write(
            b'{"event":"start","sequenceNumber":"1","streamSid":"%(sid)s","start":{"accountSid":"AC","streamSid":'
            b'"%(sid)s","callSid":"CA","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw",'
            b'"sampleRate":8000,"channels":1},"customParameters":{}}}' % {b"sid": self._sid}
        )

    def _decide(self, now_s: float) -> None:
        match self._doing:
            case _Doing.LISTENING if not self._in_reply and now_s >= self._plays_until_s > 0:
                pause_s = self._random.uniform(*(_PAUSE_S if self._asked_s else self._first_pause_s))
                self._doing, self._until_s = _Doing.PAUSING, now_s + pause_s
            case _Doing.PAUSING if now_s >= self._until_s:
                self._doing, self._at = _Doing.ASKING, 0
                self._question = (self._question + 1) % len(self._questions)
            case _Doing.WAITING if now_s - self._asked_s > _NO_ANSWER_S:
                self.tally.unanswered += self.measuring
                self._doing, self._until_s = _Doing.PAUSING, now_s

    def _on_message(self, message: dict[str, Any]) -> None:
        now_s = self._loop.time()
        match message["event"]:
            case "media":
                self._hear(len(message["media"]["payload"]) * 3 // 4 / RATE_HZ, now_s)
            case "mark":
                self._marks.append((self._plays_until_s, message["mark"]["name"]))
                self._in_reply = False
            case "clear":
                self._plays_until_s = now_s

    def _hear(self, audio_s: float, now_s: float) -> None:
        if not self._in_reply:
            if self._doing is _Doing.WAITING and self.measuring:
                took_ms = (now_s - self._asked_s) * 1000
                self.tally.voice_to_voice_ms.append(took_ms)
                self.tally.added_ms.append(took_ms - self._due_ms())
            elif self._doing is _Doing.ASKING:
                self.tally.cut_off += self.measuring
                self._doing = _Doing.LISTENING
        elif self.measuring:
            self.tally.lateness_ms.append(max(0.0, now_s - self._plays_until_s) * 1000)
        if self._doing is not _Doing.ASKING:
            self._doing = _Doing.LISTENING
        self._replies += not self._in_reply
        self._in_reply = True
        self._plays_until_s = max(self._plays_until_s, now_s) + audio_s

    def _due_ms(self) -> int:
        """The silence after which the turn just answered was due: the first reply was the greeting, and the server
        leaves the turns after every `unsure_every`th to the turn detector."""
        judged = self._unsure_every and (self._replies - 1) % self._unsure_every == 0
        return _TIMINGS.unsure_least_ms if judged else _TIMINGS.complete_ms

    def _echo_marks(self, now_s: float) -> None:
        while self._marks and self._marks[0][0] <= now_s:
            name = self._marks.pop(0)[1].encode()
            self._write(b'{"event":"mark","streamSid":"%s","mark":{"name":"%s"}}' % (self._sid, name))

    def _on_close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _on_ping(self, payload: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame(payload, PONG))

    def _write(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame(message))


@dataclass(slots=True)
class Callers:
    """All callers of a run. Their frames are spread evenly over 20 ms, as the frames of unrelated calls are."""

    callers: list[Caller]
    tally: Tally

    def measure(self, tally: Tally | None) -> None:
        """From now on count into `tally`; with none, count no more."""
        self.tally = tally or self.tally
        for caller in self.callers:
            caller.tally, caller.measuring = self.tally, tally is not None

    async def tick(self) -> None:
        loop = asyncio.get_running_loop()
        gap_s = _FRAME_S / _PHASES
        due_s = loop.time()
        phase = 0
        while True:
            now_s = loop.time()
            if now_s < due_s:
                await asyncio.sleep(due_s - now_s)
                now_s = loop.time()
            if self.callers and self.callers[0].measuring and phase == 0:
                self.tally.sending_late_ms.append((now_s - due_s) * 1000)
            for caller in self.callers[phase::_PHASES]:
                caller.tick(now_s)
            phase = (phase + 1) % _PHASES
            due_s += gap_s


def _tell(**said: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(said) + b"\n")
    sys.stdout.buffer.flush()


async def _run(port: int, calls: int, settle_s: float, seconds: float, unsure_every: int, material: Material) -> None:
    questions = [coded_frames(question) for question in material.questions]
    noise = coded_frames(np.random.default_rng(1).normal(0, LINE_NOISE, RATE_HZ).astype(np.int16))
    tally = Tally()
    running = Callers([], tally)
    loop = asyncio.get_running_loop()
    ticking = asyncio.create_task(running.tick())
    for number in range(calls):
        caller = Caller(number, questions, noise, tally, unsure_every=unsure_every)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
        running.callers.append(caller)
        await asyncio.sleep(_CONNECT_GAP_S)
    await asyncio.gather(*(caller.joined.wait() for caller in running.callers))
    gc.freeze()
    _tell(stage="joined", refused=tally.refused)
    await asyncio.sleep(settle_s)
    running.measure(tally)
    _tell(stage="measuring")
    await asyncio.sleep(seconds)
    running.measure(None)
    _tell(stage="measured", live=sum(caller.connected for caller in running.callers))
    # The parent reads its figures while the calls are live, then lets them go.
    await asyncio.to_thread(sys.stdin.readline)
    for caller in running.callers:
        caller.leave()
    await asyncio.sleep(1.0)
    ticking.cancel()
    _tell(stage="ended", tally=asdict(tally))


async def _run_short(port: int, calls: int, material: Material) -> None:
    """`calls` calls of a few seconds each, `_AT_ONCE` at a time: they start, ask once, and hang up."""
    questions = [coded_frames(question) for question in material.questions]
    noise = coded_frames(np.random.default_rng(1).normal(0, LINE_NOISE, RATE_HZ).astype(np.int16))
    running = Callers([], Tally())
    ticking = asyncio.create_task(running.tick())
    loop = asyncio.get_running_loop()
    numbers = iter(range(calls))

    async def line() -> None:
        for number in numbers:
            caller = Caller(number, questions, noise, running.tally, first_pause_s=(0.0, 0.2))
            caller.measuring = True
            await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)  # type: ignore[misc]
            await caller.joined.wait()
            running.callers.append(caller)
            await asyncio.sleep(_SHORT_S)
            caller.leave()
            running.callers.remove(caller)
            await asyncio.sleep(_HANG_UP_S)
            if number + 1 == min(_WARM_CALLS, calls):
                _tell(stage="warm")
                await asyncio.sleep(_HANG_UP_S)

    await asyncio.gather(*(line() for _ in range(_AT_ONCE)))
    await asyncio.sleep(2.0)
    ticking.cancel()
    _tell(stage="ended", tally=asdict(running.tally))


def main(
    material: Path,
    port: Annotated[int, typer.Option()],
    calls: Annotated[int, typer.Option()],
    seconds: Annotated[float, typer.Option()] = 60.0,
    settle_s: Annotated[float, typer.Option()] = 10.0,
    core: Annotated[int, typer.Option()] = -1,
    unsure_every: Annotated[int, typer.Option()] = 2,
    short: Annotated[bool, typer.Option()] = False,
) -> None:
    if core >= 0:
        os.sched_setaffinity(0, {core})
    if short:
        within_s = calls * (_SHORT_S + 2 * _HANG_UP_S) / _AT_ONCE + _SPARE_S
        uvloop.run(_bounded(_run_short(port, calls, Material.load(material)), within_s))
        return
    work = _run(port, calls, settle_s, seconds, unsure_every, Material.load(material))
    uvloop.run(_bounded(work, seconds + settle_s + _SPARE_S))


async def _bounded(run: Coroutine[Any, Any, None], within_s: float) -> None:
    async with asyncio.timeout(within_s):
        await run


if __name__ == "__main__":
    typer.run(main)
