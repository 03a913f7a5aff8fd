"""Whose key a request carries: its own tenant's, else the installation's, and nobody else's."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from reception.core.errors import ProviderError
from reception.ports.language import ChatMessage, ChatRequest
from reception.ports.speech import Embedder, Voice
from reception.providers.access import Access
from reception.providers.account import own_keys
from reception.providers.bundle import Speech
from reception.providers.desk import SpeechDesk, Wanted
from reception.providers.http import open_http
from reception.providers.limits import TimeLimits
from reception.providers.llm.models import LanguageConfig, LanguageModels
from reception.providers.spec import ProviderSpec
from reception.providers.vendors.elevenlabs_tts import ElevenLabsTextToSpeech
from reception.providers.warm_sockets import WarmSockets
from tests.support.vendors.chat_models import GroqChatServer, OpenAiChatServer, Prompt, Writes
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.http_vendor import Answer, Asked
from tests.support.vendors.openai_like import OpenAiServer
from tests.support.vendors.speakers import ElevenLabsServer

GPT, EMBEDS, GPT_OSS = "gpt-4.1-mini", "text-embedding-3-small", "openai/gpt-oss-20b"


class AnyKey(OpenAiChatServer):
    """Takes every key."""

    def check_key(self, asked: Asked) -> None:
        assert asked.headers["authorization"].startswith("Bearer ")


class AnyEmbeddings(OpenAiServer):
    """Takes every key, and refuses those that are named so."""

    def answer(self, asked: Asked) -> Answer:
        return super().answer(
            Asked(
                asked.method, asked.path, asked.query, {**asked.headers, "authorization": f"Bearer {KEY}"}, asked.body
            )
        )

    def fault_of(self, asked: Asked) -> Fault:
        return Fault.UNAUTHORIZED if "refused" in asked.headers["authorization"] else self.fault


def _question(text: str) -> ChatRequest:
    return ChatRequest((ChatMessage("system", "Answer."), ChatMessage("user", text)), 100, 20.0, 20.0, 20.0)


async def test_a_language_model_is_asked_with_the_key_of_the_tenant_whose_caller_it_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)

    def brain(prompt: Prompt) -> Writes:
        return Writes("Yes.")

    async with AnyKey(brain, GPT) as server:
        models = LanguageModels(LanguageConfig(f"openai:{GPT}", {"openai": KEY}, {"openai": server.base_url}))

        async def converse(tenant: str, keys: Mapping[str, str]) -> None:
            model = await models.for_agent("", keys)
            await models.loaded()
            assert model is not None
            for number in range(5):
                assert [piece async for piece in model.stream(_question(f"{tenant} {number}"))]

        tenants = {"ada": {"openai": "ada-key"}, "bob": {"openai": "bob-key"}, "cy": {"groq": "of another vendor"}}
        await asyncio.gather(*[converse(tenant, keys) for tenant, keys in tenants.items()])
        used = defaultdict(set)
        for asked in server.asked:
            used[asked.json()["messages"][1]["content"].split()[0]].add(asked.headers["authorization"])
        assert used == {"ada": {"Bearer ada-key"}, "bob": {"Bearer bob-key"}, "cy": {f"Bearer {KEY}"}}
        await models.aclose()
    assert not [key for key in ("ada-key", "bob-key", KEY) if key in caplog.text]


async def test_a_tenant_s_key_opens_a_vendor_that_the_installation_has_no_key_for() -> None:
    async with AnyKey(lambda prompt: Writes("Yes."), GPT) as server:
        models = LanguageModels(LanguageConfig("", {}, {"openai": server.base_url}))
        assert await models.for_agent(f"openai:{GPT}") is None
        assert await models.for_agent(f"openai:{GPT}", {"openai": "ada-key"}) is not None
        assert await models.for_agent("http://127.0.0.1:1/v1#x", {"compatible": "ada-key"}) is None
        await models.aclose()


async def test_a_limit_that_one_key_meets_is_heeded_with_that_key_alone() -> None:
    class Used(AnyKey):
        def answer(self, asked: Asked) -> Answer:
            good = super().answer(asked)
            if "ada" not in asked.headers["authorization"]:
                return good
            left = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s"}
            return Answer(good.content_type, good.pieces, left)

    async with Used(lambda prompt: Writes("Yes."), GPT) as server:
        models = LanguageModels(LanguageConfig(f"openai:{GPT}", {"openai": KEY}, {"openai": server.base_url}))
        adas, others = await models.for_agent("", {"openai": "ada-key"}), await models.for_agent("")
        await models.loaded()
        assert adas is not None
        assert others is not None
        assert [piece async for piece in adas.stream(_question("first"))]
        with pytest.raises(ProviderError, match="left alone"):
            await anext(adas.stream(_question("second")))
        assert [piece async for piece in others.stream(_question("third"))]
        assert len(server.asked) == 2
        await models.aclose()


class NoVoices:
    provider = "none"


@pytest.fixture
def nothing_embedded() -> Speech:
    nobody = NoVoices()
    return Speech(vad=nobody, recognizer=nobody, turn_detector=None, tts=nobody, embedder=nobody)  # type: ignore[arg-type]


async def test_texts_are_embedded_with_the_key_of_the_tenant_whose_they_are(nothing_embedded: Speech) -> None:
    async with AnyEmbeddings(EMBEDS) as server, open_http(connect_s=5.0, trust_env=False) as http:
        wanted = Wanted(embeddings=ProviderSpec("openai"), keys={"openai": KEY}, addresses={"openai": server.base_url})
        desk = SpeechDesk(nothing_embedded, wanted, http, limits=TimeLimits(embed_s=20.0))

        async def embed(tenant: str, keys: Mapping[str, str]) -> None:
            own_keys.set(keys)
            for number in range(3):
                rows = await desk.embedder.embed([f"{tenant} {number}"])
                assert np.isfinite(rows).all()

        await asyncio.gather(
            embed("ada", {"openai": "ada-key"}), embed("bob", {"openai": "bob-key"}), embed("cy", {"groq": "other"})
        )
        used = defaultdict(set)
        for asked in server.asked:
            used[asked.json()["input"][0].split()[0]].add(asked.headers["authorization"])
        assert used == {"ada": {"Bearer ada-key"}, "bob": {"Bearer bob-key"}, "cy": {f"Bearer {KEY}"}}
        with pytest.raises(ProviderError):
            await _embedded_with(desk.embedder, "refused")
        with pytest.raises(ProviderError, match="left alone"):
            await _embedded_with(desk.embedder, "refused")
        await embed("cy", {})
        await desk.aclose()


class AnyVoice(ElevenLabsServer):
    """Takes every key, and remembers with which one a text came."""

    def __init__(self, model: str) -> None:
        super().__init__(model)
        self.used: list[tuple[str, str]] = []

    def check_handshake(self, request: Request) -> None:
        assert request.headers["xi-api-key"]

    async def _answer(self, socket: ServerConnection, pieces: list[bytes], text: str, bytes_a_char: int) -> None:
        assert socket.request is not None
        self.used.append((text.split()[0], socket.request.headers["xi-api-key"]))
        await super()._answer(socket, pieces, text, bytes_a_char)


async def test_a_connection_that_was_opened_ahead_is_taken_by_its_own_tenant_alone() -> None:
    async with AnyVoice("eleven_flash_v2_5") as server, open_http(connect_s=5.0, trust_env=False) as http:
        sockets = WarmSockets()
        calls = []
        for number in range(3):
            for tenant in ("ada", "bob"):
                access = Access(
                    "elevenlabs:eleven_flash_v2_5",
                    "eleven_flash_v2_5",
                    server.base_url,
                    http,
                    f"{tenant}-key",
                    sockets=sockets,
                )
                voice = ElevenLabsTextToSpeech(access)
                calls.append(voice.standby(Voice(), 24_000))
                assert [chunk async for chunk in voice.stream(f"{tenant} says {number}", Voice(), 24_000)]
                await asyncio.gather(*[task for tasks in sockets._opening.values() for task in tasks])
        assert server.used == [("ada", "ada-key"), ("bob", "bob-key")] * 3
        await sockets.aclose()


async def _embedded_with(embedder: Embedder, key: str) -> None:
    token = own_keys.set({"openai": key})
    try:
        await embedder.embed(["hello"])
    finally:
        own_keys.reset(token)


async def test_an_embedder_that_is_too_slow_takes_its_time_from_one_question_only(nothing_embedded: Speech) -> None:
    async with AnyEmbeddings(EMBEDS) as server, open_http(connect_s=5.0, trust_env=False) as http:
        wanted = Wanted(embeddings=ProviderSpec("openai"), keys={"openai": KEY}, addresses={"openai": server.base_url})
        desk = SpeechDesk(nothing_embedded, wanted, http, limits=TimeLimits(embed_s=0.1))
        server.fault = Fault.SLOW_FIRST_BYTE
        for _ in range(3):
            with pytest.raises(ProviderError):
                await desk.embedder.embed(["hello"])
        assert len(server.asked) == 1
        await desk.aclose()


async def test_a_vendor_s_failure_goes_on_with_the_next_vendor_over_their_own_wires() -> None:
    async with (
        AnyKey(lambda prompt: Writes("Yes."), GPT) as bad,
        GroqChatServer(lambda prompt: Writes("Parking is free."), GPT_OSS) as good,
    ):
        bad.fault = Fault.BROKEN
        config = LanguageConfig(
            f"openai:{GPT}, groq:{GPT_OSS}, local",
            {"openai": KEY, "groq": KEY},
            {"openai": bad.base_url, "groq": good.base_url},
        )
        models = LanguageModels(config)
        for _ in range(5):
            model = await models.for_agent("")
            await models.loaded()
            assert model is not None
            assert "".join([piece async for piece in model.stream(_question("x"))]) == "Parking is free."
            assert model.provider == f"groq:{GPT_OSS}"
        # Three conversations found out; those after them knew.
        assert len(bad.asked) == 3
        await models.aclose()
