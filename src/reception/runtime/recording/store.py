"""Where recordings are kept: a folder, or any place that fsspec knows, such as `s3://bucket/folder`.

<base>/<tenant>/<year>-<month>/<conversation>.wav        a call taken up again: <conversation>-2.wav, -3.wav, ...
"""

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from fsspec.core import url_to_fs

from reception.core.errors import MissingModel, Unavailable

_SUFFIX = ".wav"
_MOST_PARTS = 100
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Recording:
    """One file; `began_at` is the conversation's beginning, to the millisecond, as its id tells it."""

    path: str
    tenant_id: UUID
    conversation_id: UUID
    part: int

    @property
    def began_at(self) -> datetime:
        return began_at(self.conversation_id)


def began_at(conversation_id: UUID) -> datetime:
    """When a UUID of version 7 was made."""
    return datetime.fromtimestamp((conversation_id.int >> 80) / 1000, UTC)


class RecordingStore:
    """Blocking; to be called in threads.

    Raises, in its constructor: MissingModel: the kind of place in `url` needs a package that is not installed.
    In its methods: Unavailable: the place cannot be reached or written to.
    """

    def __init__(self, url: str) -> None:
        try:
            self._fs, base = url_to_fs(url)  # type: ignore[no-untyped-call]
        except (ImportError, ValueError) as error:
            kind = url.partition(":")[0]
            mend = 'pip install "reception[s3]"' if kind == "s3" else f"what fsspec asks for: {error}"
            raise MissingModel(f"Support for recordings at {kind}://", mend) from error
        self._base = str(base).rstrip("/")

    def keep(self, file: Path, tenant_id: UUID, conversation_id: UUID) -> str:
        """Move the local `file` to its place; returns where that is."""
        month = f"{began_at(conversation_id):%Y-%m}"
        folder = posixpath.join(self._base, str(tenant_id), month)
        with _reachable():
            self._fs.makedirs(folder, exist_ok=True)
            for part in range(1, _MOST_PARTS):
                name = f"{conversation_id}{f'-{part}' if part > 1 else ''}{_SUFFIX}"
                path = posixpath.join(folder, name)
                if not self._fs.exists(path):
                    break
            self._fs.put_file(str(file), path)
        file.unlink()
        return path

    def tenants(self) -> list[UUID]:
        with _reachable():
            return [tenant for path in self._list(self._base) if (tenant := _uuid(posixpath.basename(path)))]

    def recordings(self, tenant_id: UUID) -> list[Recording]:
        """The tenant's recordings, month by month; files of other names are left alone."""
        found: list[Recording] = []
        with _reachable():
            for month in self._list(posixpath.join(self._base, str(tenant_id))):
                read = (_recording(path, tenant_id) for path in self._list(month))
                found += [recording for recording in read if recording is not None]
        return found

    def of(self, tenant_id: UUID, conversation_id: UUID) -> list[Recording]:
        """A conversation's recordings, its parts in order."""
        month = f"{began_at(conversation_id):%Y-%m}"
        found: list[Recording] = []
        with _reachable():
            for path in self._list(posixpath.join(self._base, str(tenant_id), month)):
                recording = _recording(path, tenant_id)
                if recording is not None and recording.conversation_id == conversation_id:
                    found.append(recording)
        return sorted(found, key=lambda one: one.part)

    def size_bytes(self, recording: Recording) -> int:
        with _reachable():
            return int(self._fs.size(recording.path))

    def read(self, recording: Recording, start: int, end: int) -> Iterator[bytes]:
        """Its bytes from `start` to before `end`, piece by piece."""
        with _reachable(), self._fs.open(recording.path, "rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(_PIECE_BYTES, end - start))):
                start += len(piece)
                yield piece

    def delete(self, recording: Recording) -> None:
        with _reachable():
            self._fs.rm_file(recording.path)

    def forget_tenant(self, tenant_id: UUID) -> None:
        """Delete all that a tenant has, which may be nothing."""
        folder = posixpath.join(self._base, str(tenant_id))
        with _reachable():
            if self._fs.exists(folder):
                self._fs.rm(folder, recursive=True)

    def _list(self, folder: str) -> list[str]:
        try:
            return sorted(str(path).rstrip("/") for path in self._fs.ls(folder, detail=False))
        except (FileNotFoundError, NotADirectoryError):
            return []


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("The place where recordings are kept cannot be used now.") from error


def _recording(path: str, tenant_id: UUID) -> Recording | None:
    name = posixpath.basename(path).removesuffix(_SUFFIX)
    conversation_id = _uuid(name[:36])
    part = name[37:] or "1"
    if conversation_id is None or not path.endswith(_SUFFIX) or not part.isdigit():
        return None
    return Recording(path, tenant_id, conversation_id, int(part))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
