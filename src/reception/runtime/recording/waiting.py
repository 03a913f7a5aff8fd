"""Recordings that lie on the local disk until they are stored: those of live calls, and finished ones.

<folder>/<tenant>/<conversation>.<nanoseconds>.wav        locked by whoever writes or stores it
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    """One file. Parts of one conversation are stored in the order of `began_ns`."""

    path: Path
    tenant_id: UUID
    conversation_id: UUID
    began_ns: int


class WaitingRoom:
    """The folder, which several processes may share. Blocking, but for `place`."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def place(self, tenant_id: UUID, conversation_id: UUID) -> Path:
        """Where a new recording is to grow."""
        return self._folder / str(tenant_id) / f"{conversation_id}.{time.time_ns()}.wav"

    @property
    def full(self) -> bool:
        """There is more than is to be kept here."""
        return sum(_size_bytes(path) for path in self._folder.glob("*/*.wav")) >= self._most_bytes

    def all(self) -> list[Waiting]:
        """Everything here, the oldest first; files of strange names are left alone."""
        found = [waiting for path in self._folder.glob("*/*.wav") if (waiting := _read(path))]
        return sorted(found, key=lambda one: one.began_ns)

    def forget(self, tenant_id: UUID, conversation_id: UUID | None = None) -> None:
        """Remove what is here of a conversation, or of all of a tenant's; whoever writes to it does so in vain."""
        for path in self._folder.glob(f"{tenant_id}/{conversation_id or '*'}.*"):
            path.unlink(missing_ok=True)


@contextmanager
def held(path: Path) -> Iterator[bool]:
    """Whether the file is finished and nobody else is at it; it stays so for as long as the block lasts."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield _is_at(file.fileno(), path)


def _is_at(descriptor: int, path: Path) -> bool:
    """False when it was removed before it could be locked."""
    try:
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except FileNotFoundError:
        return False


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _read(path: Path) -> Waiting | None:
    conversation_id, began_ns, _ = path.name.split(".") if path.name.count(".") == 2 else ("", "", "")
    try:
        return Waiting(path, UUID(path.parent.name), UUID(conversation_id), int(began_ns))
    except ValueError:
        return None
