"""Our adapters for OpenAI's API against our own models behind that API: real speech, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from fastapi import FastAPI

from reception.api.problems import install_problems
from reception.api.speech_api import speech_router
from reception.cli.listening import http_server, listen
from reception.core.errors import ProviderRefused
from reception.ports.speech import TranscriptionHints, Voice
from reception.providers.bundle import Speech
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.providers.embedded.stt import WhisperSpeechToText
from reception.providers.embedded.tts import HibariTextToSpeech
from reception.providers.embedded.vad import SileroVad
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.speech_cache import CachedTextToSpeech
from reception.providers.vendors.openai_embeddings import OpenAiEmbedder
from reception.providers.vendors.openai_stt import OpenAiSpeechToText
from reception.providers.vendors.openai_tts import OpenAiTextToSpeech
from tests.contract.vendors.conftest import Connect
from tests.support.vendors.faults import KEY

TEXT = "A table for four on Friday at seven thirty, please."


@pytest.fixture(scope="session")
def own(stt: WhisperSpeechToText, tts: HibariTextToSpeech, vad: SileroVad, embedder: MiniLmEmbedder) -> Speech:
    return Speech(vad, SegmentedRecognizer(stt), None, CachedTextToSpeech(tts, 1 << 24), embedder)


@asynccontextmanager
async def served(own: Speech) -> AsyncIterator[str]:
    """The address of the API."""
    app = FastAPI()
    install_problems(app)
    app.include_router(speech_router(own, KEY))
    with listen("127.0.0.1", 0) as listener:
        server = http_server(app, max_frame_bytes=1 << 20)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            await serving


@pytest.mark.parametrize("model", ["whisper-1", "any"])
async def test_what_is_spoken_over_the_api_is_understood_over_the_api(
    own: Speech, model: str, connect: Connect
) -> None:
    async with served(own) as url:
        voice = OpenAiTextToSpeech(connect("openai:any", url))
        audio = np.concatenate([chunk async for chunk in voice.stream(TEXT, Voice(), 8000)])
        ears = OpenAiSpeechToText(connect(f"openai:{model}", url))
        heard = await ears.transcribe(audio, 8000, TranscriptionHints(), partial=False)
    words = heard.text.lower().replace("seven thirty", "7:30").replace("7.30", "7:30").replace(" 4 ", " four ")
    assert all(word in words for word in ("table", "four", "friday", "7:30", "please")), heard.text
    assert 0.3 < heard.confidence <= 1.0


async def test_vectors_over_the_api_are_those_of_the_model(own: Speech, connect: Connect) -> None:
    texts = ["Do you have parking?", "", "Is there a garage?"]
    async with served(own) as url:
        rows = await OpenAiEmbedder(connect("openai:any", url)).embed(texts)
    direct = await own.embedder.embed([text or " " for text in texts])
    assert np.allclose(rows, direct, atol=1e-3)


async def test_another_key_opens_nothing(own: Speech, connect: Connect) -> None:
    async with served(own) as url:
        for key in ("another", ""):
            with pytest.raises(ProviderRefused):
                await OpenAiEmbedder(connect("openai:any", url, key=key)).embed(["hello"])
            with pytest.raises(ProviderRefused):
                async for _ in OpenAiTextToSpeech(connect("openai:any", url, key=key)).stream(TEXT, Voice(), 8000):
                    pass
