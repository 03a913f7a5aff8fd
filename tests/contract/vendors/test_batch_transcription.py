"""Every vendor that transcribes whole stretches: OpenAI, Groq, and servers that speak as they do."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import orjson
import pytest

from reception.core.errors import ProviderError
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.access import Access
from reception.providers.vendor_stt import VendorSpeechToText
from reception.providers.vendors.google_stt import GoogleSpeechToText
from reception.providers.vendors.openai_stt import GroqSpeechToText, OpenAiSpeechToText
from tests.contract.vendors.conftest import Connect, Witness
from tests.support.vendors.faults import FAILURES, Fault, assert_told, ends_at_once
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor
from tests.support.vendors.openai_like import SAID, GoogleListenServer, OpenAiServer


@dataclass(frozen=True)
class Case:
    provider: str
    make: Callable[[Access], VendorSpeechToText]
    server: Callable[[str], HttpVendor]
    confidence: float
    billed_s: float = 1.0

    def __str__(self) -> str:
        return self.provider


CASES = [
    Case("openai:gpt-4o-mini-transcribe", OpenAiSpeechToText, OpenAiServer, 0.9),
    Case("groq:whisper-large-v3-turbo", GroqSpeechToText, OpenAiServer, 0.82, billed_s=10.0),
    Case("google:latest_short", GoogleSpeechToText, GoogleListenServer, 0.95),
]
MODELS = pytest.mark.parametrize("case", CASES, ids=str)
HINTS = TranscriptionHints(names=("Lumen", "Ada"), expected="A table for")
SPEECH = (3000 * np.sin(np.arange(8000) / 5)).astype(np.int16)


async def hear(stt: VendorSpeechToText) -> Transcript:
    return await stt.transcribe(SPEECH, 8000, HINTS, partial=False)


@MODELS
async def test_what_the_vendor_heard_is_what_was_said(case: Case, connect: Connect, witness: Witness) -> None:
    async with case.server(case.provider.partition(":")[2]) as server:
        heard = await hear(case.make(connect(case.provider, server.base_url)))
    assert (heard.text, heard.provider, heard.audio_ms) == (SAID, case.provider, 1000)
    assert heard.confidence == pytest.approx(case.confidence, abs=0.01)
    assert [(seen.part, seen.provider, seen.outcome, seen.units) for seen in witness.seen] == [
        ("stt", case.provider, "ok", case.billed_s)
    ]


@MODELS
@FAILURES
async def test_a_vendor_that_fails_is_told_of(case: Case, fault: Fault, connect: Connect, witness: Witness) -> None:
    async with case.server(case.provider.partition(":")[2]) as server:
        server.fault = fault
        waits = fault in (Fault.SLOW_FIRST_BYTE, Fault.STALL)
        with pytest.raises(ProviderError) as raised:
            await hear(case.make(connect(case.provider, server.base_url, impatient=waits)))
    assert_told(raised.value, fault, case.provider)
    assert [seen.outcome for seen in witness.seen] == [raised.value.code]


@MODELS
async def test_who_is_cancelled_leaves_at_once(case: Case, connect: Connect, witness: Witness) -> None:
    async with case.server(case.provider.partition(":")[2]) as server:
        server.fault = Fault.SLOW_FIRST_BYTE
        task = asyncio.create_task(hear(case.make(connect(case.provider, server.base_url))))
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
