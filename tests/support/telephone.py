"""A telephone on a line to the server, as Twilio has it: frames of 20 ms, and marks that come back."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import orjson
from websockets.asyncio.client import ClientConnection, connect

from reception.core.audio import Pcm16, encode

RATE_HZ = 8000
FRAME = RATE_HZ // 50
PATIENCE_S = 120.0
"""Real time, on a machine that may do much else besides."""


def _silence(samples: int) -> Pcm16:
    return np.zeros(samples, np.int16)


@dataclass
class Telephone:
    """What comes out of it has been heard at once. `saying` is what goes into it next."""

    socket: ClientConnection
    saying: Pcm16 = field(default_factory=lambda: _silence(0))
    heard_bytes: int = 0
    _marks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def microphone(self) -> None:
        """A frame every 20 ms, of silence while nothing is said."""
        loop = asyncio.get_running_loop()
        began_s, chunk = loop.time(), 0
        while True:
            frame, self.saying = self.saying[:FRAME], self.saying[FRAME:]
            frame = np.concatenate((frame, _silence(FRAME - frame.size)))
            chunk += 1
            payload = base64.b64encode(encode(frame, "mulaw")).decode()
            media = {"track": "inbound", "chunk": str(chunk), "payload": payload}
            await self.socket.send(orjson.dumps({"event": "media", "media": media}).decode())
            await asyncio.sleep(began_s + chunk / 50 - loop.time())

    async def loudspeaker(self) -> None:
        async for text in self.socket:
            message = orjson.loads(text)
            if message["event"] == "mark":
                await self.socket.send(orjson.dumps(message).decode())
                self._marks.release()
            elif message["event"] == "media":
                self.heard_bytes += len(message["media"]["payload"])

    async def listen(self, marks: int) -> None:
        """Until so many things more have been said to their end."""
        async with asyncio.timeout(PATIENCE_S):
            for _ in range(marks):
                await self._marks.acquire()

    async def press(self, keys: str) -> None:
        for key in keys:
            dtmf = {"track": "inbound_track", "digit": key}
            await self.socket.send(orjson.dumps({"event": "dtmf", "streamSid": "MZ1", "dtmf": dtmf}).decode())

    async def hang_up(self) -> None:
        await self.socket.send(orjson.dumps({"event": "stop", "streamSid": "MZ1"}).decode())
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()

    async def lose(self) -> None:
        """The connection breaks, without a word to the server."""
        self.socket.transport.abort()
        await self.socket.wait_closed()


@asynccontextmanager
async def answered(url: str, call_sid: str = "CA1", **parameters: str) -> AsyncIterator[Telephone]:
    """A telephone whose stream goes to `url`, until the block ends."""
    form = {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1}
    begun = {
        "streamSid": "MZ1",
        "callSid": call_sid,
        "tracks": ["inbound"],
        "mediaFormat": form,
        "customParameters": parameters,
    }
    async with connect(url, proxy=None, max_size=None) as socket:
        await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        await socket.send(orjson.dumps({"event": "start", "streamSid": "MZ1", "start": begun}).decode())
        telephone = Telephone(socket)
        parts = [asyncio.create_task(telephone.microphone()), asyncio.create_task(telephone.loudspeaker())]
        try:
            yield telephone
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
