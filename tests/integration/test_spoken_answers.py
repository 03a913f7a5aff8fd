"""A kept answer has its audio: who is told the same later hears it without a voice having to speak, in any process."""

from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta

import numpy as np
from sqlalchemy import text

from reception.core.clock import FixedClock
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.knowledge.speech import keep_speech
from reception.domains.tenants.service import delete_tenant
from reception.ports.answers import CacheLevel
from reception.ports.audio import Pcm16
from reception.ports.dialogue import Say
from reception.ports.speech import Voice
from reception.runtime.spoken_answers import SpokenAnswers
from tests.integration.test_answer_cache import (
    MENU,
    NOW,
    SOUP,
    House,
    Replica,
    open_house,
    prepared,
    put_menu,
    replicas,
)
from tests.support.demo import RememberingEmbedder, embedder

__all__ = ["embedder", "replicas"]

BOOKING = "I would like to book a table for two tomorrow at seven"


class CountingVoice:
    """Says each text in a sound of its own, and counts what it says."""

    def __init__(self, provider: str = "first") -> None:
        self.provider = provider
        self.said: list[str] = []

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        self.said.append(text)
        for part in (text[:5], text[5:]):
            yield np.frombuffer(part.encode().ljust(2 * len(part.encode()), b"\0"), "<i2").astype(np.int16)


class Process:
    """A process with its calls' voice. Each call is with somebody else."""

    def __init__(self, replica: Replica, voice: CountingVoice | None = None) -> None:
        self.replica = replica
        self.voice = voice or CountingVoice()
        self.spoken = SpokenAnswers(replica.factory.answers)

    async def call(
        self,
        house: House,
        *questions: str,
        rate_hz: int = 8000,
        voice: Voice = Voice(),  # noqa: B008  a frozen value
        pronunciations: Mapping[str, str] | None = None,
    ) -> tuple[str, list[bytes]]:
        """The level of the last answer, and the audio of all sentences."""
        tts = self.spoken.voice(house.business.tenant_id, self.voice, pronunciations or {})
        dialogue = await self.replica.meet(house, "voice")
        audio = []
        for question in questions:
            turn = await prepared(dialogue, question)
            for said in [part async for part in dialogue.commit(turn) if isinstance(part, Say)]:
                chunks = [chunk async for chunk in tts.stream(said.text, voice, rate_hz)]
                audio.append(b"".join(chunk.tobytes() for chunk in chunks))
        await dialogue.close("done")
        await self.spoken.flush()
        return turn.cache, audio

    async def kept(self, house: House) -> int:
        async with self.replica.database.tenant_session(house.business.tenant_id) as session:
            return int((await session.execute(text("SELECT count(*) FROM answer_speech"))).scalar_one())


