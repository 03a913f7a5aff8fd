"""An installation out of a file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from reception.core.errors import InvalidInput
from reception.db import dump
from reception.db.load import StoredDatabase, StoredTable, load_database, refuse_taken
from reception.db.migrate import knows_revision, prepare_server
from reception.runtime.backup.archive import ArchiveReader, reading
from reception.runtime.backup.manifest import Manifest, RecordingPart, TablePart
from reception.runtime.recording.store import RecordingStore

Progress = Callable[[str], None]


def verify(file: Path, progress: Progress) -> Manifest:
    """Read all of `file` and compare it with what was written.

    Raises:
        InvalidInput: it is no backup, is damaged, or is of a newer Reception.
    """
    with reading(file) as archive:
        return _verified(archive, progress)


def restore(
    file: Path, owner_url: str, recordings: RecordingStore | None, progress: Progress, *, replace: bool
) -> Manifest:
    """Make an installation what `file` holds, after all of it has been verified, and bring it to this version's schema.

    The recordings come first, as a database that tells of them must not come before they are there. Where
    `recordings` is None they are left out. Blocking; the service must not run meanwhile. A failure leaves the
    database as it was.

    Raises:
        InvalidInput: as `verify` does.
        Conflict: there is an installation already and `replace` is false, or it is in use.
        Unavailable: the database or the place for recordings cannot be used.
    """
    with reading(file) as archive:
        manifest = _verified(archive, progress)
        prepare_server(owner_url)
        refuse_taken(owner_url, replace=replace)
        if recordings is not None:
            for number, part in enumerate(manifest.recordings or (), 1):
                recordings.put(part.path, archive.pieces(part.member))
                progress(f"Recording {number} of {len(manifest.recordings or ())}")
        stored = StoredDatabase(
            manifest.revision,
            tuple(_stored(archive, part) for part in manifest.tables),
            tuple(dump.Sequence(one.name, one.value, one.called) for one in manifest.sequences),
        )
        load_database(
            owner_url, stored, replace=replace, progress=lambda name, rows: progress(f"Table {name}: {rows} rows")
        )
    return manifest


def _stored(archive: ArchiveReader, part: TablePart) -> StoredTable:
    return StoredTable(dump.Table(part.name, part.columns), part.rows, partial(archive.pieces, part.member))


def _verified(archive: ArchiveReader, progress: Progress) -> Manifest:
    manifest = archive.manifest
    if not knows_revision(manifest.revision):
        raise InvalidInput(
            f"The backup is of Reception {manifest.version[:20]} with the schema {manifest.revision}, "
            "which this version does not know: install that version or a later one"
        )
    parts: tuple[TablePart | RecordingPart, ...] = (*manifest.tables, *(manifest.recordings or ()))
    progress(f"Verifying {len(parts)} parts, {sum(part.bytes for part in parts) / 1e6:.1f} MB")
    for part in parts:
        archive.verify(part.member, part.bytes, part.sha256)
    return manifest
