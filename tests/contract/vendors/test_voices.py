"""Every vendor's voice."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

from reception.core.audio import Pcm16, decode, encode
from reception.core.errors import ProviderError
from reception.ports.speech import Voice
from reception.providers.access import Access
from reception.providers.vendor_tts import VendorTextToSpeech
from reception.providers.vendors.deepgram_tts import DeepgramTextToSpeech
from reception.providers.vendors.elevenlabs_tts import ElevenLabsTextToSpeech
from reception.providers.vendors.google_tts import GoogleTextToSpeech
from reception.providers.vendors.openai_tts import GroqTextToSpeech, OpenAiTextToSpeech
from reception.providers.vendors.polly_tts import PollyTextToSpeech
from tests.contract.vendors.conftest import Connect, Witness
from tests.support.vendors.faults import FAILURES, Fault, assert_told, ends_at_once
from tests.support.vendors.http_vendor import HttpVendor
from tests.support.vendors.openai_like import GroqServer, OpenAiServer, tone
from tests.support.vendors.speakers import DeepgramSpeakServer, ElevenLabsServer, GoogleSpeakServer, PollyServer
from tests.support.vendors.ws_vendor import WsVendor

TEXT = "We open at noon, and the kitchen closes at ten."


@dataclass(frozen=True)
class Case:
    """`rate_hz` is what the vendor can make without anything being resampled."""

    provider: str
    make: Callable[[Access], VendorTextToSpeech]
    server: Callable[[str], HttpVendor | WsVendor]
    rate_hz: int
    streams: bool = True

    def __str__(self) -> str:
        return self.provider


CASES = [
    Case("openai:gpt-4o-mini-tts", OpenAiTextToSpeech, OpenAiServer, 24_000),
    Case("groq:canopylabs/orpheus-v1-english", GroqTextToSpeech, GroqServer, 48_000),
    Case("elevenlabs:eleven_flash_v2_5", ElevenLabsTextToSpeech, ElevenLabsServer, 24_000),
    Case("deepgram:aura-2-thalia-en", DeepgramTextToSpeech, DeepgramSpeakServer, 24_000),
    Case("google:en-US-Chirp3-HD-Aoede", GoogleTextToSpeech, GoogleSpeakServer, 24_000, streams=False),
    Case("polly:neural", PollyTextToSpeech, PollyServer, 16_000),
]
VOICES = pytest.mark.parametrize("case", CASES, ids=str)
STREAMING = pytest.mark.parametrize("case", [case for case in CASES if case.streams], ids=str)
BY_PHONE = pytest.mark.parametrize("case", [case for case in CASES if case.provider[:2] in ("el", "de")], ids=str)


def serve(case: Case) -> HttpVendor | WsVendor:
    return case.server(case.provider.partition(":")[2])


async def spoken(tts: VendorTextToSpeech, rate_hz: int, text: str = TEXT) -> list[Pcm16]:
    return [chunk async for chunk in tts.stream(text, Voice(), rate_hz)]


@VOICES
async def test_every_sample_comes_in_order(case: Case, connect: Connect, witness: Witness) -> None:
    async with serve(case) as server:
        tts = case.make(connect(case.provider, server.base_url))
        chunks = await spoken(tts, case.rate_hz)
    assert np.array_equal(np.concatenate(chunks), tone(TEXT, case.rate_hz))
    assert [(seen.part, seen.outcome, seen.units) for seen in witness.seen] == [("tts", "ok", len(TEXT))]
    assert witness.seen[0].first_s is not None


@VOICES
@pytest.mark.parametrize("rate_hz", [8000, 16_000, 24_000])
async def test_the_rate_is_the_one_asked_for(case: Case, rate_hz: int, connect: Connect) -> None:
    async with serve(case) as server:
        audio = np.concatenate(await spoken(case.make(connect(case.provider, server.base_url)), rate_hz))
    assert abs(audio.size - len(TEXT) * rate_hz * 60 // 1000) <= 2
    assert audio[rate_hz // 20] == pytest.approx(1000, abs=20)
    assert audio[-rate_hz // 20] == pytest.approx(6000, abs=150)


class OtherNames(ElevenLabsServer):
    """Calls the times of characters by the other of the vendor's names for them."""

    async def talk(self, socket: ServerConnection, request: Request) -> None:
        send = socket.send

        async def renamed(message: str) -> None:
            await send(message.replace("charStart", "charsStart").replace("charDurations", "charsDurations"))

        socket.send = renamed  # type: ignore[method-assign, assignment]
        await super().talk(socket, request)


