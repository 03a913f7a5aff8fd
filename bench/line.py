"""A caller that costs next to nothing: frames made beforehand go out in real time, what comes back is kept and
looked at when the call is over."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.utterances import FRAME, FRAME_MS, RATE_HZ, Clip, on_the_line
from reception.cli.phone_book import look_up
from reception.cli.playback import Playback
from reception.core.audio import decode, encode

_SETTLED_S = 0.35
_NOISE_FRAMES = 100
_, NOISE = on_the_line(np.zeros(_NOISE_FRAMES * FRAME, np.int16), seed=1)


@dataclass(frozen=True, slots=True)
class Said:
    """`clip` left the caller's mouth from `starts_s` on."""

    clip: Clip
    starts_s: float

    @property
    def begins_s(self) -> float:
        return self.starts_s + self.clip.begins_s

    @property
    def ends_s(self) -> float:
        return self.starts_s + self.clip.ends_s


@dataclass(frozen=True, slots=True)
class Echo:
    """What of the agent's voice comes back into the microphone of a telephone on the table."""

    level_db: float
    delay_s: float


class Line:
    """One call in progress. Times are seconds since it was answered."""

    def __init__(self, socket: ClientConnection, echo: Echo | None) -> None:
        self.events: list[tuple[float, Mapping[str, Any]]] = []
        self.said: list[Said] = []
        self.playback = Playback(RATE_HZ)
        self.ended = ""
        self.late_frames = 0
        self._socket = socket
        self._echo = echo
        self._frames: list[bytes] = []
        self._sent = 0
        self._loop = asyncio.get_running_loop()
        self._answered_s = self._loop.time()
        self._reply_over = asyncio.Event()
        self._said_all = asyncio.Event()
        self._greeted = False
        self._turn = 0

    @property
    def now_s(self) -> float:
        return self._loop.time() - self._answered_s

    @property
    def seconds(self) -> float:
        return self._sent * FRAME_MS / 1000

    async def say(self, clip: Clip) -> None:
        """Speak; returns when the last frame has left."""
        self._reply_over.clear()
        # What is still told of the turn before, which this may interrupt, is no sign of an answer.
        self._turn = -1
        self._frames = list(clip.frames)
        self.said.append(Said(clip, self._sent * FRAME_MS / 1000))
        self._said_all.clear()
        await self._said_all.wait()

    async def hear_out(self, timeout_s: float = 25.0) -> None:
        """Wait until the reply has been played to its end, or the call is over."""
        until_s = self.now_s + timeout_s
        while not self.ended and self.now_s < until_s:
            await asyncio.sleep(0.05)
            quiet = self.now_s >= self.playback.ends_s + _SETTLED_S and not self.playback.waiting_marks
            if quiet and (self._reply_over.is_set() or (not self._greeted and self.playback.ends_s > 0)):
                self._greeted = True
                return

    async def hear_sound(self, for_s: float, timeout_s: float = 6.0) -> bool:
        """Wait until the agent has been sounding for `for_s` and goes on."""
        after_s = self.said[-1].ends_s
        until_s = self.now_s + timeout_s
        while not self.ended and self.now_s < until_s:
            await asyncio.sleep(0.05)
            sound_s = self.playback.first_sound_s(received_after_s=after_s)
            if sound_s is not None and self.now_s >= sound_s + for_s:
                return self.playback.audible_past(self.now_s + 0.3)
        return False

    def reply_text(self) -> str:
        """What the agent has said since the caller spoke last."""
        since_s = self.said[-1].starts_s if self.said else 0.0
        return " ".join(event["text"] for at_s, event in self.events if event["type"] == "reply" and at_s >= since_s)

    async def run_microphone(self) -> None:
        while not self.ended:
            frame = self._frames.pop(0) if self._frames else NOISE[self._sent % _NOISE_FRAMES]
            if self._echo is not None:
                frame = self._with_echo(frame, self._echo)
            if not self._frames:
                self._said_all.set()
            self._sent += 1
            wait_s = self._sent * FRAME_MS / 1000 - self.now_s
            self.late_frames += wait_s < -FRAME_MS / 1000
            await asyncio.sleep(max(0.0, wait_s))
            await self._send(frame)
            for name in self.playback.reached(self.now_s):
                await self._send(json.dumps({"type": "mark", "name": name}))
        self._said_all.set()

    async def run_earpiece(self) -> None:
        try:
            async for message in self._socket:
                self._take(message)
        except ConnectionClosed:
            pass
        self.ended = self.ended or "connection_lost"

    async def hang_up(self) -> None:
        if not self.ended:
            await self._send(json.dumps({"type": "stop"}))
            await asyncio.sleep(0.2)

    def _with_echo(self, frame: bytes, echo: Echo) -> bytes:
        at_s = self._sent * FRAME_MS / 1000 - echo.delay_s
        played = self.playback.render(at_s, at_s + FRAME_MS / 1000)[:FRAME]
        mixed = decode(frame, "mulaw").astype(np.float64)
        mixed[: played.size] += played * 10 ** (echo.level_db / 20)
        return encode(np.clip(mixed, -32768, 32767).astype(np.int16), "mulaw")

    def _take(self, message: str | bytes) -> None:
        now_s = self.now_s
        if isinstance(message, bytes):
            self.playback.push(decode(message, "mulaw"), now_s)
            return
        event = json.loads(message)
        self.events.append((now_s, event))
        match event["type"]:
            case "transcript" if event["final"]:
                self._turn = event["turn"]
                self._reply_over.clear()
            case "turn_metrics" if event["turn"] == self._turn:
                self._reply_over.set()
            case "mark":
                self.playback.mark(event["name"], now_s)
            case "clear":
                self.playback.clear(now_s)
            case "ended":
                self.ended = event["reason"]

    async def _send(self, message: str | bytes) -> None:
        try:
            await self._socket.send(message)
        except ConnectionClosed:
            self.ended = self.ended or "connection_lost"


@asynccontextmanager
async def call(url: str, agent: str, *, echo: Echo | None = None) -> AsyncIterator[Line]:
    """A telephone call: 8 kHz, µ-law, 20 ms a frame, with the line's noise."""
    found = await look_up(url, agent)
    address = url.replace("http", "ws", 1) + "/voice/stream"
    headers = {"Authorization": f"Bearer {found.token}"}
    async with connect(
        address, additional_headers=headers, max_size=2**22, max_queue=None, compression=None, proxy=None
    ) as socket:
        audio = {"encoding": "mulaw", "sample_rate": RATE_HZ}
        start = {"type": "start", "agent_id": found.agent_id, "audio": audio, "partial_transcripts": False}
        await socket.send(json.dumps(start))
        ready = json.loads(await socket.recv())
        if ready["type"] != "ready":
            raise ConnectionError(f"the call was not taken: {ready}")
        line = Line(socket, echo)
        tasks = [asyncio.create_task(line.run_earpiece()), asyncio.create_task(line.run_microphone())]
        try:
            yield line
        finally:
            await line.hang_up()
            await socket.close()
            await asyncio.gather(*tasks)
