"""`reception doctor`, against local servers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reception.cli.app import app
from reception.cli.doctor import State, _language, _providers
from reception.settings import load_settings
from tests.support.vendors.chat_models import CompatibleChatServer, OpenAiChatServer, Writes
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.openai_like import OpenAiServer


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.parametrize(
    ("fault", "state", "advice"),
    [
        (Fault.NONE, State.OK, ""),
        (Fault.UNAUTHORIZED, State.FAILED, "OPENAI_API_KEY"),
        (Fault.LIMITED, State.FAILED, "quota"),
        (Fault.BROKEN, State.FAILED, "status page"),
    ],
)
async def test_each_provider_is_asked_and_what_to_do_is_said(
    fault: Fault, state: State, advice: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    async with OpenAiServer("gpt-4o-mini-tts") as server:
        server.fault = fault
        settings = load_settings(data_dir=tmp_path, tts=f"openai:gpt-4o-mini-tts@{server.base_url}")
        (finding,) = await _providers(settings)
        assert [asked.path for asked in server.asked] == ["/audio/speech"]
    assert finding.what == "tts openai:gpt-4o-mini-tts"
    assert finding.state is state
    assert advice in finding.advice
    assert KEY not in finding.detail + finding.advice


async def test_a_server_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    (finding,) = await _providers(load_settings(data_dir=tmp_path, stt="openai:any@http://127.0.0.1:9"))
    assert finding.state is State.FAILED
    assert "address" in finding.advice


def test_a_missing_key_is_a_finding_and_the_exit_code_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DEEPGRAM_API_KEY", raising=False)
    monkeypatch.setenv("RECEPTION_STT", "deepgram:nova-3")
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    done = CliRunner().invoke(app, ["doctor", "--json", "--data-dir", str(tmp_path)])
    findings = {one["what"]: one for one in json.loads(done.output)}
    assert done.exit_code == 1
    assert "DEEPGRAM_API_KEY" in findings["providers"]["detail"]
    assert findings["database"]["state"] == "failed"
    assert findings["disk"]["state"] in ("ok", "warning")
    assert findings["models"]["state"] == "ok"


async def test_the_language_model_is_looked_at_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GROQ_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    (none,) = await _language(load_settings(data_dir=tmp_path))
    (keyless,) = await _language(load_settings(data_dir=tmp_path, llm="openai:gpt-4o-mini"))
    assert (none.state, keyless.state) == (State.OK, State.FAILED)
    assert "OPENAI_API_KEY" in keyless.detail


async def test_every_language_model_of_the_chain_is_asked_and_each_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("RECEPTION_LLM_API_KEY", raising=False)
    async with (
        OpenAiChatServer(lambda prompt: Writes("yes"), "gpt-4.1-mini", models=["gpt-9"]) as vendor,
        CompatibleChatServer(lambda prompt: Writes("yes"), "qwen3:8b") as own,
    ):
        monkeypatch.setenv("OPENAI_BASE_URL", vendor.base_url)
        chain = f"openai:gpt-4.1-mini, {own.base_url}#qwen3:8b, http://127.0.0.1:9#llama"
        missing, answers, dead = await _language(load_settings(data_dir=tmp_path, llm=chain))
    assert (missing.state, answers.state, dead.state) == (State.FAILED, State.OK, State.FAILED)
    assert missing.what == "language model openai:gpt-4.1-mini"
    assert "gpt-9" in missing.detail
    assert "address" in dead.advice