async def test_another_process_plays_a_kept_answer_without_asking_the_voice(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one, two = Process(replicas[0]), Process(replicas[1])
    house = await open_house(replicas[0], embedder)
    level, first = await one.call(house, SOUP)
    assert (level, len(first) > 0) == (CacheLevel.MISS, True)
    spoken = len(one.voice.said)
    level, again = await two.call(house, SOUP)
    assert level == CacheLevel.DATABASE
    # What is no part of the answer ("Is there anything else …?") is said by the voice.
    answered = [sentence for sentence in one.voice.said if "$9" in sentence]
    assert answered
    assert not [sentence for sentence in two.voice.said if "$9" in sentence]
    assert again == first
    # Other words for the same question, found by their likeness.
    level, alike = await two.call(house, "What does the tomato soup cost?")
    assert level == CacheLevel.SEMANTIC
    assert alike[0] == first[0]
    assert not [sentence for sentence in two.voice.said if "$9" in sentence]
    await one.call(house, SOUP)
    assert [sentence for sentence in one.voice.said[spoken:] if "$9" in sentence] == []


async def test_another_voice_pace_rate_lexicon_or_provider_is_spoken_anew(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    house = await open_house(replicas[0], embedder)
    await Process(replicas[0]).call(house, SOUP)
    for provider, rate_hz, voice, lexicon in (
        ("first", 24000, Voice(), {}),
        ("first", 8000, Voice("other"), {}),
        ("first", 8000, Voice(speed=1.2), {}),
        ("first", 8000, Voice(locale="en-GB"), {}),
        ("first", 8000, Voice(), {"soup": "zoop"}),
        ("second", 8000, Voice(), {}),
        ("first", 8000, Voice(), {}),
    ):
        process = Process(replicas[1], CountingVoice(provider))
        await process.call(house, SOUP, rate_hz=rate_hz, voice=voice, pronunciations=lexicon)
        same = (provider, rate_hz, voice, lexicon) == ("first", 8000, Voice(), {})
        assert any("$9" in sentence for sentence in process.voice.said) is not same
    # Every one of these is there for the next.
    process = Process(replicas[0], CountingVoice("second"))
    await process.call(house, SOUP)
    assert not [sentence for sentence in process.voice.said if "$9" in sentence]


async def test_what_is_said_to_one_caller_alone_is_not_kept(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one = Process(replicas[0])
    house = await open_house(replicas[0], embedder)
    await one.call(house, BOOKING, "My name is Ann Lee", "212 555 0142")
    assert len(one.voice.said) >= 3
    assert await one.kept(house) == 0
    # Forgotten in the process as well, once no answer can come any more that has said it.
    replicas[0].clock.advance(timedelta(minutes=1))
    await one.spoken.flush()
    assert await one.kept(house) == 0


async def test_a_voice_that_another_had_to_replace_is_not_kept(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    class Failing(CountingVoice):
        async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
            async for chunk in super().stream(text, voice, sample_rate_hz):
                yield chunk
                self.provider = "fallback"

    one = Process(replicas[0], Failing())
    house = await open_house(replicas[0], embedder)
    await one.call(house, SOUP)
    assert await one.kept(house) == 0


async def test_audio_goes_with_its_answer_and_with_the_tenant(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder, postgres: EmbeddedPostgres
) -> None:
    one = Process(replicas[0])
    house = await open_house(replicas[0], embedder)
    await one.call(house, SOUP)
    assert await one.kept(house) > 0
    await replicas[0].factory.answers.clear(house.business.tenant_id)
    assert await one.kept(house) == 0
    await put_menu(replicas[0], house, embedder, MENU.replace("$9", "$12"))
    _, told = await one.call(house, SOUP)
    assert any(b"$12" in audio.replace(b"\0", b"") for audio in told)
    assert await one.kept(house) > 0
    owner = Database(postgres.owner_url, pool_size=1)
    try:
        async with owner.tenant_session(house.business.tenant_id) as session:
            await delete_tenant(session)
    finally:
        await owner.dispose()
    assert await one.kept(house) == 0


async def test_a_tenants_audio_is_bounded_and_the_oldest_goes(
    replicas: tuple[Replica, Replica], embedder: RememberingEmbedder
) -> None:
    one = Process(replicas[0])
    house = await open_house(replicas[0], embedder)
    await one.call(house, SOUP)
    clock = FixedClock(NOW)
    async with replicas[0].database.tenant_session(house.business.tenant_id) as session:
        answer_id = (await session.execute(text("SELECT id FROM answer_cache"))).scalar_one()
        await session.execute(text("DELETE FROM answer_speech"))
        for number in range(6):
            await keep_speech(session, answer_id, bytes([number]), bytes(1000), clock.now(), most_bytes=3500)
            clock.advance(timedelta(seconds=1))
        await keep_speech(session, uuid7(), b"gone", bytes(1000), clock.now())
        kept = [
            row.speech_key for row in await session.execute(text("SELECT speech_key FROM answer_speech ORDER BY 1"))
        ]
    assert kept == [b"\x03", b"\x04", b"\x05"]
