"""WebSockets opened before they are needed, for vendors that want a new one for every sentence."""

import asyncio
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.protocol import State

_KEPT_S = 15.0
"""Vendors close connections that say nothing after about 20 s."""
_LONGEST_MESSAGE = 1 << 22
_MOST_KEPT = 64


class WarmSockets:
    """Keeps one open connection for each address that was asked for of late."""

    def __init__(self) -> None:
        self._ready: dict[str, tuple[ClientConnection, float]] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}

    async def take(self, url: str, headers: Mapping[str, str]) -> ClientConnection:
        """An open connection to `url`, of the caller alone: the one kept, or a new one."""
        socket, opened_s = self._ready.pop(url, (None, 0.0))
        if socket is not None:
            if socket.state is State.OPEN and asyncio.get_running_loop().time() - opened_s < _KEPT_S:
                return socket
            socket.transport.abort()
        return await _open(url, headers)

    def prepare(self, url: str, headers: Mapping[str, str]) -> None:
        """Open one in the background, to be taken next. A failure shows when it is taken."""
        if url in self._ready or url in self._opening or len(self._ready) >= _MOST_KEPT:
            return
        self._opening[url] = asyncio.create_task(self._prepare(url, headers), name="warm-socket")

    async def aclose(self) -> None:
        for task in self._opening.values():
            task.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        for socket, _ in self._ready.values():
            socket.transport.abort()
        self._ready.clear()

    async def _prepare(self, url: str, headers: Mapping[str, str]) -> None:
        try:
            socket = await _open(url, headers)
        except (OSError, TimeoutError, WebSocketException):
            return
        finally:
            del self._opening[url]
        loop = asyncio.get_running_loop()
        self._ready[url] = (socket, loop.time())
        loop.call_later(_KEPT_S, self._expire, url, socket)

    def _expire(self, url: str, socket: ClientConnection) -> None:
        if self._ready.get(url, (None, 0.0))[0] is socket:
            del self._ready[url]
            socket.transport.abort()


async def _open(url: str, headers: Mapping[str, str]) -> ClientConnection:
    return await connect(
        url, additional_headers=headers, open_timeout=None, compression=None, max_size=_LONGEST_MESSAGE
    )
