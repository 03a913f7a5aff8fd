"""A caller over our own WebSocket: the browser, the widget, the command line (wire format: docs/VOICE_STREAM.md)."""

import asyncio
from collections.abc import AsyncIterator, Mapping, MutableMapping, Sequence
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import orjson
import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from reception.core.audio import Resampler, decode, encode
from reception.core.clock import Clock
from reception.core.errors import InvalidInput
from reception.ports.audio import AudioFormat, Pcm16
from reception.ports.events import CallEnded, CallEvent
from reception.ports.leg import AudioIn, DtmfIn, LegClosed, LegInput, MarkIn, TextIn, TypingIn
from reception.transports.browser_messages import (
    AudioMessage,
    DtmfMessage,
    MarkMessage,
    Start,
    Stop,
    TextMessage,
    TypingMessage,
    audio_message,
    error_message,
    event_message,
    parse_client_message,
    ready_message,
)
from reception.transports.closing import closing_of
from reception.transports.outbox import Frame, Outbox
from reception.transports.pace import AudioPace
from reception.transports.resumption import SentMessages
from reception.transports.tempo import AudioTempo, arriving_rate_hz

_log = structlog.get_logger(__name__)

NORMAL_CLOSURE = 1000
LONGEST_INPUT_MS = 1000
_LONGEST_OUTPUT_MS = 500
_OUTBOX_AUDIO_MS = 10_000.0
_OUTBOX_FRAMES = 256
_STALL_S = 10.0
_FLUSH_S = 2.0


