"""What is asked of a server in `bench.endpoints`, and a client that asks it as fast as it is answered."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

_MOST_HEAD_BYTES = 1 << 16


class Connection:
    """One kept-alive HTTP/1.1 connection to 127.0.0.1, cheap enough to share a machine with what it measures."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=_MOST_HEAD_BYTES))

    def close(self) -> None:
        self._writer.close()

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if body:
            lines += "content-type: application/json\r\n"
        head = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
        self._writer.write(head.encode() + body)
        first, *told = (await self._reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        length = next(int(line[15:]) for line in told if line.lower().startswith(b"content-length:"))
        return int(first.split(b" ")[1]), await self._reader.readexactly(length)


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, connection: Connection) -> tuple[int, bytes]:
        return await connection.send(
            self.method, self.path, self.headers, b"" if self.body is None else orjson.dumps(self.body)
        )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`ask` gives the `number`th request of a client; `learn` is told its answer, for what follows from it."""

    name: str
    ask: Callable[[int, int], Asked]
    learn: Callable[[int, Any], None] | None = None


@dataclass(slots=True)
class Answered:
    """Times of good answers, in milliseconds; `failed` counts the others by status."""

    seconds: float = 0.0
    ms: list[float] = field(default_factory=list)
    failed: dict[int, int] = field(default_factory=dict)


@contextlib.asynccontextmanager
async def _connected(port: int, clients: int) -> AsyncIterator[list[Connection]]:
    connections = [await Connection.open(port) for _ in range(clients)]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


async def ask_for(endpoint: Endpoint, port: int, clients: int, seconds: float) -> Answered:
    """Each client asks again as soon as it is answered."""
    answered = Answered()
    began_s = time.perf_counter()

    async def ask(client: int, connection: Connection) -> None:
        number = 0
        while time.perf_counter() - began_s < seconds:
            await _timed(endpoint, client, number, connection, answered)
            number += 1

    async with _connected(port, clients) as connections:
        await asyncio.gather(*(ask(client, connection) for client, connection in enumerate(connections)))
    answered.seconds = time.perf_counter() - began_s
    return answered


async def ask_in_turn(endpoints: list[Endpoint], port: int, clients: int, seconds: float, per_s: float) -> Answered:
    """So many requests a second of all endpoints by turns, by whichever client is free; what had to wait for one counts
    its wait."""
    answered = Answered()
    free: asyncio.Queue[int] = asyncio.Queue()
    for client in range(clients):
        free.put_nowait(client)
    began_s = time.perf_counter()

    async def ask(number: int, due_s: float, connections: list[Connection]) -> None:
        client = await free.get()
        try:
            await _timed(endpoints[number % len(endpoints)], client, number, connections[client], answered, due_s)
        finally:
            free.put_nowait(client)

    async with _connected(port, clients) as connections, asyncio.TaskGroup() as asking:
        for number in range(int(seconds * per_s)):
            due_s = began_s + number / per_s
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            asking.create_task(ask(number, due_s, connections))
    answered.seconds = time.perf_counter() - began_s
    return answered


async def _timed(
    endpoint: Endpoint,
    client: int,
    number: int,
    connection: Connection,
    answered: Answered,
    due_s: float | None = None,
) -> None:
    asked = endpoint.ask(client, number)
    sent_s = time.perf_counter() if due_s is None else due_s
    status, body = await asked.send(connection)
    if status >= 400:
        answered.failed[status] = answered.failed.get(status, 0) + 1
        return
    answered.ms.append((time.perf_counter() - sent_s) * 1000)
    if endpoint.learn is not None:
        endpoint.learn(client, orjson.loads(body))
