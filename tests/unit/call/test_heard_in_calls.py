"""What was heard of an interrupted reply, with the voice of a call as the call centre puts it together."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from reception.cli.bench_server import InstantConversations, bench_agent, unobserved
from reception.core.errors import Unavailable
from reception.core.speakable.alignment import word_ends
from reception.db.database import Database
from reception.dialogue.tools.answers import AnswerShelf
from reception.ports.answers import Answer
from reception.ports.dialogue import Say
from reception.ports.speech import Voice, WordEnd
from reception.providers.bundle import Speech
from reception.providers.speech_cache import CachedTextToSpeech
from reception.runtime.calls import CallCentre, LiveCalls
from reception.runtime.spoken_answers import SpokenAnswers
from tests.support.call_fakes import Caller, FakeDialogue, FakeLeg, FakeRecognizer, FakeVad, Phrasebook
from tests.support.fake_voice import FakeTts
from tests.support.virtual_time import LoopClock, run_virtual

LONG = "We are open every day from noon until ten in the evening and there is parking behind the house."
FIRST_WORDS = "We are"


class Dawdling(FakeTts):
    """Says two words at once and all others at the very end, and tells so."""

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        last = len(text) * self.ms_per_char * sample_rate_hz // 1000
        return [WordEnd(end, 0 if number < 2 else last) for number, end in enumerate(word_ends(text))]


class NoEmbedder:
    model = "none"
    dimensions = 1

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError


class NoDatabase:
    def tenant_session(self, tenant_id: UUID) -> AbstractAsyncContextManager[None]:
        raise Unavailable


async def interrupted(centre: CallCentre, book: Phrasebook) -> str:
    """What a caller has heard who goes on after a second of the reply."""
    wired = bench_agent()
    settings = replace(wired.agent.settings, pronunciations={"noon": "midday"})
    wired = replace(wired, agent=replace(wired.agent, settings=settings))
    leg, dialogue = FakeLeg(), FakeDialogue(lambda text: (Say(LONG if "hours" in text else "Closed."),))
    caller = Caller(leg, book)
    call = asyncio.create_task(centre.answer(leg, wired, dialogue))
    await caller.says("what are your hours")
    await caller.is_silent(2500)
    await caller.says("and on sunday")
    await caller.waits()
    caller.hangs_up()
    await call
    turn, heard, broken_off = next(one for one in dialogue.heard_of if one[0] == 1)
    assert (turn, broken_off) == (1, True)
    return heard


def test_the_words_are_those_that_the_voice_tells_of_when_made_and_when_played_again() -> None:
    async def calls() -> None:
        book, voice = Phrasebook(), Dawdling()
        shelf = AnswerShelf(cast(Database, NoDatabase()), LoopClock())
        spoken = SpokenAnswers(shelf)
        speech = Speech(FakeVad(), FakeRecognizer(book), None, CachedTextToSpeech(voice, 0), NoEmbedder())
        centre = CallCentre(
            InstantConversations(bench_agent(), 0), LiveCalls(4), speech, LoopClock(), unobserved, spoken=spoken
        )
        assert await interrupted(centre, book) == FIRST_WORDS
        made = len(voice.asked)
        shelf.note(bench_agent().business.tenant_id, UUID(int=7), Answer((Say(LONG),), 0.0))
        await spoken.flush()
        assert await interrupted(centre, book) == FIRST_WORDS
        assert [text for text in voice.asked[made:] if "midday" in text] == []

    run_virtual(calls())
