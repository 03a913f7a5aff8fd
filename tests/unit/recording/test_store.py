"""Where recordings are kept, whatever kind of place that is."""

import sys
from pathlib import Path
from uuid import UUID

import pytest

from reception.core.errors import MissingModel, Unavailable
from reception.core.ids import uuid7
from reception.runtime.recording.store import RecordingStore

TENANT = UUID(int=1)


def sound(folder: Path) -> Path:
    path = folder / "part.wav"
    path.write_bytes(b"sound")
    return path


@pytest.mark.parametrize("kind", ["folder", "file", "memory"])
def test_recordings_are_kept_found_and_deleted(kind: str, tmp_path: Path) -> None:
    url = {"folder": f"{tmp_path}/kept", "file": f"file://{tmp_path}/kept", "memory": f"memory://{uuid7()}"}[kind]
    store, first, second = RecordingStore(url), uuid7(), uuid7()
    assert store.tenants() == []
    assert store.recordings(TENANT) == []
    path = store.keep(sound(tmp_path), TENANT, first)
    assert path.endswith(f"/{TENANT}/{path.split('/')[-2]}/{first}.wav")
    assert store.keep(sound(tmp_path), TENANT, first).endswith(f"{first}-2.wav")
    store.keep(sound(tmp_path), UUID(int=2), second)
    assert not (tmp_path / "part.wav").exists()
    assert store.tenants() == [TENANT, UUID(int=2)]
    found = store.recordings(TENANT)
    assert sorted((one.conversation_id, one.part) for one in found) == [(first, 1), (first, 2)]
    store.delete(found[0])
    assert [one.path for one in store.recordings(TENANT)] == [found[1].path]
    store.forget_tenant(UUID(int=2))
    assert store.tenants() == [TENANT]


def test_what_else_lies_there_is_left_alone(tmp_path: Path) -> None:
    store = RecordingStore(str(tmp_path))
    month = tmp_path / str(TENANT) / "2030-01"
    month.mkdir(parents=True)
    for name in ("notes.txt", "interview.wav", f"{uuid7()}.mp3", f"{uuid7()}-old.wav"):
        (month / name).write_bytes(b"")
    (tmp_path / "README").write_text("mine")
    assert store.tenants() == [TENANT]
    assert store.recordings(TENANT) == []


def test_s3_names_the_package_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(MissingModel, match=r"reception\[s3\]"):
        RecordingStore("s3://bucket/recordings")


def test_an_unknown_kind_of_place_is_named() -> None:
    with pytest.raises(MissingModel, match="nowhere"):
        RecordingStore("nowhere://recordings")


def test_a_place_that_cannot_be_written_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("in the way")
    with pytest.raises(Unavailable):
        RecordingStore(f"{tmp_path}/kept").keep(sound(tmp_path), TENANT, uuid7())
    assert (tmp_path / "part.wav").exists()
