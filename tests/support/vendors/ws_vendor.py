"""A WebSocket server that can fail in every way, and an ear that can be checked: words are levels of sound."""

import asyncio
import http
from collections.abc import AsyncIterator
from typing import Self

import numpy as np
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from reception.core.audio import Pcm16
from tests.support.vendors.faults import KEY, RETRY_AFTER_S, STATUS, Fault

WORD_MS = 200
LEVEL = 1500
VOCABULARY = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def speech(words: str, rate_hz: int = 8000) -> Pcm16:
    """`words` of `VOCABULARY`, each 200 ms long."""
    levels = [LEVEL * (VOCABULARY.index(word) + 1) for word in words.split()]
    return np.repeat(np.array(levels, np.int16), WORD_MS * rate_hz // 1000)


def quiet(ms: int, rate_hz: int = 8000) -> Pcm16:
    return np.zeros(ms * rate_hz // 1000, np.int16)


class Ear:
    """Hears the words in audio at `rate_hz`, with their times in milliseconds since the first sample."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._audio: list[Pcm16] = []
        self._known: list[tuple[str, float, float]] | None = None

    def hear(self, samples: Pcm16) -> None:
        self._audio.append(samples)
        self._known = None

    @property
    def length_ms(self) -> float:
        return sum(chunk.size for chunk in self._audio) * 1000 / self._rate_hz

    def words(self) -> list[tuple[str, float, float]]:
        """Runs of one level that last at least half a word."""
        if self._known is None:
            self._known = self._words()
        return self._known

    def _words(self) -> list[tuple[str, float, float]]:
        audio = np.concatenate(self._audio) if self._audio else np.zeros(0, np.int16)
        levels = np.rint(audio / LEVEL).astype(int)
        found = []
        at = 0
        for run in np.split(levels, np.flatnonzero(np.diff(levels)) + 1):
            ms = run.size * 1000 / self._rate_hz
            if run.size and 1 <= run[0] <= len(VOCABULARY) and ms >= WORD_MS / 2:
                found.append((VOCABULARY[run[0] - 1], at * 1000 / self._rate_hz, at * 1000 / self._rate_hz + ms))
            at += run.size
        return found


class WsVendor:
    """Serves on a free port while the block lasts. A subclass talks; `complaints` fail the test at the end."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.requests: list[Request] = []
        self.complaints: list[str] = []
        self.goodbyes: list[str | bytes] = []
        self._live: set[ServerConnection] = set()

    def check_handshake(self, request: Request) -> None:
        raise NotImplementedError

    async def talk(self, socket: ServerConnection, request: Request) -> None:
        """One connection, as the vendor's documentation has it, with the faults that come after the handshake."""
        raise NotImplementedError

    def break_connections(self) -> None:
        """Every connection that there is breaks, without a word."""
        for socket in self._live:
            socket.transport.abort()

    @property
    def base_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server: Server = await serve(
            self._accept, "127.0.0.1", 0, process_request=self._handshake, compression=None, close_timeout=0.2
        )
        self._port: int = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        await self._server.wait_closed()
        assert not self.complaints, self.complaints

    def _handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        self.requests.append(request)
        try:
            self.check_handshake(request)
        except (AssertionError, KeyError) as wrong:
            self.complaints.append(f"{request.path}: {wrong!r}")
        if self.fault in STATUS:
            status = http.HTTPStatus(STATUS[self.fault])
            headers = Headers({"retry-after": str(RETRY_AFTER_S), "content-type": "application/json"})
            return Response(status, status.phrase, headers, f'{{"err_code":"NO","message":"{KEY}"}}'.encode())
        return None

    async def _accept(self, socket: ServerConnection) -> None:
        request = socket.request
        assert request is not None
        self.reached.set()
        self._live.add(socket)
        try:
            await self.talk(socket, request)
        except (AssertionError, KeyError, ValueError) as wrong:
            self.complaints.append(f"{request.path}: {wrong!r}")
        except ConnectionClosed:
            pass
        finally:
            self._live.discard(socket)
            self.hung_up.set()


class LingeringVendor:
    """Says that it closes as soon as somebody has connected, and keeps the connection all the same. `closing` says that
    it has been answered; `connections` counts those who came."""

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self.connections = 0

    @property
    def base_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        protocol = ServerProtocol()
        while (data := await reader.read(65_536)) and not self.closing.is_set():
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Request):
                    protocol.send_response(protocol.accept(event))
                    protocol.send_close(1000)
            if protocol.close_rcvd is not None:
                self.closing.set()
            else:
                writer.write(b"".join(protocol.data_to_send()))
        writer.close()


async def messages(socket: ServerConnection) -> AsyncIterator[str | bytes]:
    """Everything that the client sends, until it hangs up."""
    while True:
        try:
            yield await socket.recv()
        except ConnectionClosed:
            return
