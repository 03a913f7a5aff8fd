"""The listening socket and the HTTP server on it."""

import asyncio
import errno
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from reception.cli.frames import DirectSocket
from reception.core.errors import Conflict, InvalidInput

_BACKLOG = 512


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


class Server(uvicorn.Server):
    """Leaves signals to the command, which drains calls first. Serves listening sockets, and connections that are
    given to it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()

    async def until_started(self) -> None:
        await self._up.wait()

    @property
    def connections(self) -> int:
        return len(self.server_state.connections)

    async def take(self, connection: socket.socket) -> None:
        """Serve a connection that another process has accepted. The server must have started.

        Raises:
            OSError: the connection is gone.
        """
        config, state = self.config, self.server_state

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = config.http_protocol_class(  # type: ignore[call-arg]
                config=config, server_state=state, app_state=self.lifespan.state
            )
            return made

        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def http_server(app: ASGIApp, *, max_frame_bytes: int) -> Server:
    """A server without compression, for frames of at most `max_frame_bytes`; one more closes the socket with 1009."""
    return Server(
        uvicorn.Config(
            app,
            http="httptools",
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
