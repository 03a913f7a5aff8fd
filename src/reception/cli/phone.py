"""A telephone for a running server: calls it over `WS /voice/stream` the way a person with a microphone would.

Audio is sent in real time, 20 ms a frame, with room noise between utterances; what comes back is "played" in real
time by a `Playback`, which echoes marks and obeys `clear`. Tests and benchmarks are built on it.
"""

import asyncio
import base64
import json
import wave
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from reception.cli.phone_book import Line, on_this_machine
from reception.cli.playback import LatencyMeter, Playback
from reception.core.audio import decode, encode
from reception.core.errors import InvalidInput, NotFound, Unauthenticated, Unavailable
from reception.ports.audio import AudioFormat, Pcm16

FRAME_MS = 20
SETTLED_S = 0.3
UNCONFIRMED_S = 2.0
"""A reply has ended when nothing was played for so long and nothing is on its way: `SETTLED_S` where the server has
sent the turn's metrics, which it does at the end of a reply."""
ROOM_NOISE_LSB = 12.0
LARGEST_MESSAGE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Action:
    """Something the server says it did."""

    name: str
    data: Mapping[str, Any]


@dataclass(slots=True)
class Turn:
    """One utterance of the caller and what came of it. The first turn is the greeting, with nothing said.

    `said` is what the caller meant to say (empty for recordings), `heard` what the server made of it, `latency_ms`
    the waveform's own (see `LatencyMeter`), `metrics` the server's. `overlapped` says that the agent was audible when
    the utterance ended, so that no latency can be told.
    """

    said: str = ""
    heard: str = ""
    reply: list[str] = field(default_factory=list)
    citations: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    latency_ms: float | None = None
    overlapped: bool = False
    cleared: bool = False
    metrics: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def reply_text(self) -> str:
        return " ".join(self.reply)


