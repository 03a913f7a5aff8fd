"""Where recordings are kept: a folder, or any place that fsspec knows, such as `s3://bucket/folder`.

For S3, keys, region and endpoint come from where every AWS program finds them: `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL_S3` for other makers' servers, `~/.aws`, or the machine's role.
The bucket must exist; what is needed in it: GetObject, PutObject, DeleteObject, ListBucket.

<base>/<tenant>/<year>-<month>/<conversation>.wav        a call taken up again: <conversation>-2.wav, -3.wav, ...
"""

import posixpath
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from reception.core.errors import InvalidInput, MissingModel, Unavailable

_SUFFIX = ".wav"
_UNFINISHED = ".part"
_CHECK = b"Reception can write here.\n"
_S3 = "s3"
_S3_CONNECT_S, _S3_READ_S = 5, 30
_S3_ATTEMPTS = 2
_REASONS = {
    "NoCredentialsError": "there are no credentials in the environment",
    "PermissionError": "the credentials are not accepted there, or do not allow it",
    "FileNotFoundError": "there is no such bucket or folder",
    "EndpointConnectionError": "nobody answers at its address",
    "ConnectTimeoutError": "nobody answers at its address",
}
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

    Raises, in its constructor: MissingModel: the kind of place in `url` needs a package that is not installed;
    InvalidInput: `url` holds credentials. In its methods: Unavailable: the place cannot be reached or written to; the
    detail says why.
    """

    def __init__(self, url: str) -> None:
        kind, _, rest = url.rpartition("://")
        if kind and ":" in rest.partition("@")[0] and "@" in rest:
            raise InvalidInput("RECEPTION_RECORDINGS_URL must not hold credentials; set them in the environment.")
        try:
            self._faults = _faults(kind)
            self._fs, base = url_to_fs(url, **_options(kind))  # type: ignore[no-untyped-call]
        except (ImportError, ValueError) as error:
            mend = 'pip install "reception[s3]"' if kind == _S3 else f"what fsspec asks for: {error}"
            raise MissingModel(f"Support for recordings at {kind}://", mend) from error
        if kind == _S3:
            self._fs.retries = _S3_ATTEMPTS
        self._base = str(base).rstrip("/")

    def check(self) -> None:
        """Write a small file, read it back and remove it."""
        path = posixpath.join(self._base, f"reception-check-{uuid4().hex}.txt")
        with self._reachable():
            self._make_folder(self._base)
            self._fs.pipe_file(path, _CHECK)
            found = self._fs.cat_file(path)
            self._fs.rm_file(path)
        if found != _CHECK:
            raise Unavailable("The place where recordings are kept does not give back what it is given.")

    def keep(self, file: Path, tenant_id: UUID, conversation_id: UUID) -> str:
        """Move the local `file` to its place, where it is whole or not at all; returns where that is."""
        month = f"{began_at(conversation_id):%Y-%m}"
        folder = posixpath.join(self._base, str(tenant_id), month)
        with self._reachable():
            self._make_folder(folder)
            path = self._free_path(folder, str(conversation_id))
            if self._is_local:
                self._fs.put_file(str(file), path + _UNFINISHED)
                Path(path + _UNFINISHED).replace(path)
            else:
                self._fs.put_file(str(file), path)
        file.unlink()
        return path

    def tenants(self) -> list[UUID]:
        with self._reachable():
            return [tenant for path in self._list(self._base) if (tenant := _uuid(posixpath.basename(path)))]

    def recordings(self, tenant_id: UUID) -> list[Recording]:
        """The tenant's recordings, month by month; files of other names are left alone."""
        found: list[Recording] = []
        with self._reachable():
            for month in self._list(posixpath.join(self._base, str(tenant_id))):
                read = (_recording(path, tenant_id) for path in self._list(month))
                found += [recording for recording in read if recording is not None]
        return found

    def of(self, tenant_id: UUID, conversation_id: UUID) -> list[Recording]:
        """A conversation's recordings, its parts in order."""
        found = [one for one in self.of_month(tenant_id, conversation_id) if one.conversation_id == conversation_id]
        return sorted(found, key=lambda one: one.part)

    def of_month(self, tenant_id: UUID, conversation_id: UUID) -> list[Recording]:
        """Those of the month in which a conversation began."""
        month = f"{began_at(conversation_id):%Y-%m}"
        with self._reachable():
            read = (
                _recording(path, tenant_id) for path in self._list(posixpath.join(self._base, str(tenant_id), month))
            )
            return [recording for recording in read if recording is not None]

    def size_bytes(self, recording: Recording) -> int:
        with self._reachable():
            return int(self._fs.size(recording.path))

    def read(self, recording: Recording, start: int, end: int) -> Iterator[bytes]:
        """Its bytes from `start` to before `end`, piece by piece."""
        with self._reachable(), self._fs.open(recording.path, "rb") as file:
            file.seek(start)
            while start < end and (piece := file.read(min(_PIECE_BYTES, end - start))):
                start += len(piece)
                yield piece

    def relative(self, recording: Recording) -> str:
        """Its path below the place where recordings are kept."""
        return posixpath.relpath(recording.path, self._base)

    def put(self, relative: str, pieces: Iterable[bytes]) -> None:
        """Write the recording that `relative` tells of, over one that is there."""
        path = posixpath.join(self._base, relative)
        with self._reachable():
            self._make_folder(posixpath.dirname(path))
            with self._fs.open(path + _UNFINISHED if self._is_local else path, "wb") as file:
                for piece in pieces:
                    file.write(piece)
            if self._is_local:
                Path(path + _UNFINISHED).replace(path)

    def delete(self, recording: Recording) -> None:
        with self._reachable():
            self._fs.rm_file(recording.path)

    def forget_tenant(self, tenant_id: UUID) -> None:
        """Delete all that a tenant has, which may be nothing."""
        folder = posixpath.join(self._base, str(tenant_id))
        with self._reachable():
            if self._fs.exists(folder):
                self._fs.rm(folder, recursive=True)

    def _list(self, folder: str) -> list[str]:
        try:
            return sorted(str(path).rstrip("/") for path in self._fs.ls(folder, detail=False))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _free_path(self, folder: str, name: str) -> str:
        path = ""
        for part in range(1, _MOST_PARTS):
            path = posixpath.join(folder, f"{name}{f'-{part}' if part > 1 else ''}{_SUFFIX}")
            if not self._fs.exists(path):
                break
        return path

    @property
    def _is_local(self) -> bool:
        return isinstance(self._fs, LocalFileSystem)

    def _make_folder(self, folder: str) -> None:
        # Elsewhere folders are but parts of names, and to make one would be to make a bucket where its name is wrong.
        if self._is_local:
            self._fs.makedirs(folder, exist_ok=True)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except self._faults as error:
            told = _REASONS.get(type(error).__name__, type(error).__name__)
            raise Unavailable(f"The place where recordings are kept cannot be used now: {told}.") from error


def _options(kind: str) -> dict[str, Any]:
    """What a slow or dead place may take, and that nothing it said earlier is believed: other processes write too."""
    if kind != _S3:
        return {}
    patience = {"connect_timeout": _S3_CONNECT_S, "read_timeout": _S3_READ_S, "retries": {"max_attempts": 0}}
    return {"config_kwargs": patience, "use_listings_cache": False, "skip_instance_cache": True}


def _faults(kind: str) -> tuple[type[Exception], ...]:
    """How the place says that something is wrong."""
    if kind != _S3:
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    return OSError, BotoCoreError, ClientError


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
