"""Settings refuse what is unsafe, in a sentence."""

import stat
from pathlib import Path

import pytest

from reception.core.errors import InvalidInput
from reception.settings import load_settings, signing_key, wanted_language, wanted_providers

GOOD_KEY = "p9Xz-4uBv_Tq7LsWm2Kd8RfYc1HnJe6GaQ0oVi3Zt5"


@pytest.fixture(autouse=True)
def _no_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "RECEPTION_DATABASE_URL", "RECEPTION_SECRET_KEY", "RECEPTION_DEMO"):
        monkeypatch.delenv(name, raising=False)


def test_the_demo_is_on_in_development_and_off_in_production() -> None:
    assert load_settings().demo_mode
    assert not load_settings(demo=False).demo_mode
    production = load_settings(environment="production", secret_key=GOOD_KEY)
    assert not production.demo_mode
    assert production.json_logs


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"environment": "production"}, "RECEPTION_SECRET_KEY must be set"),
        ({"environment": "production", "secret_key": "changeme"}, "at least 32 characters"),
        ({"secret_key": "a" * 40}, "too few characters"),
        ({"environment": "production", "secret_key": GOOD_KEY, "demo": True}, "RECEPTION_DEMO must stay off"),
        ({"port": 70000}, "RECEPTION_PORT"),
        ({"cors_origins": "https://www.example.com, example.com"}, "example.com is no origin"),
        ({"cors_origins": "https://www.example.com/page"}, "is no origin"),
        ({"max_calls": 0}, "RECEPTION_MAX_CALLS"),
    ],
)
def test_what_is_unsafe_is_refused(overrides: dict[str, object], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        load_settings(**overrides)


def test_a_refused_secret_is_not_shown() -> None:
    with pytest.raises(InvalidInput) as refused:
        load_settings(secret_key="short-but-mine")
    assert "short-but-mine" not in refused.value.detail


def test_the_database_may_be_named_with_or_without_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://one.example.com/a")
    url = load_settings().database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql://one.example.com/a"
    assert "one.example.com" not in repr(load_settings())


def test_a_development_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path / "new")
    made = signing_key(settings)
    assert len(made) >= 32
    assert signing_key(settings) == made
    assert stat.S_IMODE((tmp_path / "new" / "secret.key").stat().st_mode) == 0o600


def test_a_damaged_key_file_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("short")
    with pytest.raises(InvalidInput, match="remove it"):
        signing_key(load_settings(data_dir=tmp_path))


@pytest.mark.parametrize("name", ["DEEPGRAM_API_KEY", "GROQ_API_KEY"])
@pytest.mark.parametrize("key", ["“abc”", "abc\u00a0", "abc\n"])
def test_a_key_that_no_header_can_carry_is_refused(name: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, key)
    read = wanted_language if name.startswith("GROQ") else wanted_providers
    with pytest.raises(InvalidInput, match=f"{name} holds a character") as refused:
        read(load_settings())
    assert "abc" not in refused.value.detail


def test_a_reranker_s_key_that_no_header_can_carry_is_refused() -> None:
    with pytest.raises(InvalidInput, match="RECEPTION_RERANKER_KEY: holds a character") as refused:
        load_settings(reranker_key="“abc”")
    assert "abc" not in refused.value.detail


def test_google_s_key_may_be_a_file_and_one_that_is_not_there_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    settings, file = load_settings(stt="google-streaming"), tmp_path / "key.json"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    with pytest.raises(InvalidInput, match="needs a key"):
        wanted_providers(settings)
    file.write_text('{"type": "service_account"}')
    assert wanted_providers(settings).keys["google-streaming"] == '{"type": "service_account"}'
    monkeypatch.setenv("GOOGLE_API_KEY", "another")
    assert wanted_providers(settings).keys["google-streaming"] == "another"
