"""What the parent of several workers and a worker say to each other, over a pair of Unix sockets.

To the worker: one byte a message; `CONNECTION` comes with the connection itself. To the parent: one JSON object a line.
Either end sees the other's death as the end of the stream.
"""

import contextlib
import json
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass

CONNECTION = b"c"
DRAIN = b"d"
HURRY = b"h"
_READ_BYTES = 4096


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a worker tells of itself, at least once a second. `failed` says why it does not start."""

    ready: bool = False
    draining: bool = False
    live_calls: int = 0
    connections: int = 0
    agents: tuple[str, ...] = ()
    failed: str = ""


class ToWorker:
    """The parent's end."""

    def __init__(self, end: socket.socket, on_state: Callable[[WorkerState], None]) -> None:
        end.setblocking(False)
        self._end = end
        self._on_state = on_state
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

    def tell(self, message: bytes) -> None:
        """Send `DRAIN` or `HURRY`; a worker that is gone needs neither."""
        with contextlib.suppress(OSError):
            self._end.send(message)

    def read(self) -> bool:
        """Take what the worker has said. False when it has closed its end."""
        try:
            read = self._end.recv(_READ_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        *lines, self._unread = (self._unread + read).split(b"\n")
        for line in lines:
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

    def read(self) -> tuple[bytes, socket.socket | None] | None:
        """The next message, with its connection; empty at the parent's end, None when there is none yet."""
        try:
            message, descriptors, _, _ = socket.recv_fds(self._end, 1, 1)
        except BlockingIOError:
            return None
        except OSError:
            return b"", None
        return message, socket.socket(fileno=descriptors[0]) if descriptors else None

    def report(self, state: WorkerState) -> None:
        """Tell the parent; never blocks. While the parent does not read, newer states take the place of older ones."""
        line = json.dumps(asdict(state)).encode() + b"\n"
        begun = self._unsent.partition(b"\n")[0] + b"\n" if self._unsent else b""
        self._unsent = begun + line
        with contextlib.suppress(OSError):
            sent = self._end.send(self._unsent)
            self._unsent = self._unsent[sent:]


def _state_of(line: bytes) -> WorkerState:
    fields = json.loads(line)
    return WorkerState(**{**fields, "agents": tuple(fields["agents"])})
