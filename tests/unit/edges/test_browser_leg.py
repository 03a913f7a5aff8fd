"""The browser's end of a call, over a socket whose client behaves as the test says, in virtual time."""

import asyncio
import json
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from starlette.websockets import WebSocket

from reception.ports.audio import AudioFormat
from reception.ports.events import CallEnded
from reception.ports.leg import AudioIn, DtmfIn, LegClosed, LegInput, MarkIn, TypingIn
from reception.transports.browser import BrowserLeg
from tests.support.virtual_time import LoopClock, run_virtual

CONVERSATION = UUID(int=7)


class Client:
    """What the client sends is put in; what it is sent comes out, unless it does not read."""

    def __init__(self, *, reads: bool = True) -> None:
        self.sends: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.received: list[dict[str, Any]] = []
        self._readable = asyncio.Event()
        if reads:
            self._readable.set()

    def socket(self) -> WebSocket:
        scope = {"type": "websocket", "path": "/voice/stream", "headers": [], "subprotocols": []}
        return WebSocket(scope, self.sends.get, self._take)

    def say(self, message: str | bytes | dict[str, Any]) -> None:
        if isinstance(message, bytes):
            self.sends.put_nowait({"type": "websocket.receive", "bytes": message})
        else:
            text = message if isinstance(message, str) else json.dumps(message)
            self.sends.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        self.sends.put_nowait({"type": "websocket.disconnect", "code": 1001})

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(message["text"]) for message in self.received if "text" in message]

    def audio(self) -> bytes:
        return b"".join(message["bytes"] for message in self.received if "bytes" in message)

    async def _take(self, message: Any) -> None:
        if message["type"] != "websocket.accept":
            await self._readable.wait()
        self.received.append(message)


async def _connect(client: Client, audio: AudioFormat) -> BrowserLeg:
    client.sends.put_nowait({"type": "websocket.connect"})
    socket = client.socket()
    await socket.accept()
    return BrowserLeg(socket, audio, CONVERSATION, LoopClock())


async def _listen(leg: BrowserLeg) -> list[LegInput]:
    return [item async for item in leg.inputs()]


@pytest.mark.parametrize(
    ("sample_rate", "engine_rate"), [(8000, 8000), (11025, 8000), (16000, 16000), (24000, 16000), (48000, 16000)]
)
def test_the_engine_hears_at_its_own_rate_and_the_client_at_theirs(sample_rate: int, engine_rate: int) -> None:
    async def scenario() -> None:
        client = Client()
        leg = await _connect(client, AudioFormat("pcm_s16le", sample_rate))
        for _ in range(50):
            client.say(np.full(sample_rate // 50, 1000, dtype="<i2").tobytes())
        client.leave()
        async with leg:
            heard = await _listen(leg)
        samples = sum(item.samples.size for item in heard if isinstance(item, AudioIn))
        assert (leg.rate_hz, leg.output_rate_hz) == (engine_rate, sample_rate)
        assert samples == pytest.approx(engine_rate, rel=0.08)
        assert heard[-1] == LegClosed("client_gone")

    run_virtual(scenario())


def test_bad_messages_are_answered_and_good_ones_pass() -> None:
    async def scenario() -> None:
        client = Client()
        leg = await _connect(client, AudioFormat("mulaw", 8000))
        for message in ("{", b"", bytes(8001), {"type": "dtmf", "digit": "5"}, {"type": "mark", "name": "m1"}):
            client.say(message)
        client.say({"type": "typing"})
        client.say({"type": "stop"})
        async with leg:
            heard = await _listen(leg)
            await leg.close("done")
        assert heard == [DtmfIn("5"), MarkIn("m1"), TypingIn(), LegClosed("stopped_by_caller")]
        sent = client.messages()
        assert [message["type"] for message in sent] == ["ready", "error", "error", "error", "ended"]
        assert [message["seq"] for message in sent] == [0, 1, 2, 3, 4]
        assert client.received[-1] == {"type": "websocket.close", "code": 1000, "reason": "done"}

    run_virtual(scenario())


def test_a_frame_that_ends_within_a_sample_is_answered_and_the_next_is_heard() -> None:
    async def scenario() -> None:
        client = Client()
        leg = await _connect(client, AudioFormat("pcm_s16le", 16000))
        for frame in (bytes(641), bytes(1), b"\1\0" * 320):
            client.say(frame)
        client.say({"type": "stop"})
        async with leg:
            heard = await _listen(leg)
            await leg.close("done")
        assert [item.samples.tolist() for item in heard if isinstance(item, AudioIn)] == [[1] * 320]
        assert [message["type"] for message in client.messages()].count("error") == 2

    run_virtual(scenario())


def test_audio_is_binary_once_the_client_sends_binary() -> None:
    async def scenario() -> None:
        client = Client()
        leg = await _connect(client, AudioFormat("pcm_s16le", 16000))
        async with leg:
            await leg.send_audio(np.arange(160, dtype=np.int16), 0)
            client.say(bytes(640))
            client.say({"type": "stop"})
            await _listen(leg)
            await leg.send_audio(np.arange(16000, dtype=np.int16), 1)
            await leg.send_event(CallEnded("stop"))
            await leg.close("stop")
        assert [message["type"] for message in client.messages()] == ["ready", "audio", "ended"]
        assert client.audio() == np.arange(16000, dtype="<i2").tobytes()

    run_virtual(scenario())


def test_a_client_that_does_not_read_is_given_up_after_ten_seconds() -> None:
    async def scenario() -> None:
        client = Client(reads=False)
        leg = await _connect(client, AudioFormat("pcm_s16le", 16000))
        async with leg:
            heard = await _listen(leg)
            assert heard == [LegClosed("client_does_not_read")]
            assert asyncio.get_running_loop().time() == pytest.approx(10.0)
            await leg.send_audio(np.zeros(16000 * 60, dtype=np.int16), 1)
            await leg.close("over")

    run_virtual(scenario())


def test_a_flood_of_audio_is_slowed() -> None:
    async def scenario() -> None:
        client = Client()
        leg = await _connect(client, AudioFormat("pcm_s16le", 16000))
        for _ in range(70):
            client.say(bytes(32000))
        client.leave()
        async with leg:
            assert len(await _listen(leg)) == 71
        assert asyncio.get_running_loop().time() == pytest.approx(20.0, abs=1.0)

    run_virtual(scenario())


def test_audio_at_another_rate_than_announced_is_told_once_and_the_call_goes_on() -> None:
    async def scenario() -> None:
        client = Client()
        leg = await _connect(client, AudioFormat("pcm_s16le", 16000))

        async def speak() -> None:
            for _ in range(400):
                client.say(bytes(320))
                await asyncio.sleep(0.02)
            client.leave()

        async with leg:
            speaking = asyncio.create_task(speak())
            heard = await _listen(leg)
            await speaking
        errors = [message for message in client.messages() if message["type"] == "error"]
        assert [(error["code"], error["fatal"]) for error in errors] == [("audio_rate", False)]
        assert errors[0]["message"].startswith("Audio arrives at about 8000 Hz but 16000 Hz was announced")
        assert len(heard) == 401

    run_virtual(scenario())
