"""WebSockets opened before they are needed, for vendors that want a new one for every sentence."""

import asyncio
from collections.abc import Mapping
from contextvars import Context
from typing import TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.protocol import State

_KEPT_S = 15.0
"""Vendors close connections that say nothing after about 20 s."""
_LONGEST_MESSAGE = 1 << 22
_MOST_KEPT = 64


_Wanted: TypeAlias = tuple[str, frozenset[tuple[str, str]]]


class WarmSockets:
    """Keeps one open connection for each address that was asked for of late, with the same headers: they hold the key
    of whoever pays for what is sent over it."""

    def __init__(self) -> None:
        self._ready: dict[_Wanted, tuple[ClientConnection, float]] = {}
        self._opening: dict[_Wanted, asyncio.Task[None]] = {}

    async def take(self, url: str, headers: Mapping[str, str]) -> ClientConnection:
        """An open connection to `url`, of the caller alone: the one kept, or a new one."""
        socket, opened_s = self._ready.pop(_wanted(url, headers), (None, 0.0))
        if socket is not None:
            if socket.state is State.OPEN and asyncio.get_running_loop().time() - opened_s < _KEPT_S:
                return socket
            socket.transport.abort()
        return await _open(url, headers)

    def prepare(self, url: str, headers: Mapping[str, str]) -> None:
        """Open one in the background, to be taken next. A failure shows when it is taken."""
        wanted = _wanted(url, headers)
        if wanted in self._ready or wanted in self._opening or len(self._ready) >= _MOST_KEPT:
            return
        # Another call may take it.
        self._opening[wanted] = asyncio.create_task(
            self._prepare(wanted, headers), name="warm-socket", context=Context()
        )

    async def aclose(self) -> None:
        for task in self._opening.values():
            task.cancel()
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        for socket, _ in self._ready.values():
            socket.transport.abort()
        self._ready.clear()

    async def _prepare(self, wanted: _Wanted, headers: Mapping[str, str]) -> None:
        try:
            socket = await _open(wanted[0], headers)
        except (OSError, TimeoutError, WebSocketException):
            return
        finally:
            del self._opening[wanted]
        loop = asyncio.get_running_loop()
        self._ready[wanted] = (socket, loop.time())
        loop.call_later(_KEPT_S, self._expire, wanted, socket)

    def _expire(self, wanted: _Wanted, socket: ClientConnection) -> None:
        if self._ready.get(wanted, (None, 0.0))[0] is socket:
            del self._ready[wanted]
            socket.transport.abort()


def _wanted(url: str, headers: Mapping[str, str]) -> _Wanted:
    return url, frozenset(headers.items())


async def _open(url: str, headers: Mapping[str, str]) -> ClientConnection:
    return await connect(
        url, additional_headers=headers, open_timeout=None, compression=None, max_size=_LONGEST_MESSAGE
    )
