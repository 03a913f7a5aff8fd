"""A caller on the telephone, over Twilio Media Streams (wire format: PROTOCOLS, section 2)."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import structlog
from starlette.websockets import WebSocket

from reception.core.audio import decode, encode
from reception.core.clock import Clock
from reception.core.errors import InvalidInput
from reception.ports.audio import Pcm16
from reception.ports.events import CallEvent
from reception.ports.leg import AudioIn, DtmfIn, LegClosed, LegInput, MarkIn
from reception.transports.chunks import ChunkOrder
from reception.transports.pace import AudioPace
from reception.transports.socket_writer import SocketWriter
from reception.transports.twilio_messages import (
    KeyPressed,
    MarkReached,
    Media,
    Stopped,
    StreamStarted,
    TwilioMessage,
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
_LONGEST_OUTPUT = RATE_HZ // 2
_OUTBOX_AUDIO_MS = 10_000.0
_OUTBOX_FRAMES = 256


class TwilioLeg:
    """Implements `ports.leg.CallLeg` over an accepted socket whose `start` has been read; an async context manager.

    Audio is 8 kHz in both directions. Frames are put in order by `chunk` (see `ChunkOrder`); a malformed message is
    left out, and counted in the log when the call ends, as the protocol has no answer to it. Events have no message
    either, and stay with the observers.
    """

    def __init__(self, socket: WebSocket, started: StreamStarted, clock: Clock) -> None:
        self._stream_sid = started.stream_sid
        self._clock = clock
        self._order = ChunkOrder(_MULAW_SILENCE)
        self._pace = AudioPace()
        self._writer = SocketWriter(socket, render, max_audio_ms=_OUTBOX_AUDIO_MS, max_frames=_OUTBOX_FRAMES)
        self._malformed = 0

    async def __aenter__(self) -> "TwilioLeg":
        await self._writer.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
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

    async def inputs(self) -> AsyncIterator[LegInput]:
        """Everything from the caller, in order."""
        while True:
            message = await self._writer.receive()
            if message is None or message["type"] == "websocket.disconnect":
                await self._writer.abandon()
                yield LegClosed("client_gone" if message else "client_does_not_read")
                return
            received = self._understand(message.get("text"))
            if isinstance(received, Media):
                coded = self._in_order(received)
                if coded:
                    wait_s = self._pace.wait_s(len(coded) / _SAMPLES_PER_MS, self._clock.monotonic_s())
                    yield AudioIn(decode(coded, "mulaw"))
                    if wait_s:
                        await asyncio.sleep(wait_s)
                continue
            if isinstance(received, KeyPressed):
                yield DtmfIn(received.digit)
            elif isinstance(received, MarkReached):
                yield MarkIn(received.name)
            elif isinstance(received, Stopped):
                if held := self._order.flush():
                    yield AudioIn(decode(held, "mulaw"))
                yield LegClosed("stopped_by_caller")
                return

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

    def _in_order(self, media: Media) -> bytes:
        return media.payload if media.chunk is None else self._order.take(media.chunk, media.payload)

    def _understand(self, text: str | None) -> TwilioMessage | None:
        try:
            return parse_twilio(text or "")
        except InvalidInput:
            self._malformed += 1
            return None
