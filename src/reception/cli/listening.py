"""The listening socket and the HTTP server on it."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reception.cli.frames import DirectSocket
from reception.core.errors import Conflict, InvalidInput

_BACKLOG = 512

PassOn = Callable[[socket.socket, bytes], bool]
"""Gives a call, with the request that has been read of it, to another process. False when none takes it."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; connections wait in its backlog until the server accepts them.

    Raises:
        Conflict: another process listens there.
        InvalidInput: no such address on this machine, or not allowed to use the port.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )[0]
    except socket.gaierror:
        raise InvalidInput(f"The host {host} is not known.") from None
    # asyncio turns Nagle's algorithm off only where the protocol is given; 40 ms of it would be heard.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                f"Port {port} on {host} is in use by another program. Stop it, or choose another with --port."
            ) from None
        raise InvalidInput(f"Cannot listen on {host} port {port}: {error.strerror}.") from None
    listener.setblocking(False)
    return listener


class _HttpProtocol(HttpToolsProtocol):
    """Offers a call to other processes before this one takes it: while the handshake has not been answered, a socket
    can still change hands.

    Every request and every call begins in the context in which the connection was accepted: a proxy sends those of many
    tenants over one, which is read in the context of a former one once that has paused it.
    """

    pass_on: PassOn | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._accepted = copy_context()

    def _start_asgi_task(self, *args: Any) -> None:
        self._accepted.copy().run(super()._start_asgi_task, *args)

    def handle_websocket_upgrade(self) -> None:
        if self.pass_on is not None and self._pass_on(self.pass_on):
            self.transport.abort()
            return
        self._accepted.copy().run(super().handle_websocket_upgrade)

    def _pass_on(self, pass_on: PassOn) -> bool:
        head = [b"GET ", self.url, b" HTTP/1.1\r\n"]
        for name, value in self.headers:
            head += [name, b": ", value, b"\r\n"]
        self.transport.pause_reading()
        if pass_on(self.transport.get_extra_info("socket"), b"".join([*head, b"\r\n"])):
            return True
        self.transport.resume_reading()
        return False


class Server(uvicorn.Server):
    """Leaves signals to the command, which drains calls first. Serves listening sockets, and connections that are
    given to it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.pass_on: PassOn | None = None
        self._up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    async def until_started(self) -> None:
        await self._up.wait()

    @property
    def connections(self) -> int:
        return len(self.server_state.connections)

    @property
    def calls(self) -> int:
        """Sockets that are calls, or about to be."""
        return sum(isinstance(connection, DirectSocket) for connection in self.server_state.connections)

    async def take(self, connection: socket.socket, head: bytes = b"") -> None:
        """Serve a connection that another process has accepted; `head` is what it has read of it, and then the call is
        not passed on again. The server must have started.

        Raises:
            OSError: the connection is gone.
        """
        config, state = self.config, self.server_state

        def protocol() -> _HttpProtocol:
            made = _HttpProtocol(config=config, server_state=state, app_state=self.lifespan.state)
            if not head:
                made.pass_on = self.pass_on
            return made

        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _, made = await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
        if head:
            made.data_received(head)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def http_server(app: ASGIApp, *, max_frame_bytes: int) -> Server:
    """A server without compression, for frames of at most `max_frame_bytes`; one more closes the socket with 1009."""
    return Server(
        uvicorn.Config(
            app,
            http=_HttpProtocol,
            ws=DirectSocket,
            ws_max_size=max_frame_bytes,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
        )
    )


async def until_stopped(server: Server, listeners: Sequence[socket.socket], stop: asyncio.Event) -> asyncio.Task[None]:
    """Serve until `stop` is set; returns the task of the server, which still runs."""
    serving = asyncio.create_task(server.serve(sockets=[*listeners]), name="http-server")
    stopping = asyncio.create_task(stop.wait(), name="stop-signal")
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    return serving