class BrowserLeg:
    """Implements `ports.leg.CallLeg` over an accepted socket whose `start` has been read.

    Used as an async context manager, which owns the task that writes. The engine's rate is 8000 Hz for clients below
    16 kHz and 16000 Hz for the others; audio to the client is made at the client's own rate.

    `sent` numbers the messages. `missed`, which may be None for a new call, is what a client that takes its call up
    again is told after `ready`. As an observer of its own call it takes note of what could not be told any more.
    """

    def __init__(
        self,
        socket: WebSocket,
        audio: AudioFormat,
        conversation_id: UUID,
        clock: Clock,
        sent: SentMessages | None = None,
        missed: Sequence[dict[str, Any]] | None = None,
        *,
        shows_partials: bool = True,
    ) -> None:
        self._socket = socket
        self._audio = audio
        self._conversation_id = conversation_id
        self._clock = clock
        self._bytes_per_sample = 2 if audio.encoding == "pcm_s16le" else 1
        self._rate_hz = 8000 if audio.sample_rate_hz < 16000 else 16000
        self._resampler = Resampler(audio.sample_rate_hz, self._rate_hz)
        self._outbox = Outbox(max_audio_ms=_OUTBOX_AUDIO_MS, max_frames=_OUTBOX_FRAMES)
        self._pace = AudioPace()
        self._tempo = AudioTempo()
        self._sent = sent or SentMessages()
        self._missed = missed
        self._shows_partials = shows_partials
        self._gone = False
        self._told: CallEvent | None = None
        self._binary = False
        self._ended = False
        self._close_reason: str | None = None
        self._stalled = False
        self._reading: asyncio.Timeout | None = None
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write(), name="browser-leg-writer")
        await self._send(ready_message(self._conversation_id, self._audio, resumed=self._missed is not None))
        for message in self._missed or ():
            await self._send(message)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._outbox.abandon()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    @property
    def output_rate_hz(self) -> int:
        return self._audio.sample_rate_hz

    @property
    def shows_partials(self) -> bool:
        return self._shows_partials

    async def inputs(self) -> AsyncIterator[LegInput]:
        """Everything from the client, in order; a malformed message is answered with `error` and left out."""
        while True:
            message = await self._receive()
            if message is None or message["type"] == "websocket.disconnect":
                self._gone = True
                await self._outbox.abandon()
                yield LegClosed(closing_of(message))
                return
            try:
                received = self._understand(message)
            except InvalidInput as problem:
                await self._send(error_message(problem.code, problem.detail, fatal=False))
                continue
            if isinstance(received, AudioIn):
                audio_ms, now_s = received.samples.size * 1000.0 / self._rate_hz, self._clock.monotonic_s()
                wait_s = self._pace.wait_s(audio_ms, now_s)
                ratio = self._tempo.take(audio_ms, now_s, held_back=wait_s > 0.0)
                yield received
                if ratio is not None:
                    await self._send(_wrong_tempo(self._audio, ratio))
                if wait_s:
                    await asyncio.sleep(wait_s)
                continue
            yield received
            if isinstance(received, LegClosed):
                return

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        step = self._audio.sample_rate_hz * _LONGEST_OUTPUT_MS // 1000
        for start in range(0, samples.size, step):
            piece = samples[start : start + step]
            data = encode(piece, self._audio.encoding)
            payload = data if self._binary else audio_message(turn, data)
            await self._put(Frame(payload, piece.size * 1000.0 / self._audio.sample_rate_hz))

    async def send_mark(self, name: str) -> None:
        await self._send({"type": "mark", "name": name})

    async def clear(self) -> None:
        await self._outbox.drop_audio()
        await self._send({"type": "clear"})

    async def send_event(self, event: CallEvent) -> None:
        if isinstance(event, CallEnded):
            self._ended = True
        if not self._gone:
            self._told = event
            await self._send(event_message(event))

    def on_event(self, event: CallEvent) -> None:
        if event is not self._told and not isinstance(event, CallEnded):
            self._sent.number(event_message(event))

    async def close(self, reason: str) -> None:
        """Send what waits, then close; gives up on a client that does not read."""
        if self._close_reason is not None:
            return
        if not self._ended:
            await self.send_event(CallEnded(reason))
        self._close_reason = reason
        await self._outbox.close()
        if self._writer is not None:
            await asyncio.wait((self._writer,), timeout=_FLUSH_S)

    async def _receive(self) -> MutableMapping[str, Any] | None:
        """The next message; None when the client has stopped reading what it is sent."""
        if self._stalled:
            return None
        try:
            async with asyncio.timeout(None) as self._reading:
                return await self._socket.receive()
        except TimeoutError:
            return None
        finally:
            self._reading = None

    def _understand(self, message: Mapping[str, Any]) -> LegInput:
        data = message.get("bytes")
        if data is not None:
            self._binary = True
            return self._audio_in(data)
        parsed = parse_client_message(message.get("text") or "")
        match parsed:
            case AudioMessage():
                return self._audio_in(parsed.decoded())
            case TextMessage(text=text):
                return TextIn(text)
            case TypingMessage():
                return TypingIn()
            case DtmfMessage(digit=digit):
                return DtmfIn(digit)
            case MarkMessage(name=name):
                return MarkIn(name)
            case Stop():
                return LegClosed("stopped_by_caller")
            case Start():
                raise InvalidInput("The call has started already.")

    def _audio_in(self, data: bytes) -> AudioIn:
        if not data:
            raise InvalidInput("An audio frame must hold at least one sample.")
        longest = self._audio.sample_rate_hz * self._bytes_per_sample * LONGEST_INPUT_MS // 1000
        if len(data) > longest:
            raise InvalidInput(f"An audio frame must be at most {LONGEST_INPUT_MS} ms: {longest} bytes as agreed.")
        return AudioIn(self._resampler.process(decode(data, self._audio.encoding)))

    async def _send(self, message: dict[str, Any]) -> None:
        await self._put(Frame(message))

    async def _put(self, frame: Frame) -> None:
        try:
            async with asyncio.timeout(_STALL_S):
                await self._outbox.put(frame)
        except TimeoutError:
            await self._give_up()

    async def _write(self) -> None:
        try:
            while (frame := await self._outbox.take()) is not None:
                async with asyncio.timeout(_STALL_S):
                    await self._write_frame(frame.payload)
            async with asyncio.timeout(_FLUSH_S):
                await self._socket.close(NORMAL_CLOSURE, (self._close_reason or "ended")[:120])
        except TimeoutError:
            await self._give_up()
        except (WebSocketDisconnect, RuntimeError):
            # Starlette raises RuntimeError for a send after the peer has closed.
            await self._outbox.abandon()

    async def _write_frame(self, payload: dict[str, Any] | bytes) -> None:
        if isinstance(payload, bytes):
            await self._socket.send_bytes(payload)
            return
        self._sent.number(payload)
        await self._socket.send_text(orjson.dumps(payload, default=_plain).decode("utf-8"))

    async def _give_up(self) -> None:
        """The client has not read for too long: forget what waits, and let the reader end the call."""
        _log.info("socket.stalled", call_id=str(self._conversation_id))
        self._stalled = True
        await self._outbox.abandon()
        if self._reading is not None:
            self._reading.reschedule(0.0)


def _wrong_tempo(audio: AudioFormat, ratio: float) -> dict[str, Any]:
    message = (
        f"Audio arrives at about {arriving_rate_hz(audio.sample_rate_hz, ratio)} Hz but {audio.sample_rate_hz} Hz was "
        f"announced in start.audio.sample_rate, or it is not {audio.encoding} as start.audio.encoding says."
    )
    _log.warning("socket.audio_rate", announced_hz=audio.sample_rate_hz, ratio=round(ratio, 2))
    return error_message("audio_rate", message, fatal=False)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    return str(value)
