"""WebSockets opened before they are needed, for vendors that want a new one for every sentence."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextvars import Context
from typing import TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.protocol import State

_KEPT_S = 15.0
"""Vendors close connections that say nothing after about 20 s."""
_LONGEST_MESSAGE = 1 << 22
_MOST_KEPT = 64


_Wanted: TypeAlias = tuple[str, frozenset[tuple[str, str]]]


class Standby:
    """A call's wish to find a connection open when it speaks. Of somebody who needs none, it does nothing."""

    def warm(self) -> None:
        """The call may speak soon. Returns at once."""

    def close(self) -> None:
        """The call is over."""


class WarmSockets:
    """Keeps connections open for calls that may speak soon: one for each call at the most, by address and headers,
    which hold the key of whoever pays for what is sent over it. None outlives the last call that wants its like.

    They cost nothing, and are no load by ElevenLabs's count, which is of connections over which it is speaking:
    https://elevenlabs.io/docs/overview/models#concurrency-and-priority.
    """

    def __init__(self) -> None:
        self._calls: Counter[_Wanted] = Counter()
        self._ready: dict[_Wanted, list[tuple[ClientConnection, float]]] = {}
        self._opening: dict[_Wanted, list[asyncio.Task[ClientConnection]]] = {}

    def standby(self, url: str, headers: Mapping[str, str]) -> Standby:
        """For one call, which says when it needs them no more."""
        return _Call(self, (url, frozenset(headers.items())))

    async def take(self, url: str, headers: Mapping[str, str]) -> ClientConnection:
        """An open connection to `url`, of the caller alone: one that was kept or is being opened, or a new one."""
        wanted = (url, frozenset(headers.items()))
        ready = self._ready.get(wanted, [])
        while ready:
            socket, opened_s = ready.pop()
            if socket.state is State.OPEN and asyncio.get_running_loop().time() - opened_s < _KEPT_S:
                return socket
            socket.transport.abort()
        opening = self._opening.get(wanted)
        if not opening:
            return await _open(wanted)
        task = opening.pop(0)
        try:
            return await task
        except asyncio.CancelledError:
            _drop(task)
            raise

    def prepare(self, url: str, headers: Mapping[str, str]) -> None:
        """Open one in the background for the calls that want its like, if there is not one for each."""
        wanted = (url, frozenset(headers.items()))
        there = len(self._ready.get(wanted, ())) + len(self._opening.get(wanted, ()))
        if there >= self._calls[wanted] or sum(map(len, self._ready.values())) >= _MOST_KEPT:
            return
        # Another call may take it.
        task = asyncio.create_task(_open(wanted), name="warm-socket", context=Context())
        self._opening.setdefault(wanted, []).append(task)
        task.add_done_callback(lambda task: self._opened(wanted, task))

    async def aclose(self) -> None:
        opening = [task for tasks in self._opening.values() for task in tasks]
        for wanted in {*self._ready, *self._opening}:
            self._let_go(wanted)
        await asyncio.gather(*opening, return_exceptions=True)

    def join(self, wanted: _Wanted) -> None:
        self._calls[wanted] += 1

    def leave(self, wanted: _Wanted) -> None:
        self._calls[wanted] -= 1
        if self._calls[wanted] <= 0:
            del self._calls[wanted]
            self._let_go(wanted)
            return
        ready = self._ready.get(wanted, [])
        if len(ready) + len(self._opening.get(wanted, ())) > self._calls[wanted] and ready:
            ready.pop(0)[0].transport.abort()

    def _opened(self, wanted: _Wanted, task: asyncio.Task[ClientConnection]) -> None:
        """Keep it, unless it has been taken meanwhile. A failure shows when the next is taken."""
        opening = self._opening.get(wanted, [])
        if task not in opening:
            return
        opening.remove(task)
        if task.cancelled() or task.exception() is not None:
            return
        loop = asyncio.get_running_loop()
        kept = (task.result(), loop.time())
        ready = self._ready.setdefault(wanted, [])
        if len(ready) + len(opening) >= self._calls[wanted]:
            kept[0].transport.abort()
            return
        ready.append(kept)
        loop.call_later(_KEPT_S, self._expire, wanted, kept)

    def _expire(self, wanted: _Wanted, kept: tuple[ClientConnection, float]) -> None:
        ready = self._ready.get(wanted, [])
        if kept in ready:
            ready.remove(kept)
            kept[0].transport.abort()

    def _let_go(self, wanted: _Wanted) -> None:
        for task in self._opening.pop(wanted, ()):
            _drop(task)
        for socket, _ in self._ready.pop(wanted, ()):
            socket.transport.abort()


def _drop(opening: asyncio.Task[ClientConnection]) -> None:
    """Nobody wants the connection any more, which may be open by now."""
    if not opening.cancel() and not opening.cancelled() and opening.exception() is None:
        opening.result().transport.abort()


class _Call(Standby):
    def __init__(self, sockets: WarmSockets, wanted: _Wanted) -> None:
        self._sockets = sockets
        self._wanted = wanted
        self._over = False
        sockets.join(wanted)

    def warm(self) -> None:
        url, headers = self._wanted
        if not self._over:
            self._sockets.prepare(url, dict(headers))

    def close(self) -> None:
        if not self._over:
            self._over = True
            self._sockets.leave(self._wanted)


async def _open(wanted: _Wanted) -> ClientConnection:
    url, headers = wanted
    return await connect(
        url, additional_headers=dict(headers), open_timeout=None, compression=None, max_size=_LONGEST_MESSAGE
    )
