"""A caller on the telephone, over Twilio Media Streams (the vendor's "WebSocket messages")."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import structlog
from starlette.websockets import WebSocket

from reception.core.audio import decode, encode
from reception.core.clock import Clock
from reception.core.errors import InvalidInput
from reception.ports.audio import Pcm16
from reception.ports.events import CallEvent
from reception.ports.leg import AudioIn, DtmfIn, LegClosed, LegInput, MarkIn
from reception.ports.speech import VAD_WINDOW_MS
from reception.transports.chunks import ChunkOrder
from reception.transports.closing import closing_of
from reception.transports.direct import Reading, direct_text
from reception.transports.pace import AudioPace
from reception.transports.socket_writer import SocketWriter
from reception.transports.twilio_messages import (
    KeyPressed,
    MarkReached,
    Media,
    Stopped,
    StreamStarted,
    clear_message,
    mark_message,
    media_message,
    parse_twilio,
    render,
)

_log = structlog.get_logger(__name__)

RATE_HZ = 8000
_SAMPLES_PER_MS = RATE_HZ // 1000
_MULAW_SILENCE = 0xFF
_WINDOW = VAD_WINDOW_MS * _SAMPLES_PER_MS
_LONGEST_OUTPUT = RATE_HZ // 2
_OUTBOX_AUDIO_MS = 10_000.0
_OUTBOX_FRAMES = 256
_MOST_INPUTS = 1024


class TwilioLeg:
    """Implements `ports.leg.CallLeg` over an accepted socket whose `start` has been read; an async context manager.

    Audio is 8 kHz in both directions. Frames are put in order by `chunk` (see `ChunkOrder`) and gathered up to the
    next window of voice activity, which is the first use anybody has for them. A malformed message is left out, and
    counted in the log when the call ends, as the protocol has no answer to it. Events have no message either, and stay
    with the observers.
    """

    def __init__(self, socket: WebSocket, started: StreamStarted, clock: Clock) -> None:
        self._socket = socket
        self._stream_sid = started.stream_sid
        self._clock = clock
        self._order = ChunkOrder(_MULAW_SILENCE)
        self._pace = AudioPace()
        self._writer = SocketWriter(socket, render, max_audio_ms=_OUTBOX_AUDIO_MS, max_frames=_OUTBOX_FRAMES)
        self._gathered = b""
        self._due = _WINDOW
        self._take: Callable[[Pcm16], None] | None = None
        self._reading: Reading | None = None
        self._resuming: asyncio.TimerHandle | None = None
        self._inputs: asyncio.Queue[LegInput] = asyncio.Queue()
        self._malformed = 0

    async def __aenter__(self) -> "TwilioLeg":
        await self._writer.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        self._take = None
        if self._resuming is not None:
            self._resuming.cancel()
        await self._writer.__aexit__(*raised)
        order = self._order
        if self._malformed or order.lost or order.dropped:
            _log.info("leg.frames", malformed=self._malformed, lost=order.lost, dropped=order.dropped)

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    @property
    def output_rate_hz(self) -> int:
        return RATE_HZ

    @property
    def shows_partials(self) -> bool:
        return False

    def push_audio_to(self, take: Callable[[Pcm16], None]) -> None:
        self._take = take

    async def inputs(self) -> AsyncIterator[LegInput]:
        """Everything from the caller, in order, but for audio that is pushed."""
        attach = direct_text(self._socket)
        receiving = asyncio.create_task(self._receive(direct=attach is not None), name="twilio-leg-reader")
        try:
            if attach is not None:
                self._reading = attach(self._understand)
            while True:
                received = await self._inputs.get()
                yield received
                if isinstance(received, LegClosed):
                    return
        finally:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)

    async def _receive(self, *, direct: bool) -> None:
        """Read until the socket closes; with `direct`, messages of text do not come this way."""
        while True:
            message = await self._writer.receive()
            if message is None or message["type"] == "websocket.disconnect":
                await self._writer.abandon()
                self._inputs.put_nowait(LegClosed(closing_of(message)))
                return
            self._understand((message.get("text") or "").encode())
            if not direct:
                await asyncio.sleep(self._ahead_s())

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        for start in range(0, samples.size, _LONGEST_OUTPUT):
            piece = samples[start : start + _LONGEST_OUTPUT]
            message = media_message(self._stream_sid, encode(piece, "mulaw"))
            await self._writer.put(message, piece.size / _SAMPLES_PER_MS)

    async def send_mark(self, name: str) -> None:
        await self._writer.put(mark_message(self._stream_sid, name))

    async def clear(self) -> None:
        await self._writer.drop_audio()
        await self._writer.put(clear_message(self._stream_sid))

    async def send_event(self, event: CallEvent) -> None:
        """Nothing: the wire has no message for it."""

    async def close(self, reason: str) -> None:
        await self._writer.close(reason)

    def _understand(self, text: bytes) -> None:
        try:
            received = parse_twilio(text)
        except InvalidInput:
            self._malformed += 1
            return
        if type(received) is Media:
            chunk, payload = received
            self._hear(payload if chunk is None else self._order.take(chunk, payload))
            return
        match received:
            case KeyPressed(digit=digit):
                self._queue(DtmfIn(digit))
            case MarkReached(name=name):
                self._queue(MarkIn(name))
            case Stopped():
                self._due = 0
                self._hear(self._order.flush())
                self._inputs.put_nowait(LegClosed("stopped_by_caller"))
            case _:
                return

    def _hear(self, coded: bytes) -> None:
        """Pass on what was gathered once it completes a window."""
        gathered = self._gathered = self._gathered + coded
        self._due -= len(coded)
        if self._due > 0 or not gathered:
            return
        self._gathered = b""
        self._due = self._due % _WINDOW or _WINDOW
        samples = decode(gathered, "mulaw")
        if self._take is not None:
            self._take(samples)
        else:
            self._queue(AudioIn(samples))
        ahead_s = self._pace.wait_s(samples.size / _SAMPLES_PER_MS, self._clock.monotonic_s())
        if ahead_s and self._reading is not None:
            self._reading.pause()
            # What was read already may bring more: the latest wait is the one that holds.
            if self._resuming is not None:
                self._resuming.cancel()
            self._resuming = asyncio.get_running_loop().call_later(ahead_s, self._reading.resume)

    def _queue(self, item: LegInput) -> None:
        if self._inputs.qsize() < _MOST_INPUTS:
            self._inputs.put_nowait(item)
        else:
            self._malformed += 1

    def _ahead_s(self) -> float:
        return self._pace.wait_s(0.0, self._clock.monotonic_s())
