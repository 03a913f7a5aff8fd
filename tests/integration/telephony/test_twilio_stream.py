"""A telephone call over a real socket, with instant models: refused, answered, mistreated, ended."""

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from reception.cli.bench_material import GREETING, RATE_HZ, REPLIES
from reception.cli.bench_server import (
    InstantConversations,
    InstantSpeechToText,
    OpenTickets,
    RecordedVoice,
    bench_agent,
    unobserved,
)
from reception.cli.listening import http_server, listen
from reception.core.audio import Pcm16, encode
from reception.core.clock import SystemClock
from reception.core.errors import Unauthenticated
from reception.providers.bundle import Speech
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.speech_cache import CachedTextToSpeech
from reception.runtime.calls import CallCentre, LiveCalls
from reception.runtime.principal import Principal
from reception.transports.twilio_stream import PATH, TwilioStream
from tests.support.call_fakes import FakeVad

START = {
    "event": "start",
    "streamSid": "MZ1",
    "start": {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000}},
}
SPEECH: Pcm16 = np.full(RATE_HZ, 4000, np.int16)
QUIET: Pcm16 = np.zeros(RATE_HZ, np.int16)
FRAME = RATE_HZ // 50


class _NoEmbedder:
    model = "none"
    dimensions = 1

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.ones((len(texts), 1), np.float32)


class _Tickets(OpenTickets):
    async def redeem(self, value: str) -> Principal:
        if value == "used":
            raise Unauthenticated("The ticket was used.")
        return await super().redeem(value)


@dataclass
class Lines:
    url: str
    port: int
    live: LiveCalls
    full: bool = False


@asynccontextmanager
async def _lines(limit: int = 4) -> AsyncIterator[Lines]:
    replies = {text: np.full(RATE_HZ // 4, 900, np.int16) for text in (*REPLIES, GREETING)}
    clock = SystemClock()
    lines = Lines("", 0, LiveCalls(limit, is_full=lambda: lines.full))
    speech = Speech(
        vad=FakeVad(),
        recognizer=SegmentedRecognizer(InstantSpeechToText()),
        turn_detector=None,
        tts=CachedTextToSpeech(RecordedVoice(replies), 1 << 20),
        embedder=_NoEmbedder(),
    )
    calls = CallCentre(InstantConversations(bench_agent(), 0), lines.live, speech, clock, unobserved)
    app = Starlette(routes=[WebSocketRoute(PATH, TwilioStream(calls, _Tickets()).answer)])
    with listen("127.0.0.1", 0) as listener:
        server = http_server(app, max_frame_bytes=1 << 16)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        lines.port = listener.getsockname()[1]
        lines.url = f"ws://127.0.0.1:{lines.port}/telephony/twilio/media"
        try:
            yield lines
        finally:
            server.should_exit = True
            await serving


def _media(chunk: int, samples: Pcm16) -> str:
    payload = base64.b64encode(encode(samples, "mulaw")).decode()
    return orjson.dumps(
        {"event": "media", "media": {"track": "inbound", "chunk": str(chunk), "payload": payload}}
    ).decode()


def _frames(*audio: Pcm16, first: int = 1) -> list[str]:
    samples = np.concatenate(audio)
    return [_media(first + number, samples[at : at + FRAME]) for number, at in enumerate(range(0, samples.size, FRAME))]


async def _until(socket: ClientConnection, event: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        async for message in socket:
            found: dict[str, Any] = orjson.loads(message)
            if found["event"] == event:
                return found
    raise AssertionError(f"no {event}")


async def _begin(socket: ClientConnection) -> None:
    await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
    await socket.send(orjson.dumps(START).decode())
    assert (await _until(socket, "media"))["streamSid"] == "MZ1"
    mark = await _until(socket, "mark")
    await socket.send(orjson.dumps(mark).decode())


async def test_a_caller_is_greeted_answered_and_let_go() -> None:
    async with _lines() as lines, connect(f"{lines.url}/t") as socket:
        await _begin(socket)
        for message in _frames(SPEECH, QUIET):
            await socket.send(message)
        answer = await _until(socket, "media")
        assert len(base64.b64decode(answer["media"]["payload"])) > FRAME
        await socket.send('{"event":"stop","streamSid":"MZ1","stop":{}}')
        async with asyncio.timeout(10):
            # Ends without an error only when the server closes with 1000.
            async for _ in socket:
                pass
        assert socket.close_code == 1000
    assert lines.live.count == 0


async def test_what_cannot_be_served_is_refused_before_it_is_answered() -> None:
    async with _lines(limit=1) as lines:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{lines.url}/used")
        assert refused.value.response.status_code == 401
        async with connect(f"{lines.url}/t"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{lines.url}/t")
            assert refused.value.response.status_code == 503
            assert b"busy" in (refused.value.response.body or b"")


async def test_a_full_core_takes_no_further_call() -> None:
    async with _lines() as lines:
        lines.full = True
        async with connect(f"{lines.url}/t"):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{lines.url}/t")
        assert refused.value.response.status_code == 503


async def test_bad_messages_shuffled_frames_and_a_burst_lose_no_turn() -> None:
    async with _lines() as lines, connect(f"{lines.url}/t") as socket:
        await _begin(socket)
        frames = _frames(SPEECH, QUIET)
        for at in range(0, len(frames) - 1, 2):
            frames[at], frames[at + 1] = frames[at + 1], frames[at]
        for message in (*frames[:30], "not json", '{"event":"media","media":{}}', frames[3], "{}", *frames[30:]):
            await socket.send(message)
        await socket.send(b"\x00\x01")
        await socket.ping()
        await _until(socket, "media")


async def test_frames_cut_anywhere_by_the_network_are_whole_again() -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    async with _lines() as lines:
        reader, writer = await asyncio.open_connection("127.0.0.1", lines.port)
        writer.write(
            f"GET /telephony/twilio/media/t HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b"101" in await reader.readuntil(b"\r\n\r\n")
        writer.write(_masked(orjson.dumps(START)))
        await asyncio.wait_for(reader.readuntil(b'"mark"'), 10)
        messages = [message.encode() for message in _frames(SPEECH, QUIET)]
        # A ping, and a message in two fragments, between the frames that go the short way.
        sent = b"".join(map(_masked, messages[:20])) + _masked(b"?", 0x89)
        half = len(messages[20]) // 2
        sent += _masked(messages[20][:half], 0x01) + _masked(messages[20][half:], 0x80)
        sent += b"".join(map(_masked, messages[21:]))
        step = np.random.default_rng(5).integers(1, 700, 10_000)
        at = 0
        for size in step.tolist():
            writer.write(sent[at : at + size])
            await asyncio.sleep(0)
            at += size
            if at >= len(sent):
                break
        received = await asyncio.wait_for(reader.readuntil(b'"media"'), 10)
        assert b'"event":"media"' in received
        writer.close()


async def test_a_stream_that_does_not_begin_as_it_must_is_closed() -> None:
    async with _lines() as lines, connect(f"{lines.url}/t") as socket:
        await socket.send('{"event":"media","media":{"payload":"AAAA"}}')
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400


def _masked(payload: bytes, head: int = 0x81) -> bytes:
    mask = os.urandom(4)
    coded = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
    size = struct.pack("!B", 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BH", 0xFE, len(payload))
    return bytes((head,)) + size + mask + coded
