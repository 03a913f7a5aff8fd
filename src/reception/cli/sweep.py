"""Many sockets read in one go.

An event loop that wakes for every frame of every call spends more on waking than on the frame. Here the sockets of
calls are taken out of the loop's own watch and read together, a few milliseconds after the first has something; what
they bring then also meets in one run of the voice-activity model.
"""

import asyncio
import contextlib
import os
import select
from contextvars import Context, copy_context
from typing import Protocol
from weakref import WeakKeyDictionary

_FEW = 4
"""Up to so many sockets are read as soon as one has something."""
_EVERY_S_PER_SOCKET = 0.00025
_LONGEST_S = 0.008
_READ_BYTES = 65_536


class Swept(Protocol):
    """A connection that is read by a sweep."""

    def is_closing(self) -> bool:
        """Its descriptor may be gone at any time from now on."""
        ...

    def data_received(self, data: bytes) -> None: ...

    def ended(self) -> None:
        """The other side will send no more, or the connection is broken; the sweep has let go of it."""
        ...


class Sweep:
    """The sockets of one event loop that are read together; to be called on that loop, while it runs.

    The longer the more there are: a quarter of a millisecond for each, and never more than 8 ms, after one of them can
    be read, all that can be are. Reading is the caller's to end with `leave`; a descriptor must not be closed before.
    Each socket is told in the context in which it joined, whichever of them the loop woke for.
    """

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._sockets: dict[int, tuple[Swept, Context]] = {}
        self._watched = False
        self._due = False

    def join(self, descriptor: int, socket: Swept) -> None:
        """Read `descriptor`, which must not block, for `socket` from now on."""
        self._sockets[descriptor] = socket, copy_context()
        self._epoll.register(descriptor, select.EPOLLIN)
        self._watch()

    def leave(self, descriptor: int, socket: Swept) -> None:
        """Read it no more. Nothing when it has left, or another socket goes by the same number now."""
        joined = self._sockets.get(descriptor)
        if joined is None or joined[0] is not socket:
            return
        del self._sockets[descriptor]
        # A descriptor that is closed already is out of the kernel's list too.
        with contextlib.suppress(OSError):
            self._epoll.unregister(descriptor)
        if not self._sockets and self._watched:
            self._unwatch()

    def _watch(self) -> None:
        if not self._watched and not self._due:
            self._watched = True
            asyncio.get_running_loop().add_reader(self._epoll.fileno(), self._begin)

    def _unwatch(self) -> None:
        self._watched = False
        asyncio.get_running_loop().remove_reader(self._epoll.fileno())

    def _begin(self) -> None:
        if len(self._sockets) <= _FEW:
            self._read()
        else:
            self._unwatch()
            self._schedule()

    def _schedule(self) -> None:
        self._due = True
        delay_s = min(_EVERY_S_PER_SOCKET * len(self._sockets), _LONGEST_S)
        asyncio.get_running_loop().call_later(delay_s, self._sweep)

    def _sweep(self) -> None:
        """Once more as long as something comes; then the loop wakes for the next."""
        self._due = some = False
        try:
            some = self._read()
        finally:
            if some and len(self._sockets) > _FEW:
                self._schedule()
            elif self._sockets:
                self._watch()

    def _read(self) -> bool:
        ready = self._epoll.poll(0, max(1, len(self._sockets)))
        for descriptor, _ in ready:
            joined = self._sockets.get(descriptor)
            if joined is None:
                continue
            socket, context = joined
            if socket.is_closing():
                self.leave(descriptor, socket)
                continue
            try:
                data = os.read(descriptor, _READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if data:
                context.run(socket.data_received, data)
            else:
                self.leave(descriptor, socket)
                context.run(socket.ended)
        return bool(ready)


_SWEEPS: WeakKeyDictionary[asyncio.AbstractEventLoop, Sweep] = WeakKeyDictionary()
_CAN_SWEEP = hasattr(select, "epoll")


def sweep_of(loop: asyncio.AbstractEventLoop) -> Sweep | None:
    """The one sweep of `loop`, the running one; None on systems without epoll, where each socket is read by itself."""
    sweep = _SWEEPS.get(loop)
    if sweep is None and _CAN_SWEEP:
        sweep = _SWEEPS[loop] = Sweep()
    return sweep
