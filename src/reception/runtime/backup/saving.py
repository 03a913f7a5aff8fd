"""An installation into a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reception import __version__
from reception.core.errors import Unavailable
from reception.db.dump import DatabaseSnapshot, open_snapshot
from reception.runtime.backup.archive import ArchiveWriter, writing
from reception.runtime.backup.manifest import Manifest, RecordingPart, SequencePart, TablePart
from reception.runtime.recording.store import Recording, RecordingStore

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """`recordings` is None where they are left out; `encryption_key` names the key, and is not it."""

    owner_url: str
    recordings: RecordingStore | None
    encryption_key: str | None


def save(source: Source, file: Path, made_at: datetime, progress: Progress, *, replace: bool) -> Manifest:
    """Write all of `source` as it is at one moment to `file`. Blocking; the service may go on.

    Secrets stay as they are sealed, and the keys are not written.

    Raises:
        Conflict: `file` exists and `replace` is false.
        Unavailable: the database, the recordings or the file cannot be used; the detail says which.
    """
    with writing(file, replace=replace) as archive:
        with open_snapshot(source.owner_url) as snapshot:
            tables = tuple(_tables(snapshot, archive, progress))
            sequences = tuple(
                SequencePart(name=one.name, value=one.value, called=one.called) for one in snapshot.sequences
            )
            revision, postgres = snapshot.revision, snapshot.postgres
        recordings = tuple(_recordings(source.recordings, archive, progress)) if source.recordings else None
        manifest = Manifest(
            format=1,
            product="reception",
            version=__version__,
            made_at=made_at,
            revision=revision,
            postgres=postgres,
            encryption_key=source.encryption_key,
            tables=tables,
            sequences=sequences,
            recordings=recordings,
        )
        archive.close_with(manifest)
    return manifest


def _tables(snapshot: DatabaseSnapshot, archive: ArchiveWriter, progress: Progress) -> Iterator[TablePart]:
    for number, table in enumerate(snapshot.tables, 1):
        written = archive.add(f"tables/{table.name}.copy", snapshot.rows(table), packed=True)
        progress(f"Table {number} of {len(snapshot.tables)}: {table.name}, {written.lines} rows")
        yield TablePart(
            name=table.name,
            columns=table.columns,
            rows=written.lines,
            bytes=written.bytes,
            sha256=written.sha256,
        )


def _recordings(store: RecordingStore, archive: ArchiveWriter, progress: Progress) -> Iterator[RecordingPart]:
    for tenant_id in store.tenants():
        for recording in store.recordings(tenant_id):
            path = store.relative(recording)
            try:
                pieces = store.read(recording, 0, store.size_bytes(recording))
                written = archive.add(f"recordings/{path}", pieces, packed=False)
            except Unavailable:
                if _is_there(store, recording):
                    raise
                continue
            progress(f"Recording {path}")
            yield RecordingPart(path=path, bytes=written.bytes, sha256=written.sha256)


def _is_there(store: RecordingStore, wanted: Recording) -> bool:
    """False when its time ran out meanwhile, and it was removed."""
    return wanted in store.of(wanted.tenant_id, wanted.conversation_id)
