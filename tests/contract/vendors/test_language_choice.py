"""Which language model is used, and what an operator is told of one that cannot be."""

import subprocess
import sys

import pytest

from reception.core.errors import InvalidInput
from reception.providers.llm.choice import ModelChoice, read_choice
from reception.providers.llm.models import LanguageConfig, LanguageModels
from reception.settings import load_settings, wanted_language
from tests.support.vendors.chat_models import GroqChatServer, Writes
from tests.support.vendors.faults import KEY, Fault

GPT_OSS = "openai/gpt-oss-20b"


@pytest.mark.parametrize(
    ("written", "choice"),
    [
        ("groq:openai/gpt-oss-20b", ModelChoice("groq", GPT_OSS)),
        ("openai:gpt-5-mini", ModelChoice("openai", "gpt-5-mini")),
        ("http://127.0.0.1:11434/v1#qwen3:8b", ModelChoice("compatible", "qwen3:8b", "http://127.0.0.1:11434/v1")),
        ("https://llm.example.com/v1/", ModelChoice("compatible", "", "https://llm.example.com/v1")),
        ("local", None),
        ("", None),
    ],
)
def test_a_model_is_named_in_one_line(written: str, choice: ModelChoice | None) -> None:
    assert read_choice(written) == choice


@pytest.mark.parametrize("written", ["gpt-5", "groq:", ":x", "groq: two words", "http://", "compatible:x", "a b:c"])
def test_what_names_no_model_says_how_it_is_done(written: str) -> None:
    with pytest.raises(InvalidInput, match="vendor:model"):
        read_choice(written)


def test_groq_is_used_when_its_key_is_there_and_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    assert wanted_language(load_settings()).choices() == ()
    monkeypatch.setenv("GROQ_API_KEY", "a-key")
    assert wanted_language(load_settings()).choices() == (ModelChoice("groq", GPT_OSS),)
    assert wanted_language(load_settings(llm="local")).choices() == ()
    assert "a-key" not in repr(wanted_language(load_settings()))


def test_a_model_without_its_key_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="OPENAI_API_KEY"):
        LanguageModels(LanguageConfig("openai:gpt-5-mini"))


async def test_a_missing_model_is_told_of_at_the_start_and_not_used() -> None:
    async with GroqChatServer(lambda prompt: Writes("x"), GPT_OSS, models=["llama-9"]) as server:
        models = LanguageModels(LanguageConfig("", {"groq": KEY}, {"groq": server.base_url}))
        told: list[str] = []
        await models.check(told.append)
        assert GPT_OSS in told[0]
        assert "llama-9" in told[0]
        assert await models.for_agent("") is None
        await models.aclose()


async def test_a_vendor_that_does_not_answer_at_the_start_is_used_when_it_does() -> None:
    async with GroqChatServer(lambda prompt: Writes("x"), GPT_OSS) as server:
        models = LanguageModels(LanguageConfig("", {"groq": KEY}, {"groq": server.base_url}))
        server.fault = Fault.BROKEN
        told: list[str] = []
        await models.check(told.append)
        assert "local" in told[0]
        model = await models.for_agent("")
        assert model is not None
        assert model.provider == f"groq:{GPT_OSS}"
        assert await models.for_agent("local") is None
        assert await models.for_agent("http://169.254.169.254/v1#x") is None
        assert await models.for_agent("openai:gpt-5-mini") is None
        await models.aclose()


def test_local_mode_loads_no_vendors_package() -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            "import reception.app, sys; print([m for m in sys.modules if m.split('.')[0] in {'langchain', "
            "'langchain_groq', 'langchain_openai', 'langchain_anthropic', 'openai', 'anthropic', 'groq'}])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout.strip() == "[]"


_LOADS = """
import asyncio, sys
from reception.providers.llm.models import LanguageConfig, LanguageModels

async def main():
    models = LanguageModels(LanguageConfig("local"))
    models.load("groq:some-model, nonsense:x")
    await models.loaded()
    print("groq.resources.chat" in sys.modules, "langchain_groq" in sys.modules)
    await models.aclose()

asyncio.run(main())
"""


def test_what_an_agent_has_chosen_is_loaded_before_a_call_wants_it() -> None:
    loaded = subprocess.run([sys.executable, "-c", _LOADS], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "True True"