@pytest.mark.parametrize("rate_hz", [8000, 24_000])
@pytest.mark.parametrize("server_class", [ElevenLabsServer, OtherNames])
async def test_a_vendor_that_tells_when_each_word_was_said_is_believed(
    rate_hz: int, server_class: type[ElevenLabsServer], connect: Connect
) -> None:
    (case,) = [case for case in CASES if case.make is ElevenLabsTextToSpeech]
    async with server_class("eleven_flash_v2_5") as server:
        tts = case.make(connect(case.provider, server.base_url))
        stream = tts.stream(TEXT, Voice(), rate_hz)
        await anext(stream)
        early = tts.word_ends(TEXT, Voice(), rate_hz)
        _ = [chunk async for chunk in stream]
        ends = tts.word_ends(TEXT, Voice(), rate_hz)
    assert [TEXT[: end.chars].split()[-1] for end in ends] == TEXT.split()
    assert [end.sample for end in ends] == pytest.approx([end.chars * rate_hz * 60 / 1000 for end in ends], abs=2)
    assert early == ends[: len(early)]
    assert len(early) < len(ends)


@BY_PHONE
async def test_telephones_get_what_was_made_for_them(case: Case, connect: Connect) -> None:
    async with serve(case) as server:
        audio = np.concatenate(await spoken(case.make(connect(case.provider, server.base_url)), 8000))
    assert np.array_equal(audio, decode(encode(tone(TEXT, 8000), "mulaw"), "mulaw"))


@STREAMING
async def test_the_first_is_played_while_the_rest_is_being_made(case: Case, connect: Connect) -> None:
    async with serve(case) as server:
        server.fault = Fault.GATED
        stream = case.make(connect(case.provider, server.base_url)).stream(TEXT, Voice(), case.rate_hz)
        first = await anext(stream)
        assert first.size
        server.gate.set()
        rest = [chunk async for chunk in stream]
    assert np.array_equal(np.concatenate([first, *rest]), tone(TEXT, case.rate_hz))


@VOICES
@FAILURES
async def test_a_vendor_that_fails_is_told_of(case: Case, fault: Fault, connect: Connect, witness: Witness) -> None:
    async with serve(case) as server:
        server.fault = fault
        waits = fault in (Fault.SLOW_FIRST_BYTE, Fault.STALL)
        tts = case.make(connect(case.provider, server.base_url, impatient=waits))
        with pytest.raises(ProviderError) as raised:
            await spoken(tts, case.rate_hz)
    assert_told(raised.value, fault, case.provider)
    assert [seen.outcome for seen in witness.seen] == [raised.value.code]


@VOICES
@pytest.mark.parametrize("fault", [Fault.SLOW_FIRST_BYTE, Fault.STALL], ids=str)
async def test_who_is_cancelled_leaves_at_once(case: Case, fault: Fault, connect: Connect) -> None:
    async with serve(case) as server:
        server.fault = fault
        heard = asyncio.Event()

        async def listen() -> None:
            async for _ in case.make(connect(case.provider, server.base_url)).stream(TEXT, Voice(), case.rate_hz):
                heard.set()

        task = asyncio.create_task(listen())
        await (heard if fault is Fault.STALL and case.streams else server.reached).wait()
        await ends_at_once(task)
        await server.hung_up.wait()


@STREAMING
async def test_closing_the_iterator_hangs_up(case: Case, connect: Connect, witness: Witness) -> None:
    async with serve(case) as server:
        server.fault = Fault.STALL
        stream = case.make(connect(case.provider, server.base_url)).stream(TEXT, Voice(), case.rate_hz)
        await anext(stream)
        await stream.aclose()
        await server.hung_up.wait()
    assert [seen.outcome for seen in witness.seen] == ["cancelled"]


@VOICES
@pytest.mark.parametrize("text", ["", "   ", "...", "🎉"])
async def test_text_without_words_asks_nothing(case: Case, text: str, connect: Connect) -> None:
    async with serve(case) as server:
        assert await spoken(case.make(connect(case.provider, server.base_url)), 8000, text) == []
        assert not server.reached.is_set()


async def test_orpheus_is_given_long_texts_in_pieces_that_end_where_one_may_breathe(connect: Connect) -> None:
    text = "Our dinner menu changes with the season. " * 4 + "Today there is sea bass, lamb, and a risotto. " * 5
    async with GroqServer("canopylabs/orpheus-v1-english") as server:
        tts = GroqTextToSpeech(connect("groq:canopylabs/orpheus-v1-english", server.base_url))
        await spoken(tts, 24_000, text)
        pieces = [asked.json()["input"] for asked in server.asked]
    assert " ".join(pieces) == text.strip()
    assert len(pieces) == 3
    assert all(piece.endswith(".") for piece in pieces)