class PhoneCall:
    """One call in progress; made by `dial`."""

    def __init__(self, socket: ClientConnection, audio: AudioFormat) -> None:
        self.turns: list[Turn] = [Turn()]
        self.events: list[tuple[float, Mapping[str, Any]]] = []
        """Every JSON message but audio, with its arrival in seconds since the call was answered."""
        self.conversation_id = ""
        self.ended: str | None = None
        """Why the call is over, once it is."""
        self.playback = Playback(audio.sample_rate_hz)
        self._socket = socket
        self._audio = audio
        self._meter = LatencyMeter(self.playback, audio.sample_rate_hz)
        self._frame_samples = audio.sample_rate_hz * FRAME_MS // 1000
        self._noise = np.random.default_rng(7)
        self._microphone: list[Pcm16] = []
        self._speaking: Pcm16 = np.zeros(0, dtype=np.int16)
        self._loop = asyncio.get_running_loop()
        self._answered_s = self._loop.time()
        self._tick = asyncio.Event()
        self._hung_up = False

    @property
    def actions(self) -> list[Action]:
        return [action for turn in self.turns for action in turn.actions]

    @property
    def transcript(self) -> list[tuple[str, str]]:
        """(`caller` or `agent`, words) in order; the caller's as the server heard them."""
        lines = [line for turn in self.turns for line in (("caller", turn.heard), ("agent", turn.reply_text))]
        return [line for line in lines if line[1]]

    @property
    def seq(self) -> int:
        """The number of the latest message that was heard; -1 before the first."""
        return max((int(event["seq"]) for _, event in self.events), default=-1)

    @property
    def now_s(self) -> float:
        """Seconds since the call was answered; the time base of the microphone and of the playback."""
        return self._loop.time() - self._answered_s

    async def say(self, samples: Pcm16, text: str = "") -> None:
        """Speak `samples` (at the call's rate) into the microphone; returns once all of it has left."""
        self._open_turn(Turn(said=text))
        self._speaking = np.concatenate((self._speaking, samples.astype(np.int16, copy=False)))
        starts_s = len(self._microphone) * FRAME_MS / 1000
        self._meter.spoke(samples, starts_s)
        await self._until(lambda: not self._speaking.size)
        self.turns[-1].overlapped = self.playback.audible_past(self._meter.spoken_until_s or 0.0)

    async def type(self, text: str) -> None:
        """Send `text` in place of speech."""
        self._open_turn(Turn(said=text))
        self._meter.acted(self.now_s)
        await self._send({"type": "text", "text": text})

    async def press(self, digit: str) -> None:
        self._open_turn(Turn(said=f"[{digit}]"))
        self._meter.acted(self.now_s)
        await self._send({"type": "dtmf", "digit": digit})

    async def wait_sound(self, timeout_s: float = 15.0) -> bool:
        """Wait until the reply to the latest turn can be heard."""
        return await self._until(self._first_sound_due, timeout_s)

    async def wait_reply(self, timeout_s: float = 30.0) -> Turn:
        """Wait until the reply to the latest turn has been played to its end, and return that turn.

        Also returns when the call ends or the time is over: `Turn.reply` is empty then, or incomplete.
        """
        await self._until(self._reply_ended, timeout_s)
        return self.turns[-1]

    async def listen(self, seconds: float) -> None:
        """Stay on the line, saying nothing."""
        until_s = self.now_s + seconds
        await self._until(lambda: self.now_s >= until_s)

    async def wait_ended(self, timeout_s: float = 30.0) -> str | None:
        """Wait for the server to end the call; its reason, or None when it has not."""
        await self._until(lambda: self.ended is not None, timeout_s)
        return self.ended

    async def hang_up(self) -> None:
        """Put the receiver down, politely with `stop`."""
        if self.ended is None and not self._hung_up:
            self._hung_up = True
            await self._send({"type": "stop"})
            await self._until(lambda: self.ended is not None, 5.0)

    async def drop(self) -> None:
        """Lose the line without a word, as a phone does that runs out of battery."""
        self._hung_up = True
        self._socket.transport.abort()
        await self._until(lambda: self.ended is not None, 5.0)

    def save(self, path: Path) -> None:
        """Write what was sent (left) and what was played (right) as a WAV file."""
        sent = np.concatenate(self._microphone) if self._microphone else np.zeros(0, dtype=np.int16)
        played = self.playback.render(0.0, sent.size / self._audio.sample_rate_hz)
        length = min(sent.size, played.size)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(self._audio.sample_rate_hz)
            file.writeframes(np.column_stack((sent[:length], played[:length])).astype("<i2").tobytes())

    def _open_turn(self, turn: Turn) -> None:
        self._settle_latency()
        self.turns.append(turn)

    def _first_sound_due(self) -> bool:
        after_s = self._meter.spoken_until_s or 0.0
        sound_s = self.playback.first_sound_s(received_after_s=after_s)
        return sound_s is not None and sound_s <= self.now_s

    def _reply_ended(self) -> bool:
        spoken_until_s = self._meter.spoken_until_s or 0.0
        if self.playback.waiting_marks or not self.turns[-1].reply:
            return False
        if self.playback.first_sound_s(received_after_s=spoken_until_s) is None:
            return False
        settled_s = SETTLED_S if self.turns[-1].metrics or len(self.turns) == 1 else UNCONFIRMED_S
        return self.now_s >= max(self.playback.ends_s, spoken_until_s) + settled_s

    def _settle_latency(self) -> None:
        turn = self.turns[-1]
        if turn.said or len(self.turns) > 1:
            turn.latency_ms = None if turn.overlapped else self._meter.latency_ms()

    async def _until(self, holds: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Wait, a frame at a time, until `holds` or the call is over."""
        until_s = None if timeout_s is None else self.now_s + timeout_s
        while not holds():
            if self.ended is not None or (until_s is not None and self.now_s >= until_s):
                self._settle_latency()
                return holds()
            await self._tick.wait()
        self._settle_latency()
        return True

    async def run_microphone(self) -> None:
        """Send a frame every 20 ms until the call is over; a late frame is caught up with at once."""
        try:
            while self.ended is None:
                frame = self._next_frame()
                self._microphone.append(frame)
                await asyncio.sleep(len(self._microphone) * FRAME_MS / 1000 - self.now_s)
                if not self._hung_up:
                    await self._send(encode(frame, self._audio.encoding))
                    for name in self.playback.reached(self.now_s):
                        await self._send({"type": "mark", "name": name})
                self._tick.set()
                self._tick = asyncio.Event()
        finally:
            self.ended = self.ended or "phone_failed"
            self._tick.set()

    def _next_frame(self) -> Pcm16:
        frame = np.round(self._noise.normal(0.0, ROOM_NOISE_LSB, self._frame_samples)).astype(np.int16)
        spoken = self._speaking[: self._frame_samples]
        frame[: spoken.size] = spoken
        self._speaking = self._speaking[self._frame_samples :]
        return frame

    async def run_earpiece(self) -> None:
        """Take in everything the server sends, until the socket closes."""
        try:
            async for message in self._socket:
                self._take(message)
        except ConnectionClosed:
            pass
        finally:
            lost = self._socket.close_reason or "connection_lost"
            self.ended = self.ended or ("hung_up" if self._hung_up else lost)

    def _take(self, message: str | bytes) -> None:
        if isinstance(message, bytes):
            self.playback.push(decode(message, self._audio.encoding), self.now_s)
            return
        event = json.loads(message)
        if event["type"] == "audio":
            self.playback.push(decode(base64.b64decode(event["data"]), self._audio.encoding), self.now_s)
            return
        self.events.append((self.now_s, event))
        turn = self.turns[-1]
        match event["type"]:
            case "ready":
                self.conversation_id = event["conversation_id"]
            case "transcript" if event["final"]:
                turn.heard = f"{turn.heard} {event['text']}".strip()
            case "reply":
                turn.reply.append(event["text"])
                turn.citations += [str(one.get("document", "")) for one in event.get("citations", ())]
            case "action":
                turn.actions.append(Action(event["name"], event["data"]))
            case "turn_metrics":
                turn.metrics.append(event)
            case "mark":
                self.playback.mark(event["name"], self.now_s)
            case "clear":
                turn.cleared = True
                self.playback.clear(self.now_s)
            case "ended":
                self.ended = event["reason"]

    async def _send(self, message: Mapping[str, Any] | bytes) -> None:
        try:
            await self._socket.send(message if isinstance(message, bytes) else json.dumps(message))
        except ConnectionClosed:
            self._tick.set()


@asynccontextmanager
async def dial(
    line: Line, audio: AudioFormat, *, caller_phone: str = "", caller_name: str = "", broken: PhoneCall | None = None
) -> AsyncIterator[PhoneCall]:
    """Call the agent of `line`; hangs up at the end of the block. `broken` is a call to take up again.

    Raises:
        Unavailable: nobody answers, or the server is full.
        Unauthenticated: the token is not accepted.
        NotFound: the server knows no such agent.
        InvalidInput: the server refuses the format.
    """
    parts = urlsplit(line.url)
    address = urlunsplit(("wss" if parts.scheme == "https" else "ws", parts.netloc, "/voice/stream", "", ""))
    try:
        socket = await connect(
            address,
            additional_headers=line.headers,
            max_size=LARGEST_MESSAGE_BYTES,
            max_queue=None,
            compression=None,
            proxy=None if on_this_machine(line.url) else True,
        )
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise Unavailable(f"The call to {address} could not be placed: {error}") from error
    async with socket:
        offer = {"encoding": audio.encoding, "sample_rate": audio.sample_rate_hz}
        start: dict[str, Any] = {"type": "start", "agent_id": line.agent_id, "audio": offer}
        if caller_phone or caller_name:
            start["caller"] = {"name": caller_name, "phone": caller_phone}
        if broken is not None:
            start |= {"conversation_id": broken.conversation_id, "resume_after_seq": broken.seq}
        call = await _answered(socket, start, audio)
        # Not a TaskGroup: what goes wrong in the block must reach the caller as it is, not in a group.
        ears = asyncio.create_task(call.run_earpiece(), name="earpiece")
        mouth = asyncio.create_task(call.run_microphone(), name="microphone")
        try:
            yield call
        finally:
            await call.hang_up()
            await socket.close()
            await asyncio.gather(ears, mouth)


async def _answered(socket: ClientConnection, start: Mapping[str, Any], audio: AudioFormat) -> PhoneCall:
    """Send `start` and wait for `ready`."""
    try:
        await socket.send(json.dumps(start))
        async with asyncio.timeout(15.0):
            event = json.loads(await socket.recv())
    except TimeoutError as error:
        raise Unavailable("The server took the call but did not answer it within 15 s.") from error
    except ConnectionClosed as closed:
        raise _refusal(closed) from closed
    if event["type"] == "error":
        raise Unavailable(f"The server refused the call: {event['message']}")
    call = PhoneCall(socket, audio)
    call.events.append((0.0, event))
    call.conversation_id = str(event.get("conversation_id", ""))
    return call


def _refusal(closed: ConnectionClosed) -> Exception:
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "the connection broke")
    kinds: dict[int, type[InvalidInput | NotFound | Unauthenticated]] = {
        4400: InvalidInput,
        4401: Unauthenticated,
        4404: NotFound,
    }
    kind = kinds.get(code)
    return kind(reason) if kind else Unavailable(f"The server refused the call: {reason or code}")
