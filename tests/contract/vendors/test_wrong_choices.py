"""An agent that wants what its vendor does not have costs its own calls the vendor, and those of no other agent."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import orjson
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from reception.ports.speech import TranscriptionHints, Voice
from reception.providers.bundle import Speech
from reception.providers.desk import Seat, SpeechDesk, Wanted
from reception.providers.http import open_http
from reception.providers.resilience.budget import Budget
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.spec import ProviderSpec
from reception.providers.speech_cache import CachedTextToSpeech
from reception.providers.vendors import polly_tts
from tests.contract.vendors.conftest import PATIENT
from tests.support.vendors.faults import KEY
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor
from tests.support.vendors.listeners import DeepgramServer
from tests.support.vendors.openai_like import OpenAiServer
from tests.support.vendors.speakers import DeepgramSpeakServer, ElevenLabsServer, GoogleSpeakServer, PollyServer
from tests.support.vendors.ws_vendor import WsVendor, quiet, speech
from tests.unit.resilience.fakes import Ears, Told, Voiced

WRONG = "nobody1234"
OWN = "hibari"
UNHURRIED = Budget(stt_hedge_s=60, tts_hedge_s=60)
FOUND_OUT = 3
"""So many calls in a row ask in vain; those after them know."""


def _refuses(asked: Asked) -> bool:
    return WRONG in asked.body.decode() + str(asked.query)


class PickyOpenAi(OpenAiServer):
    def answer(self, asked: Asked) -> Answer:
        if _refuses(asked):
            error = {"type": "invalid_request_error", "param": "voice", "code": None, "message": "no such voice"}
            return Answer("application/json", [orjson.dumps({"error": error})], status=400)
        return super().answer(asked)


class PickyDeepgram(DeepgramSpeakServer):
    def answer(self, asked: Asked) -> Answer:
        if _refuses(asked):
            error = {"err_code": "INVALID_QUERY_PARAMETER", "err_msg": "No such model/version combination found."}
            return Answer("application/json", [orjson.dumps(error)], status=400)
        return super().answer(asked)


class PickyGoogle(GoogleSpeakServer):
    def answer(self, asked: Asked) -> Answer:
        if _refuses(asked):
            error = {"code": 400, "message": "This voice does not exist.", "status": "INVALID_ARGUMENT"}
            return Answer("application/json", [orjson.dumps({"error": error})], status=400)
        return super().answer(asked)


class PickyPolly(PollyServer):
    def answer(self, asked: Asked) -> Answer:
        if _refuses(asked):
            headers = {"x-amzn-errortype": "ValidationException:http://internal.amazon.com/coral/com.amazon.coral/"}
            return Answer("application/json", [b'{"message":"1 validation error"}'], headers, status=400)
        return super().answer(asked)


class PickyElevenLabs(ElevenLabsServer):
    async def talk(self, socket: ServerConnection, request: Request) -> None:
        if WRONG not in request.path:
            await super().talk(socket, request)
            return
        message = f"A voice with voice_id {WRONG} does not exist."
        error = {"message": message, "error": "voice_id_does_not_exist", "code": 1008}
        await socket.send(orjson.dumps(error).decode())
        await socket.close(1008, message)


@dataclass(frozen=True)
class Case:
    vendor: str
    model: str
    server: Callable[[str], HttpVendor | WsVendor]

    def __str__(self) -> str:
        return self.vendor


CASES = [
    Case("openai", "gpt-4o-mini-tts", PickyOpenAi),
    Case("deepgram", "aura-2-thalia-en", PickyDeepgram),
    Case("google", "en-US-Chirp3-HD-Aoede", PickyGoogle),
    Case("polly", "neural", PickyPolly),
    Case("elevenlabs", "eleven_flash_v2_5", PickyElevenLabs),
]


def _own() -> Speech:
    nobody = cast("object", None)
    return Speech(
        vad=nobody,  # type: ignore[arg-type]
        recognizer=SegmentedRecognizer(Ears("whisper", delay_s=0)),
        turn_detector=None,
        tts=CachedTextToSpeech(Voiced(OWN, delay_s=0), 1 << 20),
        embedder=nobody,  # type: ignore[arg-type]
    )


async def _voice_that_says(seat: Seat, text: str, voice: Voice) -> str:
    assert sum([chunk.size async for chunk in seat.tts.stream(text, voice, 8000)])
    return seat.tts.provider


def _requests(server: HttpVendor | WsVendor) -> int:
    return len(server.asked if isinstance(server, HttpVendor) else server.requests)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_wrong_voice_is_the_fault_of_the_agent_that_wants_it(case: Case) -> None:
    async with case.server(case.model) as server, open_http(connect_s=5.0, trust_env=False) as http:
        spec = ProviderSpec(case.vendor, case.model)
        wanted = Wanted(tts=(spec,), keys={case.vendor: KEY}, addresses={case.vendor: server.base_url})
        desk = SpeechDesk(_own(), wanted, http, limits=PATIENT, budget=UNHURRIED)
        for number in range(2 * FOUND_OUT):
            told = Told()
            seat = desk.seat("", "", {}, told)
            assert await _voice_that_says(seat, f"Call number {number}.", Voice(WRONG)) == OWN
            assert told.path == [(spec.name, OWN, "provider_refused")]
            assert await _voice_that_says(seat, f"And a word more in {number}.", Voice(WRONG)) == OWN
        assert _requests(server) == FOUND_OUT
        told = Told()
        seat = desk.seat("", "", {}, told)
        assert await _voice_that_says(seat, "Good evening.", Voice()) == spec.name
        assert told.path == []
        await desk.aclose()


class EnglishOnly(DeepgramServer):
    """Refuses as Deepgram does, at the handshake."""

    def _handshake(self, socket: ServerConnection, request: Request) -> Response | None:
        if "language=en-US" in request.path:
            return super()._handshake(socket, request)
        self.requests.append(request)
        body = b'{"err_code":"INVALID_QUERY_PARAMETER","err_msg":"No such model/language combination found."}'
        return Response(400, "Bad Request", Headers({"content-type": "application/json"}), body)


async def test_a_wrong_language_is_the_fault_of_the_agent_that_wants_it() -> None:
    async with EnglishOnly() as server, open_http(connect_s=5.0, trust_env=False) as http:
        spec = ProviderSpec("deepgram", "nova-3")
        wanted = Wanted(stt=(spec,), keys={"deepgram": KEY}, addresses={"deepgram": server.base_url})
        desk = SpeechDesk(_own(), wanted, http, limits=PATIENT, budget=UNHURRIED)

        async def heard_by(locale: str, told: Told) -> str:
            hints = TranscriptionHints(("Lumen",), locale=locale)
            stream = desk.seat("", "", {}, told).recognizer.open(8000, hints)
            stream.feed(np.concatenate((speech("one two"), quiet(200))))
            heard = await stream.transcribe(0, 600, hints, partial=False)
            await stream.aclose()
            return heard.provider

        for _ in range(2 * FOUND_OUT):
            told = Told()
            assert await heard_by("tlh-QO", told) == "whisper"
            assert told.path == [(spec.name, "whisper", "provider_refused")]
        assert len(server.requests) == FOUND_OUT
        assert await heard_by("en-US", Told()) == spec.name
        await desk.aclose()


async def test_while_a_vendor_s_package_is_loaded_another_speaks_and_nobody_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_load, load = threading.Event(), polly_tts.load_signing

    def load_late() -> object:
        may_load.wait()
        return load()

    monkeypatch.setattr(polly_tts, "load_signing", load_late)
    async with PollyServer("neural") as server, open_http(connect_s=5.0, trust_env=False) as http:
        wanted = Wanted(
            tts=(ProviderSpec("polly", "neural"),), keys={"polly": KEY}, addresses={"polly": server.base_url}
        )
        desk = SpeechDesk(_own(), wanted, http, limits=replace(PATIENT, load_s=0.0), budget=UNHURRIED)
        told = Told()
        try:
            seat = desk.seat("", "", {}, told)
            for number in range(4):
                assert await _voice_that_says(seat, f"Number {number}.", Voice()) == OWN
            assert not server.asked
            assert told.path == [("polly:neural", OWN, "provider_loading")]
        finally:
            may_load.set()
        assert isinstance(seat.vendor, polly_tts.PollyTextToSpeech)
        await seat.vendor._package.ended(None)
        assert await _voice_that_says(seat, "Good evening.", Voice()) == "polly:neural"
        await desk.aclose()
