"""`.env.example` names every setting, tells the truth of it, and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from reception.cli.environment import FILE_VARIABLE, load_env_file, read_env_file
from reception.core.errors import InvalidInput
from reception.providers.llm.vendors import VENDORS
from reception.providers.registry import key_names
from reception.settings import Settings, load_settings

REPOSITORY = Path(__file__).parents[3]
COMMAND_LINE = {"RECEPTION_WORKERS": "1"}
"""What only a command reads, with its default."""
COMPOSE = {"POSTGRES_PASSWORD", "RECEPTION_PUBLISH", "RECEPTION_IMAGE"}
VENDORS_OWN = {
    *(name for names in key_names().values() for name in names),
    *(vendor.key_variable for vendor in VENDORS.values()),
    "OPENAI_BASE_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_ENDPOINT_URL_S3",
}
_ENTRY = re.compile(r"#([A-Z][A-Z0-9_]*)=(.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    example: str
    comment: str

    @property
    def default(self) -> str:
        return self.comment.rpartition("Default: ")[2].strip()


def _entries() -> Mapping[str, Entry]:
    """Each variable with its example and the comment right above it."""
    found: dict[str, Entry] = {}
    comment: list[str] = []
    for line in (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines():
        entry = _ENTRY.fullmatch(line)
        if entry:
            assert entry[1] not in found, f"{entry[1]} is there twice"
            found[entry[1]] = Entry(entry[2], "\n".join(comment))
            comment = []
        elif line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        else:
            assert not line, f"neither a comment nor a setting: {line}"
            comment = []
    return found


ENTRIES = _entries()
SETTINGS = {f"RECEPTION_{name.upper()}": field for name, field in Settings.model_fields.items()}


def _written(value: Any) -> str:
    return str(value.value if isinstance(value, StrEnum) else value)


def test_every_setting_is_there_and_nothing_that_is_none() -> None:
    assert set(ENTRIES) == {*SETTINGS, *COMMAND_LINE, *COMPOSE, *VENDORS_OWN}


@pytest.mark.parametrize("name", SETTINGS)
def test_each_says_what_it_does_and_its_default(name: str) -> None:
    entry, default = ENTRIES[name], SETTINGS[name].default
    assert entry.default, f"{name} has no line with its default"
    if default not in (None, ""):
        assert entry.default == _written(default)
    else:
        assert not re.fullmatch(r"[\d.]+", entry.default), f"{name} has no such default"
    assert len(entry.comment) > len(f"Default: {entry.default}") or name.startswith("RECEPTION_RERANKER_")


@pytest.mark.parametrize("name", COMMAND_LINE)
def test_what_a_command_reads_has_its_default_too(name: str) -> None:
    assert ENTRIES[name].default == COMMAND_LINE[name]


def test_secrets_have_no_example_that_could_stay() -> None:
    for name, entry in ENTRIES.items():
        if re.search(r"PASSWORD|SECRET|TOKEN$|_KEY(_ID)?$", name) and "KEY=" not in name:
            assert entry.example == "", f"{name} should have no example"


def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*ENTRIES, "DATABASE_URL", FILE_VARIABLE):
        monkeypatch.delenv(name, raising=False)


def test_every_example_is_taken_as_it_stands(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _no_settings(monkeypatch)
    lines = [f"{name}={entry.example}" for name, entry in ENTRIES.items()]
    (tmp_path / "all.env").write_text("\n".join([*lines, "RECEPTION_SECRET_KEY=k3Yz-4uBv_Tq7LsWm2Kd8RfYc1HnJe6GaQ0"]))
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "all.env"))
    for name, value in read_env_file(str(tmp_path / "all.env")).items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.production
    for name, field in SETTINGS.items():
        value = getattr(settings, name.removeprefix("RECEPTION_").lower())
        shown = value.get_secret_value() if isinstance(value, SecretStr) else value
        if ENTRIES[name].example:
            assert value != field.default, f"the example of {name} is its default"
            assert type(shown)(ENTRIES[name].example) == shown if not isinstance(shown, bool) else shown is False


def test_the_file_as_it_is_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _no_settings(monkeypatch)
    assert read_env_file(str(REPOSITORY / ".env.example")) == {}


def test_the_environment_goes_before_the_file_and_empty_is_unset(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _no_settings(monkeypatch)
    (tmp_path / ".env").write_text(
        "# a comment\nexport RECEPTION_PORT=9001\nRECEPTION_MAX_CALLS='7'\nRECEPTION_LLM=a$HOME#b\nRECEPTION_STT=\n"
        "RECEPTION_METRICS_TOKEN=\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECEPTION_PORT", "9002")
    for name in ("RECEPTION_MAX_CALLS", "RECEPTION_LLM", "RECEPTION_STT", "RECEPTION_METRICS_TOKEN"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    load_env_file()
    settings = load_settings()
    assert (settings.port, settings.max_calls, settings.llm) == (9002, 7, "a$HOME#b")
    assert (settings.stt, settings.metrics_token) == ("", None)


def test_a_file_that_is_wrong_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _no_settings(monkeypatch)
    assert read_env_file("") == {}
    with pytest.raises(InvalidInput, match="not there"):
        read_env_file(str(tmp_path / "none"))
    (tmp_path / ".env").write_text("RECEPTION_PORT=9001\nRECEPTION_SECRET_KEY hunter2 is mine\n")
    with pytest.raises(InvalidInput, match="line 2"):
        read_env_file(str(tmp_path / ".env"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        load_env_file()
    assert "hunter2" not in capsys.readouterr().err
    (tmp_path / ".env").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="text"):
        read_env_file(str(tmp_path / ".env"))
