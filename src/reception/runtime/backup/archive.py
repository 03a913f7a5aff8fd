"""The file of a backup: a zip, whose members are written as they come and hashed on the way.

manifest.json · tables/<name>.copy · recordings/<tenant>/<month>/<conversation>.wav
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reception.core.errors import Conflict, InvalidInput, Unavailable
from reception.runtime.backup.manifest import MOST_BYTES, Manifest, read_manifest

_MANIFEST = "manifest.json"
_PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """`lines` counts line ends, which are a table's rows."""

    bytes: int
    sha256: str
    lines: int


class ArchiveWriter:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def add(self, member: str, pieces: Iterable[bytes], *, packed: bool) -> Written:
        """Write a member from its pieces. `packed` is for what is not dense already."""
        info = zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0))
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        size, lines, digest = 0, 0, hashlib.sha256()
        with self._archive.open(info, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                lines += piece.count(b"\n")
        return Written(size, digest.hexdigest(), lines)

    def close_with(self, manifest: Manifest) -> None:
        self.add(_MANIFEST, (manifest.model_dump_json(indent=1).encode(),), packed=True)


@contextmanager
def writing(file: Path, *, replace: bool) -> Iterator[ArchiveWriter]:
    """An archive at `file`, which appears when the block has ended well and is readable by its owner alone.

    Raises:
        Conflict: there is a file already, and `replace` is false.
        Unavailable: it cannot be written; the detail says why.
    """
    if file.exists() and not replace:
        raise Conflict(f"{file} exists already. Choose another name, or replace it with --force")
    unfinished = file.with_name(f"{file.name}.part")
    try:
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as raw:
            with zipfile.ZipFile(raw, "w", compresslevel=6) as archive:
                yield ArchiveWriter(archive)
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(file)
    except OSError as error:
        raise Unavailable(f"{file} cannot be written: {error.strerror}") from error
    finally:
        unfinished.unlink(missing_ok=True)


class ArchiveReader:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.manifest = read_manifest(self._whole(_MANIFEST))

    def pieces(self, member: str) -> Iterator[bytes]:
        """Raises `InvalidInput` when the file is damaged there, or has no such member."""
        try:
            with self._archive.open(member) as file:
                while piece := file.read(_PIECE_BYTES):
                    yield piece
        except (KeyError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
            raise InvalidInput(f"The backup is damaged: {member} cannot be read") from error

    def verify(self, member: str, size: int, sha256: str) -> None:
        """Raises `InvalidInput` when the member is not what was written."""
        digest, found = hashlib.sha256(), 0
        for piece in self.pieces(member):
            digest.update(piece)
            found += len(piece)
            if found > size:
                break
        if found != size or digest.hexdigest() != sha256:
            raise InvalidInput(f"The backup is damaged: {member} is not what was written")

    def _whole(self, member: str) -> bytes:
        read = bytearray()
        for piece in self.pieces(member):
            read += piece
            if len(read) > MOST_BYTES:
                raise InvalidInput("The file is no backup of Reception: its manifest is too large")
        return bytes(read)


@contextmanager
def reading(file: Path) -> Iterator[ArchiveReader]:
    """The archive at `file`.

    Raises:
        InvalidInput: there is none, it is no backup of ours, or it is damaged.
    """
    try:
        archive = zipfile.ZipFile(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    except zipfile.BadZipFile as error:
        raise InvalidInput(f"{file} is no backup of Reception, or was cut short") from error
    with archive:
        yield ArchiveReader(archive)
