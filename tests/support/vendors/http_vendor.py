"""An HTTP/1.1 server written to the socket, so that it can fail in every way that a socket allows."""

import asyncio
import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import orjson

from tests.support.vendors.faults import KEY, RETRY_AFTER_S, STATUS, Fault


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = orjson.loads(self.body)
        return told

    def form(self) -> dict[object, bytes]:
        """The parts of a multipart body by name."""
        head = f"content-type: {self.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser(policy=email.policy.HTTP).parsebytes(head + self.body)
        parts: dict[object, bytes] = {}
        for part in message.iter_parts():
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            parts[part.get_param("name", header="content-disposition")] = payload
        return parts


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, good by its `status` as a rule: sent in `pieces`, one chunk each."""

    content_type: str
    pieces: Sequence[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


class HttpVendor:
    """Serves on a free port while the block lasts. A subclass says what a good answer is, and asserts there that it was
    asked rightly; `complaints` holds what was not, and fails the test at the end of the block."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.gate = asyncio.Event()
        self.reached = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.asked: list[Asked] = []
        self.connections = 0
        self.warmed = 0
        self.complaints: list[str] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def fault_of(self, asked: Asked) -> Fault:
        """What goes wrong with this request."""
        return self.fault

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        assert not self.complaints, self.complaints

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            while (asked := await _read(reader)) is not None:
                if asked.method == "HEAD":
                    # A connection that is opened before it is needed.
                    self.warmed += 1
                    self.reached.set()
                    writer.write(b"HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n")
                    continue
                self.asked.append(asked)
                self.reached.set()
                await self._reply(asked, reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.hung_up.set()
            writer.close()

    async def _reply(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            good = self.answer(asked)
        except (AssertionError, KeyError) as wrong:
            self.complaints.append(f"{asked.method} {asked.path}: {wrong!r}")
            good = Answer("text/plain", [b"wrong"])
        fault = self.fault_of(asked)
        if fault in STATUS:
            body = orjson.dumps({"error": {"message": f"no: {KEY}", "code": "some_code"}})
            _send_head(writer, STATUS[fault], "application/json", {"retry-after": str(RETRY_AFTER_S)})
            _send_chunks(writer, [body])
            writer.write(b"0\r\n\r\n")
            return
        if fault is Fault.GARBAGE:
            _send_head(writer, 200, "application/json", {})
            _send_chunks(writer, [b"\x00<<<\xff"])
            writer.write(b"0\r\n\r\n")
            return
        if fault is Fault.SLOW_FIRST_BYTE:
            await reader.read()
            raise ConnectionResetError
        _send_head(writer, good.status, good.content_type, good.headers)
        if fault in (Fault.GATED, Fault.STALL, Fault.HALF_CLOSED):
            half = max(1, len(good.pieces) // 2) if len(good.pieces) > 1 else 0
            _send_chunks(writer, good.pieces[:half] if half else [good.pieces[0][: len(good.pieces[0]) // 2]])
            await writer.drain()
            if fault is Fault.HALF_CLOSED:
                raise ConnectionResetError
            if fault is Fault.STALL:
                await reader.read()
                raise ConnectionResetError
            await self.gate.wait()
            _send_chunks(writer, good.pieces[half:] if half else [good.pieces[0][len(good.pieces[0]) // 2 :]])
        else:
            _send_chunks(writer, good.pieces)
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    """The next request, None when the client has hung up, in the middle of one perhaps."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None
    url = urlsplit(target)
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    return Asked(method, url.path, query, headers, body)


def _send_head(writer: asyncio.StreamWriter, status: int, content_type: str, headers: Mapping[str, str]) -> None:
    every = {"content-type": content_type, "transfer-encoding": "chunked", **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in every.items())
    writer.write(f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1"))


def _send_chunks(writer: asyncio.StreamWriter, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        if piece:
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
