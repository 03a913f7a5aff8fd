"""What the parent of several workers and a worker say to each other, over a pair of Unix sockets.

To the worker: one byte a message; `CONNECTION` comes with the connection itself, `PASSED_ON` with a call that another
worker had no room for. To the parent: one JSON object a line; an empty line comes with a call for which this worker has
no room. Either end sees the other's death as the end of the stream.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

CONNECTION = b"c"
PASSED_ON = b"p"
DRAIN = b"d"
RENEW = b"r"
"""End with the last call, however long that lasts: a successor is about to take the place."""
HURRY = b"h"
_READ_BYTES = 4096
_LONGEST_HEAD_BYTES = 32 << 10
"""More than that does not go into a pipe at once everywhere."""


@dataclass(frozen=True, slots=True)
class Call:
    """A connection whose first request, `head`, has been read and not answered."""

    connection: socket.socket
    head: bytes

    def close(self) -> None:
        self.connection.close()


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a worker tells of itself, at least once a second. `taken` counts the connections that it was ever given;
    `failed` says why it does not start."""

    ready: bool = False
    draining: bool = False
    live_calls: int = 0
    room: int = 0
    connections: int = 0
    taken: int = 0
    agents: tuple[str, ...] = ()
    failed: str = ""


class ToWorker:
    """The parent's end."""

    def __init__(
        self, end: socket.socket, on_state: Callable[[WorkerState], None], on_call: Callable[[Call], None]
    ) -> None:
        end.setblocking(False)
        self._end = end
        self._on_state = on_state
        self._on_call = on_call
        self._unread = b""

    def fileno(self) -> int:
        return self._end.fileno()

    def hand_over(self, connection: socket.socket) -> bool:
        """Give the worker a copy of `connection`. False when it takes none now."""
        try:
            socket.send_fds(self._end, [CONNECTION], [connection.fileno()])
        except (BlockingIOError, OSError):
            return False
        return True

    def pass_on(self, call: Call) -> bool:
        """Give the worker a call that another one has no room for. False when it takes none now."""
        return _send_call(self._end, PASSED_ON, call)

    def tell(self, message: bytes) -> None:
        """Send `DRAIN`, `RENEW` or `HURRY`; a worker that is gone needs neither."""
        with contextlib.suppress(OSError):
            self._end.send(message)

    def read(self) -> bool:
        """Take what the worker has said. False when it has closed its end."""
        try:
            read, descriptors, _, _ = socket.recv_fds(self._end, _READ_BYTES, 2)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if descriptors:
            self._on_call(_received_call(descriptors))
        *lines, self._unread = (self._unread + read).split(b"\n")
        for line in filter(None, lines):
            self._on_state(_state_of(line))
        return bool(read)

    def close(self) -> None:
        self._end.close()


class ToParent:
    """The worker's end."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end
        self._unsent = b""

    def fileno(self) -> int:
        return self._end.fileno()

    def read(self) -> tuple[bytes, Call | None] | None:
        """The next message, with its connection; empty at the parent's end, None when there is none yet."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._end, 1, 2)
        except BlockingIOError:
            return None
        except OSError:
            return b"", None
        return message, _received_call(descriptors) if descriptors else None

    def pass_on(self, call: Call) -> bool:
        """Give back a call that this worker has no room for. False when the parent takes none now."""
        return not self._unsent and _send_call(self._end, b"\n", call)

    def report(self, state: WorkerState) -> None:
        """Tell the parent; never blocks. While the parent does not read, newer states take the place of older ones."""
        line = json.dumps(asdict(state)).encode() + b"\n"
        begun = self._unsent.partition(b"\n")[0] + b"\n" if self._unsent else b""
        self._unsent = begun + line
        with contextlib.suppress(OSError):
            sent = self._end.send(self._unsent)
            self._unsent = self._unsent[sent:]


def _send_call(end: socket.socket, message: bytes, call: Call) -> bool:
    if len(call.head) > _LONGEST_HEAD_BYTES:
        return False
    reading, writing = os.pipe()
    try:
        os.write(writing, call.head)
        socket.send_fds(end, [message], [call.connection.fileno(), reading])
    except (BlockingIOError, OSError):
        return False
    finally:
        os.close(reading)
        os.close(writing)
    return True


def _received_call(descriptors: Sequence[int]) -> Call:
    """From the descriptors of a connection and of a pipe with what was read from it, if anything was."""
    connection, *pipes = descriptors
    head = b""
    for pipe in pipes:
        head += os.read(pipe, _LONGEST_HEAD_BYTES)
        os.close(pipe)
    return Call(socket.socket(fileno=connection), head)


def _state_of(line: bytes) -> WorkerState:
    fields = json.loads(line)
    return WorkerState(**{**fields, "agents": tuple(fields["agents"])})
