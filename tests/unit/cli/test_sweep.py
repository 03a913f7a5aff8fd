"""Sockets that are read together, over real ones."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextvars import ContextVar

import pytest

from reception.cli.sweep import Sweep, sweep_of


class Connection:
    """The server's end of a socket pair, and what came of it."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.received = b""
        self.over = False
        self.closing = False
        self.changed = asyncio.Event()

    def is_closing(self) -> bool:
        return self.closing

    def data_received(self, data: bytes) -> None:
        self.received += data
        self.changed.set()
        if b"fault" in data:
            raise ValueError("a fault of the application")

    def ended(self) -> None:
        self.over = True
        self.changed.set()

    async def until(self, received: bytes = b"", *, over: bool = False) -> None:
        async with asyncio.timeout(5):
            while self.received != received or self.over != over:
                self.changed.clear()
                await self.changed.wait()


Connections = list[Connection]
joined_by: ContextVar[int] = ContextVar("joined_by", default=-1)


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    made = [Connection() for _ in range(20)]
    yield made
    for connection in made:
        connection.near.close()
        connection.far.close()


@pytest.fixture
async def sweep(connections: Connections) -> Sweep:
    sweep = sweep_of(asyncio.get_running_loop())
    if sweep is None:
        pytest.skip("this system has no epoll")
    for connection in connections:
        sweep.join(connection.near.fileno(), connection)
    return sweep


@pytest.mark.parametrize("count", [1, 20])
async def test_what_is_sent_arrives_in_order_on_every_socket(connections: Connections, count: int) -> None:
    sweep = Sweep()
    used = connections[:count]
    for connection in used:
        sweep.join(connection.near.fileno(), connection)
    for number in range(50):
        for connection in used:
            connection.far.sendall(b"%d," % number)
        await asyncio.sleep(0)
    whole = b"".join(b"%d," % number for number in range(50))
    for connection in used:
        await connection.until(whole)


async def test_a_socket_that_ends_is_told_once_and_the_others_go_on(sweep: Sweep, connections: Connections) -> None:
    gone, other = connections[0], connections[1]
    gone.far.sendall(b"last words")
    gone.far.close()
    await gone.until(b"last words", over=True)
    other.far.sendall(b"still here")
    await other.until(b"still here")


async def test_a_socket_that_left_is_read_no_more_until_it_joins_again(sweep: Sweep, connections: Connections) -> None:
    paused, other = connections[0], connections[1]
    sweep.leave(paused.near.fileno(), paused)
    paused.far.sendall(b"wait")
    other.far.sendall(b"first")
    await other.until(b"first")
    assert paused.received == b""
    sweep.join(paused.near.fileno(), paused)
    await paused.until(b"wait")


async def test_a_socket_that_is_closing_is_left_alone(sweep: Sweep, connections: Connections) -> None:
    closing, other = connections[0], connections[1]
    closing.closing = True
    closing.far.sendall(b"too late")
    other.far.sendall(b"in time")
    await other.until(b"in time")
    assert closing.received == b""


async def test_another_connection_by_the_same_number_is_not_taken_for_the_old_one(
    sweep: Sweep, connections: Connections
) -> None:
    old = connections[0]
    number = old.near.fileno()
    old.near.close()
    successor = Connection()
    try:
        assert successor.near.fileno() == number
        sweep.join(number, successor)
        sweep.leave(number, old)
        successor.far.sendall(b"mine")
        await successor.until(b"mine")
        assert old.received == b""
    finally:
        sweep.leave(number, successor)
        successor.near.close()
        successor.far.close()


async def test_a_fault_in_one_connection_does_not_stop_the_others(sweep: Sweep, connections: Connections) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    connections[0].far.sendall(b"fault")
    await connections[0].until(b"fault")
    for connection in connections[1:]:
        connection.far.sendall(b"hello")
    for connection in connections[1:]:
        await connection.until(b"hello")
    assert [type(fault) for fault in reported] == [ValueError]


async def test_after_the_last_has_left_a_new_one_is_read(sweep: Sweep, connections: Connections) -> None:
    for connection in connections:
        sweep.leave(connection.near.fileno(), connection)
    sweep.join(connections[3].near.fileno(), connections[3])
    connections[3].far.sendall(b"again")
    await connections[3].until(b"again")


async def test_every_socket_is_told_in_the_context_in_which_it_joined(connections: Connections) -> None:
    sweep, used = Sweep(), connections[:6]
    seen: list[tuple[int, int]] = []

    class Telling(Connection):
        def __init__(self, number: int, inner: Connection) -> None:
            self.number, self.inner = number, inner

        def is_closing(self) -> bool:
            return False

        def data_received(self, data: bytes) -> None:
            seen.append((self.number, joined_by.get()))
            self.inner.data_received(data)

        def ended(self) -> None:
            seen.append((self.number, joined_by.get()))
            self.inner.ended()

    for number, connection in enumerate(used):
        token = joined_by.set(number)
        sweep.join(connection.near.fileno(), Telling(number, connection))
        joined_by.reset(token)
    for connection in used:
        connection.far.sendall(b"words")
    for connection in used:
        await connection.until(b"words")
        connection.far.close()
    for connection in used:
        await connection.until(b"words", over=True)
    assert sorted(seen) == [(number, number) for number in range(6) for _ in range(2)]
