"""Every vendor that listens as one speaks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from reception.core.errors import ProviderError
from reception.ports.speech import RecognitionStream, Recognizer, Transcript, TranscriptionHints
from reception.providers.access import Access
from reception.providers.vendor_stream import MakeDialect, StreamingRecognizer
from reception.providers.vendors.assemblyai_stt import AssemblyAiDialect
from reception.providers.vendors.deepgram_stt import DeepgramDialect
from reception.providers.vendors.google_sdk import is_installed
from reception.providers.vendors.google_stream import GoogleStreamingRecognizer
from reception.providers.vendors.openai_realtime_stt import OpenAiRealtimeDialect
from tests.contract.vendors.conftest import Connect, Witness
from tests.support.vendors.faults import FAILURES, Fault, assert_told, ends_at_once
from tests.support.vendors.google_speech import GoogleSpeechServer
from tests.support.vendors.listeners import AssemblyAiServer, DeepgramServer, Listener, OpenAiRealtimeServer
from tests.support.vendors.ws_vendor import LingeringVendor, quiet, speech

Ears = Listener | GoogleSpeechServer
HINTS = TranscriptionHints(names=("Lumen",))


@dataclass(frozen=True)
class Case:
    provider: str
    make: Callable[[Access], Recognizer]
    server: Callable[[], Ears]
    says_goodbye: bool = True

    def __str__(self) -> str:
        return self.provider


@dataclass(frozen=True)
class SocketCase:
    """A vendor that is spoken to by WebSocket."""

    provider: str
    dialect: MakeDialect
    server: Callable[[], Listener]
    says_goodbye: bool = True

    def make(self, access: Access) -> Recognizer:
        return StreamingRecognizer(access, self.dialect)

    def __str__(self) -> str:
        return self.provider


AnyCase = Case | SocketCase
SOCKET_CASES = [
    SocketCase("deepgram:nova-3", DeepgramDialect, DeepgramServer),
    SocketCase("assemblyai:universal-streaming-english", AssemblyAiDialect, AssemblyAiServer),
    SocketCase(
        "openai-realtime:gpt-4o-mini-transcribe", OpenAiRealtimeDialect, OpenAiRealtimeServer, says_goodbye=False
    ),
]
GOOGLE = Case("google-streaming:latest_long", GoogleStreamingRecognizer, GoogleSpeechServer, says_goodbye=False)
CASES = [
    *(pytest.param(case, id=str(case)) for case in SOCKET_CASES),
    pytest.param(
        GOOGLE,
        id=str(GOOGLE),
        marks=pytest.mark.skipif(
            not is_installed(), reason="Google's package is not installed: pip install 'reception[google]'"
        ),
    ),
]
LISTENERS = pytest.mark.parametrize("case", CASES)


@asynccontextmanager
async def listening(
    case: AnyCase,
    server: Ears,
    connect: Connect,
    *,
    impatient: bool = False,
    rate_hz: int = 8000,
) -> AsyncIterator[RecognitionStream]:
    access = connect(case.provider, server.base_url, impatient=impatient)
    stream = case.make(access).open(rate_hz, HINTS)
    try:
        yield stream
    finally:
        await stream.aclose()


def say(stream: RecognitionStream, words: str, *, pause_ms: int = 200, rate_hz: int = 8000) -> None:
    """In frames of 20 ms."""
    for audio in (speech(words, rate_hz), quiet(pause_ms, rate_hz)):
        for start in range(0, audio.size, rate_hz // 50):
            stream.feed(audio[start : start + rate_hz // 50])


async def ask(stream: RecognitionStream, start_ms: int, end_ms: int, *, partial: bool = False) -> Transcript:
    return await stream.transcribe(start_ms, end_ms, HINTS, partial=partial)


@LISTENERS
@pytest.mark.parametrize("rate_hz", [8000, 16_000])
async def test_what_was_said_in_a_stretch_is_told_at_once(
    case: AnyCase, rate_hz: int, connect: Connect, witness: Witness
) -> None:
    async with case.server() as server:
        async with listening(case, server, connect, rate_hz=rate_hz) as stream:
            say(stream, "one two three", rate_hz=rate_hz)
            first = await ask(stream, 0, 800)
            say(stream, "four five", rate_hz=rate_hz)
            second = await ask(stream, 800, 1400)
        assert (first.text, second.text) == ("one two three", "four five")
        assert (first.provider, first.audio_ms) == (case.provider, 800)
        assert first.confidence >= 0.9
        assert [seen.outcome for seen in witness.seen] == ["ok", "ok"]
        assert sum(seen.units for seen in witness.seen) == pytest.approx(1.4)
        await server.hung_up.wait()
        assert bool(server.goodbyes) is case.says_goodbye


@LISTENERS
async def test_a_longer_stretch_holds_what_was_told_of_a_shorter_one(case: AnyCase, connect: Connect) -> None:
    async with case.server() as server, listening(case, server, connect) as stream:
        say(stream, "one two")
        assert (await ask(stream, 0, 600)).text == "one two"
        say(stream, "three four")
        assert (await ask(stream, 0, 1200)).text == "one two three four"


@LISTENERS
async def test_what_is_heard_so_far_can_be_asked_for_at_any_time(case: AnyCase, connect: Connect) -> None:
    async with case.server() as server, listening(case, server, connect) as stream:
        say(stream, "one two three", pause_ms=0)
        heard = await eventually(lambda: ask(stream, 0, 600, partial=True))
        assert "one two three".startswith(heard.text)


@LISTENERS
@FAILURES
async def test_a_vendor_that_fails_is_told_of(case: AnyCase, fault: Fault, connect: Connect, witness: Witness) -> None:
    async with case.server() as server:
        server.fault = fault
        waits = fault in (Fault.SLOW_FIRST_BYTE, Fault.STALL)
        async with listening(case, server, connect, impatient=waits) as stream:
            say(stream, "one two three")
            with pytest.raises(ProviderError) as raised:
                await ask(stream, 0, 800)
        assert_told(raised.value, fault, case.provider)
        assert [seen.outcome for seen in witness.seen if seen.outcome != "cancelled"] == [raised.value.code]


@LISTENERS
async def test_a_connection_that_breaks_in_the_middle_is_made_again_with_the_audio_kept(
    case: AnyCase, connect: Connect
) -> None:
    async with case.server() as server:
        server.drop_after_words = 4
        async with listening(case, server, connect) as stream:
            say(stream, "one two")
            assert (await ask(stream, 0, 600)).text == "one two"
            say(stream, "three four five six")
            with pytest.raises(ProviderError):
                await ask(stream, 0, 1600)
            assert server.dropped
            heard = await eventually(lambda: ask(stream, 0, 1600))
            assert heard.text == "one two three four five six"


async def eventually(asked: Callable[[], Awaitable[Transcript]]) -> Transcript:
    """The first transcript with words in it."""
    for _ in range(5000):
        with suppress(ProviderError):
            if (heard := await asked()).text:
                return heard
        await asyncio.sleep(0.001)
    raise AssertionError("nothing was heard")


@LISTENERS
async def test_who_is_cancelled_leaves_at_once_and_may_ask_again(case: AnyCase, connect: Connect) -> None:
    async with case.server() as server:
        server.fault = Fault.STALL
        async with listening(case, server, connect) as stream:
            say(stream, "one two")
            task = asyncio.create_task(ask(stream, 0, 600))
            await server.reached.wait()
            await ends_at_once(task)
            server.fault = Fault.NONE
            say(stream, "three")
            assert (await ask(stream, 0, 1000)).text == "one two three"


@pytest.mark.parametrize("case", SOCKET_CASES, ids=str)
async def test_an_answer_that_is_due_to_who_was_cancelled_is_not_taken_for_the_next(
    case: SocketCase, connect: Connect
) -> None:
    async with case.server() as server:
        server.may_answer.clear()
        async with listening(case, server, connect) as stream:
            say(stream, "one two")
            task = asyncio.create_task(ask(stream, 0, 600))
            await server.asked.wait()
            await ends_at_once(task)
            say(stream, "three")
            again = asyncio.create_task(ask(stream, 0, 1000))
            for _ in range(200):
                # Until what was said and the second question are on their way.
                await asyncio.sleep(0)
            server.may_answer.set()
            assert (await again).text == "one two three"


@LISTENERS
async def test_the_end_of_a_call_does_not_wait_for_the_vendor(case: AnyCase, connect: Connect) -> None:
    async with case.server() as server:
        server.fault = Fault.STALL
        async with listening(case, server, connect) as stream:
            say(stream, "one two")
            await server.reached.wait()
            closing = asyncio.create_task(stream.aclose())
            for _ in range(50):
                await asyncio.sleep(0)
            assert closing.done()
            with pytest.raises(ProviderError):
                await ask(stream, 0, 400)
        await server.hung_up.wait()


async def test_a_defect_is_told_of_without_a_wait(connect: Connect) -> None:
    class Defective(DeepgramDialect):
        def url(self) -> str:
            raise KeyError("model")

    stream = StreamingRecognizer(connect("deepgram:nova-3", "ws://127.0.0.1:1"), Defective).open(8000, HINTS)
    say(stream, "one two")
    with pytest.raises(ProviderError) as raised:
        await ask(stream, 0, 400)
    assert raised.value.code == "provider_error"
    await stream.aclose()


@pytest.mark.parametrize("case", SOCKET_CASES, ids=str)
async def test_a_call_ends_though_its_vendor_has_closed_without_hanging_up(case: SocketCase, connect: Connect) -> None:
    async with LingeringVendor() as server:
        stream = case.make(connect(case.provider, server.base_url)).open(8000, HINTS)
        await server.closing.wait()
        closing = asyncio.create_task(stream.aclose())
        for _ in range(50):
            await asyncio.sleep(0)
        assert closing.done()
        assert server.connections == 1


@LISTENERS
async def test_silence_holds_no_words(case: AnyCase, connect: Connect) -> None:
    async with case.server() as server, listening(case, server, connect) as stream:
        say(stream, "", pause_ms=1000)
        assert (await ask(stream, 0, 1000)).text == ""


@LISTENERS
async def test_what_was_sent_after_the_last_transcript_is_on_the_account_too_and_once(
    case: AnyCase, connect: Connect, witness: Witness
) -> None:
    async with case.server() as server:
        async with listening(case, server, connect) as stream:
            say(stream, "one two")
            assert (await ask(stream, 0, 600)).text == "one two"
            say(stream, "three four")
            for _ in range(5000):
                if "four" in (await eventually(lambda: ask(stream, 600, 1200, partial=True))).text:
                    break
                await asyncio.sleep(0.001)
            await stream.aclose()
        assert [seen.outcome for seen in witness.seen] == ["ok", "cancelled"]
        assert [seen.units for seen in witness.seen] == pytest.approx([0.6, 0.6])


async def test_audio_too_short_for_a_message_waits_for_more(connect: Connect) -> None:
    (case,) = [case for case in SOCKET_CASES if case.dialect is AssemblyAiDialect]
    async with case.server() as server, listening(case, server, connect) as stream:
        say(stream, "one two", pause_ms=0)
        await eventually(lambda: ask(stream, 0, 400, partial=True))
        stream.feed(quiet(20))
        assert (await ask(stream, 0, 420)).text == "one two"
        say(stream, "three")
        assert (await ask(stream, 400, 820)).text == "three"
