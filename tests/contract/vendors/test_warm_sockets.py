"""Connections to ElevenLabs that are open before a call speaks."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from reception.ports.speech import Voice
from reception.providers.access import Access
from reception.providers.http import open_http
from reception.providers.vendors.elevenlabs_tts import ElevenLabsTextToSpeech
from reception.providers.warm_sockets import WarmSockets
from tests.contract.vendors.conftest import PATIENT
from tests.support.vendors.faults import KEY
from tests.support.vendors.speakers import ElevenLabsServer

RATE_HZ = 8000


@pytest.fixture
async def server() -> AsyncIterator[ElevenLabsServer]:
    async with ElevenLabsServer("eleven_flash_v2_5") as server:
        yield server


@pytest.fixture
async def voice(server: ElevenLabsServer) -> AsyncIterator[ElevenLabsTextToSpeech]:
    async with open_http(connect_s=2.0, trust_env=False) as http:
        sockets = WarmSockets()
        access = Access(
            "elevenlabs:eleven_flash_v2_5",
            "eleven_flash_v2_5",
            server.base_url,
            http,
            KEY,
            PATIENT,
            sockets=sockets,
        )
        yield ElevenLabsTextToSpeech(access)
        await sockets.aclose()


async def say(voice: ElevenLabsTextToSpeech, text: str) -> None:
    assert sum([chunk.size async for chunk in voice.stream(text, Voice(), RATE_HZ)])


async def connected(server: ElevenLabsServer, count: int) -> None:
    for _ in range(5000):
        if len(server._live) == count:
            return
        await asyncio.sleep(0.001)
    raise AssertionError(f"{len(server._live)} connections, not {count}")


async def asked(server: ElevenLabsServer, count: int) -> None:
    """So many connections have been asked for in all, and a while later no more."""
    for _ in range(5000):
        if len(server.requests) >= count:
            break
        await asyncio.sleep(0.001)
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert len(server.requests) == count


async def test_the_first_sentence_of_a_call_finds_a_connection_open(
    server: ElevenLabsServer, voice: ElevenLabsTextToSpeech
) -> None:
    call = voice.standby(Voice(), RATE_HZ)
    call.warm()
    call.warm()
    await connected(server, 1)
    server.requests.clear()
    stream = voice.stream("Good evening.", Voice(), RATE_HZ)
    await anext(stream)
    assert len(server.requests) <= 1
    await stream.aclose()
    # The one for the sentence after it.
    await asked(server, 1)
    call.close()
    await connected(server, 0)


async def test_who_speaks_while_the_connection_is_being_opened_waits_for_that_one(
    server: ElevenLabsServer, voice: ElevenLabsTextToSpeech
) -> None:
    call = voice.standby(Voice(), RATE_HZ)
    call.warm()
    await say(voice, "Good evening.")
    await asked(server, 2)
    call.close()
    await connected(server, 0)


async def test_there_is_one_for_each_call_and_none_for_nobody(
    server: ElevenLabsServer, voice: ElevenLabsTextToSpeech
) -> None:
    await say(voice, "Nobody calls.")
    await connected(server, 0)
    calls = [voice.standby(Voice(), RATE_HZ) for _ in range(3)]
    for call in calls * 2:
        call.warm()
    await connected(server, 3)
    calls[0].close()
    calls[0].close()
    calls[0].warm()
    await connected(server, 2)
    await asyncio.gather(*[say(voice, f"Number {number}.") for number in range(2)])
    for call in calls[1:]:
        call.close()
    await connected(server, 0)


async def test_a_call_that_ends_while_its_connection_is_being_opened_leaves_none(
    server: ElevenLabsServer, voice: ElevenLabsTextToSpeech
) -> None:
    for turns in range(0, 40, 4):
        call = voice.standby(Voice(), RATE_HZ)
        call.warm()
        for _ in range(turns):
            await asyncio.sleep(0)
        call.close()
    speaking = voice.standby(Voice(), RATE_HZ)
    for turns in range(0, 40, 4):
        speaking.warm()
        task = asyncio.create_task(say(voice, "Good evening."))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    speaking.close()
    await say(voice, "Nobody calls.")
    await connected(server, 0)
