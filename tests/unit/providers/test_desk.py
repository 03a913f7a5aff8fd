"""Who hears and speaks for a call."""

import sys
from typing import cast

import httpx
import pytest

from reception.core.errors import InvalidInput
from reception.ports.events import ProviderSwitched
from reception.providers.bundle import Speech
from reception.providers.desk import SpeechDesk, Wanted, check_wanted
from reception.providers.resilience.recognition import ResilientRecognizer
from reception.providers.resilience.voice import ResilientTextToSpeech
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.spec import ProviderSpec, parse_chain
from reception.providers.speech_cache import CachedTextToSpeech
from tests.support.vendors.openai_like import OpenAiServer
from tests.unit.resilience.fakes import Ears, Voiced

OWN = Speech(
    vad=cast("object", None),  # type: ignore[arg-type]
    recognizer=SegmentedRecognizer(Ears("whisper")),
    turn_detector=None,
    tts=CachedTextToSpeech(Voiced("hibari"), 1 << 20),
    embedder=cast("object", None),  # type: ignore[arg-type]
    voices=("heart",),
)


def told(_: ProviderSwitched) -> None:
    return None


async def test_without_any_vendor_a_call_gets_the_installation_s_own_models_bare() -> None:
    async with httpx.AsyncClient() as http:
        desk = SpeechDesk(OWN, Wanted(), http)
        for stt, tts in (("", ""), ("embedded", "embedded")):
            seat = desk.seat(stt, tts, {}, told)
            assert seat.recognizer is OWN.recognizer
            assert seat.tts is OWN.tts
            assert desk.is_local(stt, tts)
        assert desk.embedder is OWN.embedder


async def test_an_agent_s_choice_goes_before_the_installation_s_and_without_a_key_it_is_passed_over() -> None:
    async with httpx.AsyncClient() as http:
        desk = SpeechDesk(OWN, Wanted(stt=parse_chain("deepgram", addresses=False), keys={"deepgram": "k"}), http)
        assert isinstance(desk.seat("", "", {}, told).recognizer, ResilientRecognizer)
        assert desk.seat("embedded", "", {}, told).recognizer is OWN.recognizer
        assert desk.seat("", "elevenlabs", {}, told).tts is OWN.tts
        assert isinstance(desk.seat("", "elevenlabs", {"elevenlabs": "k"}, told).tts, ResilientTextToSpeech)
        assert not desk.is_local("", "")
        await desk.aclose()


@pytest.mark.parametrize(
    ("stt", "streams"),
    [("", False), ("openai", False), ("deepgram", True), ("openai, deepgram", True), ("assemblyai", False)],
)
async def test_ears_that_listen_as_the_caller_speaks_are_known(stt: str, streams: bool) -> None:
    """AssemblyAI's key is missing, so that it hears nothing."""
    async with httpx.AsyncClient() as http:
        desk = SpeechDesk(OWN, Wanted(keys={"deepgram": "k", "openai": "k"}), http)
        assert desk.seat(stt, "", {}, told).streams is streams
        await desk.aclose()


async def test_a_choice_that_cannot_be_is_told_with_what_there_is() -> None:
    async with httpx.AsyncClient() as http:
        desk = SpeechDesk(OWN, Wanted(), http)
        problems = [
            desk.problem("nobody:x", "", "heart"),
            desk.problem("", "assemblyai", "heart"),
            desk.problem("openai:x@http://10.0.0.1", "", "heart"),
            desk.problem("", "", "nobody"),
        ]
        assert [problem and problem.pointer for problem in problems] == [
            "/settings/stt",
            "/settings/tts",
            "/settings/stt",
            "/settings/voice",
        ]
        assert "deepgram" in (problems[0].detail if problems[0] else "")
        assert desk.problem("deepgram:nova-3, embedded", "elevenlabs", "21m00Tcm4TlvDq8ikWAM") is None


def test_a_missing_key_is_refused_at_the_start_and_named() -> None:
    with pytest.raises(InvalidInput, match="DEEPGRAM_API_KEY"):
        check_wanted(Wanted(stt=parse_chain("deepgram:nova-3", addresses=True)))
    check_wanted(Wanted(stt=parse_chain("openai:x@http://10.0.0.5/v1", addresses=True)))
    check_wanted(Wanted(tts=(ProviderSpec("polly"),)))


async def test_at_the_start_of_a_call_the_connection_is_opened_that_it_will_need() -> None:
    async with OpenAiServer("any") as server, httpx.AsyncClient(trust_env=False) as http:
        wanted = Wanted(stt=parse_chain(f"openai:any@{server.base_url}", addresses=True))
        desk = SpeechDesk(OWN, wanted, http)
        for _ in range(3):
            desk.seat("", "", {}, told)
        await server.reached.wait()
        await desk.aclose()
    assert (server.warmed, server.connections) == (1, 1)


async def test_a_choice_that_can_no_longer_be_had_does_not_end_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async with httpx.AsyncClient() as http:
        desk = SpeechDesk(OWN, Wanted(), http)
        assert desk.seat("nobody:x", "gone:y, embedded", {}, told).recognizer is OWN.recognizer
        assert desk.seat("what is this?", "", {}, told).tts is OWN.tts
        monkeypatch.setitem(sys.modules, "botocore", None)
        assert desk.seat("", "polly:neural", {}, told).tts is OWN.tts
