"""Every vendor that transcribes whole stretches: OpenAI, Groq, and servers that speak as they do."""

import asyncio

import numpy as np
import orjson
import pytest

from reception.core.errors import ProviderError
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.vendors.openai_stt import OpenAiSpeechToText
from tests.contract.vendors.conftest import Connect, Witness
from tests.support.vendors.faults import FAILURES, Fault, assert_told, ends_at_once
from tests.support.vendors.http_vendor import Answer, Asked
from tests.support.vendors.openai_like import SAID, OpenAiServer

MODELS = pytest.mark.parametrize("provider", ["openai:gpt-4o-mini-transcribe", "groq:whisper-large-v3-turbo"])
HINTS = TranscriptionHints(names=("Lumen", "Ada"), expected="A table for")
SPEECH = (3000 * np.sin(np.arange(8000) / 5)).astype(np.int16)


async def hear(stt: OpenAiSpeechToText) -> Transcript:
    return await stt.transcribe(SPEECH, 8000, HINTS, partial=False)


@MODELS
async def test_what_the_vendor_heard_is_what_was_said(provider: str, connect: Connect, witness: Witness) -> None:
    async with OpenAiServer(provider.partition(":")[2]) as server:
        heard = await hear(OpenAiSpeechToText(connect(provider, server.base_url)))
    assert (heard.text, heard.provider, heard.audio_ms) == (SAID, provider, 1000)
    assert heard.confidence == pytest.approx(0.82 if server.verbose else 0.9, abs=0.01)
    assert [(seen.part, seen.provider, seen.outcome, seen.units) for seen in witness.seen] == [
        ("stt", provider, "ok", 1.0)
    ]


@MODELS
@FAILURES
async def test_a_vendor_that_fails_is_told_of(provider: str, fault: Fault, connect: Connect, witness: Witness) -> None:
    async with OpenAiServer(provider.partition(":")[2]) as server:
        server.fault = fault
        waits = fault in (Fault.SLOW_FIRST_BYTE, Fault.STALL)
        with pytest.raises(ProviderError) as raised:
            await hear(OpenAiSpeechToText(connect(provider, server.base_url, impatient=waits)))
    assert_told(raised.value, fault, provider)
    assert [seen.outcome for seen in witness.seen] == [raised.value.code]


@MODELS
async def test_who_is_cancelled_leaves_at_once(provider: str, connect: Connect, witness: Witness) -> None:
    async with OpenAiServer(provider.partition(":")[2]) as server:
        server.fault = Fault.SLOW_FIRST_BYTE
        task = asyncio.create_task(hear(OpenAiSpeechToText(connect(provider, server.base_url))))
        await server.reached.wait()
        await ends_at_once(task)
        await server.hung_up.wait()
    assert [seen.outcome for seen in witness.seen] == ["cancelled"]


async def test_one_connection_serves_many_requests(connect: Connect) -> None:
    async with OpenAiServer("gpt-4o-mini-transcribe") as server:
        stt = OpenAiSpeechToText(connect("openai:gpt-4o-mini-transcribe", server.base_url))
        for _ in range(5):
            await hear(stt)
        assert server.connections == 1


async def test_silence_and_what_is_only_shown_cost_no_request(connect: Connect) -> None:
    async with OpenAiServer("gpt-4o-mini-transcribe") as server:
        stt = OpenAiSpeechToText(connect("openai:gpt-4o-mini-transcribe", server.base_url))
        silent = await stt.transcribe(np.zeros(8000, np.int16), 8000, HINTS, partial=False)
        short = await stt.transcribe(SPEECH[:400], 8000, HINTS, partial=False)
        with pytest.raises(ProviderError) as refused:
            await stt.transcribe(SPEECH, 8000, HINTS, partial=True)
        assert not server.asked
    assert (silent.text, short.text, refused.value.retryable) == ("", "", True)


async def test_the_limits_that_an_answer_tells_of_are_passed_on(connect: Connect, witness: Witness) -> None:
    async with OpenAiServer("whisper-large-v3-turbo") as server:
        server.rate_limit = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"}
        await hear(OpenAiSpeechToText(connect("groq:whisper-large-v3-turbo", server.base_url)))
    assert witness.limits == [("groq:whisper-large-v3-turbo", 62.5)]


async def test_words_that_whisper_makes_of_silence_are_left_out(connect: Connect) -> None:
    class Dreaming(OpenAiServer):
        def answer(self, asked: Asked) -> Answer:
            dream = {"text": "Thank you.", "avg_logprob": -0.9, "no_speech_prob": 0.8}
            return Answer("application/json", [orjson.dumps({"text": "Thank you.", "segments": [dream]})])

    async with Dreaming("whisper-large-v3-turbo") as server:
        heard = await hear(OpenAiSpeechToText(connect("groq:whisper-large-v3-turbo", server.base_url)))
    assert (heard.text, heard.confidence) == ("", 0.0)
