"""The telephone's end of a call, in virtual time."""

import asyncio
import base64
import itertools
import json

import numpy as np
import pytest

from reception.ports.audio import Pcm16
from reception.ports.leg import LegClosed, LegInput
from reception.transports.direct import EXTENSION, TextSink
from reception.transports.twilio import TwilioLeg
from reception.transports.twilio_messages import StreamStarted
from tests.support.virtual_time import LoopClock, run_virtual
from tests.unit.edges.test_browser_leg import Client

STARTED = StreamStarted("MZ1", "CA1", {})


def media(chunk: int, audio: bytes) -> str:
    payload = base64.b64encode(audio).decode()
    return json.dumps({"event": "media", "media": {"track": "inbound", "chunk": str(chunk), "payload": payload}})


async def _open(client: Client) -> TwilioLeg:
    client.sends.put_nowait({"type": "websocket.connect"})
    socket = client.socket()
    await socket.accept()
    return TwilioLeg(socket, STARTED, LoopClock())


async def _listen(leg: TwilioLeg) -> list[LegInput]:
    return [item async for item in leg.inputs()]


def test_a_client_that_never_reads_is_given_up_after_ten_seconds() -> None:
    async def scenario() -> None:
        client = Client(reads=False)
        async with await _open(client) as leg:
            speaking = asyncio.create_task(leg.send_audio(np.zeros(8000 * 60, dtype=np.int16), 1))
            assert await _listen(leg) == [LegClosed("client_does_not_read")]
            assert asyncio.get_running_loop().time() == pytest.approx(10.0, abs=0.5)
            await speaking
            await leg.close("over")

    run_virtual(scenario())


def test_a_client_that_floods_is_read_three_times_as_fast_as_it_may_talk() -> None:
    class Socket:
        """Has two seconds more whenever it is read."""

        def __init__(self, sink: TextSink) -> None:
            self.sink, self.chunk, self.reads = sink, 0, True
            self.flow = asyncio.create_task(self._flow())

        async def _flow(self) -> None:
            while True:
                for _ in range(100 if self.reads else 0):
                    self.chunk += 1
                    self.sink(media(self.chunk, b"\xff" * 160).encode())
                await asyncio.sleep(0.001)

        def pause(self) -> None:
            self.reads = False

        def resume(self) -> None:
            self.reads = True

    async def scenario() -> None:
        client, sockets = Client(), list[Socket]()

        def attach(sink: TextSink) -> Socket:
            sockets.append(Socket(sink))
            return sockets[0]

        async with await _open(client) as leg:
            leg._socket.scope["extensions"] = {EXTENSION: attach}
            leg.push_audio_to(lambda _: None)
            listening = asyncio.create_task(_listen(leg))
            await asyncio.sleep(20.0)
            sockets[0].flow.cancel()
            client.leave()
            await listening
        heard_s = sockets[0].chunk * 0.02
        assert heard_s == pytest.approx(10.0 + 3.0 * 20.0, rel=0.1)

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("closing", "reason"),
    [
        ({"code": 1000}, "client_gone"),
        ({"code": 1005, "reason": ""}, "client_gone"),
        ({"code": 1005}, "connection_lost"),
        ({"code": 1006}, "connection_lost"),
    ],
)
def test_a_stream_that_breaks_is_no_hang_up(closing: dict[str, object], reason: str) -> None:
    async def scenario() -> None:
        client = Client()
        async with await _open(client) as leg:
            client.sends.put_nowait({"type": "websocket.disconnect", **closing})
            assert await _listen(leg) == [LegClosed(reason)]

    run_virtual(scenario())


def test_frames_of_any_length_make_the_same_audio() -> None:
    sent = np.tile(np.arange(0, 256, dtype=np.uint8), 40).tobytes()
    cuts = [0, 1, 8, 341, 342, 501, 2000, 2001, 5000, len(sent)]

    async def heard(frames: list[bytes]) -> Pcm16:
        client, taken = Client(), list[Pcm16]()
        async with await _open(client) as leg:
            for number, frame in enumerate(frames, 1):
                client.say(media(number, frame))
            client.leave()
            leg.push_audio_to(taken.append)
            await _listen(leg)
        return np.concatenate(taken)

    async def scenario() -> None:
        whole = await heard([sent])
        cut = await heard([sent[start:end] for start, end in itertools.pairwise(cuts)])
        np.testing.assert_array_equal(cut, whole[: cut.size])
        assert len(sent) - cut.size < 256

    run_virtual(scenario())
