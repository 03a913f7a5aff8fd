"""Speech that goes on with another voice, in virtual time. Every letter has its own sound, so that what was said twice,
or not at all, shows."""

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.core.speakable.alignment import word_ends
from reception.ports.speech import Voice, WordEnd
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import Probes
from reception.providers.resilience.voice import ResilientTextToSpeech
from tests.support.letters import said_once
from tests.support.virtual_time import run_virtual
from tests.unit.resilience.fakes import MS_PER_CHAR, RATE_HZ, Told, Voiced, letters

TEXT = "Certainly, madam, we have a lovely round table beside the window for you. Shall I put that down?"
SPOKEN = TEXT.replace(" ", "")


def voice_of(*voices: Voiced, told: Told | None = None) -> ResilientTextToSpeech:
    return ResilientTextToSpeech([one.link() for one in voices], Probes(), told or Told(), Budget())


async def say(tts: ResilientTextToSpeech, text: str = TEXT) -> list[Pcm16]:
    return [chunk async for chunk in tts.stream(text, Voice(), RATE_HZ)]


def test_a_healthy_voice_says_it_all_and_passes_on_its_first_audio_at_once() -> None:
    async def call() -> None:
        told = Told()
        tts = voice_of(Voiced("first"), Voiced("second"), told=told)
        stream = tts.stream(TEXT, Voice(), RATE_HZ)
        first = await anext(stream)
        assert asyncio.get_running_loop().time() == pytest.approx(0.1)
        said = letters([first, *[chunk async for chunk in stream]])
        assert said.replace(" ", "") == SPOKEN
        assert (tts.provider, told.path) == ("first", [])

    run_virtual(call())


@pytest.mark.parametrize("delay_s", [0.0, 60.0], ids=["fails", "hangs"])
def test_a_dead_voice_is_replaced_before_anybody_wonders(delay_s: float) -> None:
    async def call() -> None:
        error = None if delay_s else ProviderError("first", retryable=True)
        told = Told()
        tts = voice_of(Voiced("first", delay_s=delay_s, error=error), Voiced("second"), told=told)
        stream = tts.stream(TEXT, Voice(), RATE_HZ)
        first = await anext(stream)
        assert asyncio.get_running_loop().time() <= 0.61
        assert letters([first, *[chunk async for chunk in stream]]).replace(" ", "") == SPOKEN
        assert [switch[:2] for switch in told.path] == [("first", "second")]
        assert tts.provider == "second"

    run_virtual(call())


@pytest.mark.parametrize("stalls", [False, True], ids=["breaks off", "stalls"])
@given(breaks_after_ms=st.integers(100, 6000), every_s=st.sampled_from([0.0, 0.03, 0.09]))
@settings(max_examples=60, deadline=None)
def test_in_the_middle_of_a_reply_no_word_is_lost_or_said_twice(
    stalls: bool, breaks_after_ms: int, every_s: float
) -> None:
    async def call() -> None:
        first = Voiced("first", breaks_after_ms=breaks_after_ms, stalls=stalls, chunk_every_s=every_s)
        tts = voice_of(first, Voiced("second"))
        # A voice whose pace is known, as that of one that has spoken before.
        tts._chain.links[0].asked.pace.learn("x" * 100, 100 * 60, 1.0)
        heard = letters(await say(tts)).replace(" ", "")
        assert said_once(heard, TEXT), heard

    run_virtual(call())


def test_the_voice_does_not_come_and_go_within_a_call() -> None:
    async def call() -> None:
        first, told = Voiced("first", delay_s=60), Told()
        tts = voice_of(first, Voiced("second"), told=told)
        await say(tts, "One moment.")
        first.delay_s = 0.1
        await say(tts, "Here we are.")
        assert tts.provider == "second"
        await asyncio.sleep(21)
        await say(tts, "What else?")
        assert tts.provider == "first"
        assert [switch[2] for switch in told.path] == ["provider_timeout", "recovered"]

    run_virtual(call())


def test_what_is_remembered_is_said_in_its_own_voice_even_while_that_is_dead() -> None:
    async def call() -> None:
        first, told = Voiced("first"), Told()
        tts = voice_of(first, Voiced("second"), told=told)
        await say(tts, "Good evening.")
        first.error = ProviderError("first", retryable=True)
        for number in "one", "two", "three", "four":
            await say(tts, f"Number {number}.")
        asked = len(first.asked)
        again = await say(voice_of_links(tts), "Good evening.")
        assert letters(again) == "Good evening."
        assert len(first.asked) == asked

    run_virtual(call())


def voice_of_links(tts: ResilientTextToSpeech) -> ResilientTextToSpeech:
    """The same providers, for another call."""
    return ResilientTextToSpeech(tts._chain.links, Probes(), Told(), Budget())


def test_a_voice_that_makes_no_sound_counts_as_failed() -> None:
    async def call() -> None:
        silent = Voiced("first", breaks_after_ms=None)
        silent.stream = nothing  # type: ignore[method-assign]
        tts = voice_of(silent, Voiced("second"))
        assert letters(await say(tts, "Good evening.")) == "Good evening."

    async def nothing(text: str, voice: Voice, sample_rate_hz: int):  # type: ignore[no-untyped-def]
        for _ in ():
            yield np.zeros(0, np.int16)

    run_virtual(call())


def test_when_all_fail_it_ends_with_the_failure() -> None:
    async def call() -> None:
        tts = voice_of(*[Voiced(name, breaks_after_ms=100) for name in ("first", "second")])
        with pytest.raises(ProviderError):
            await say(tts)

    run_virtual(call())


def test_closing_stops_whoever_is_at_work() -> None:
    async def call() -> None:
        first = Voiced("first", chunk_every_s=0.5)
        stream = voice_of(first, Voiced("second")).stream(TEXT, Voice(), RATE_HZ)
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(0.01)
        assert first.closed == 1

    run_virtual(call())


@pytest.mark.parametrize("breaks_after_ms", [0, 1500])
def test_a_defect_in_mid_sentence_is_no_end_of_it(breaks_after_ms: int) -> None:
    async def call() -> None:
        first = Voiced("first", breaks_after_ms=breaks_after_ms, breaks_by=KeyError("audio"))
        tts = voice_of(first, Voiced("second"))
        tts._chain.links[0].asked.pace.learn("x" * 100, 100 * 60, 1.0)
        heard = letters(await say(tts)).replace(" ", "")
        assert said_once(heard, TEXT), heard
        assert tts.provider == "second"

    run_virtual(call())


def test_a_voice_s_name_is_for_the_vendor_that_has_it() -> None:
    async def call() -> None:
        asked: dict[str, str] = {}

        class Named(Voiced):
            def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
                asked[self.name] = voice.name
                return super().stream(text, voice, sample_rate_hz)

        first = Named("first", error=ProviderError("first", retryable=True))
        tts = voice_of(first, Named("second"))
        async for _ in tts.stream("Good evening.", Voice("21m00Tcm4TlvDq8ikWAM"), RATE_HZ):
            pass
        assert asked == {"first": "21m00Tcm4TlvDq8ikWAM", "second": "heart"}

    run_virtual(call())


class Telling(Voiced):
    """Implements `TellsWords`."""

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> list[WordEnd]:
        return [WordEnd(end, end * MS_PER_CHAR * sample_rate_hz // 1000) for end in word_ends(text)]


def test_it_knows_when_each_word_was_said_unless_one_broke_off() -> None:
    async def call() -> None:
        tts = voice_of(Telling("first"), Voiced("second"))
        audio = np.concatenate(await say(tts))
        ends = tts.word_ends(TEXT, Voice(), RATE_HZ)
        assert [TEXT[: end.chars].split()[-1] for end in ends] == TEXT.split()
        for end in ends:
            assert letters([audio[: end.sample]])[-1] == TEXT[end.chars - 1]
        broken = voice_of(Telling("first", breaks_after_ms=1500), Telling("second"))
        await say(broken)
        assert not broken.word_ends(TEXT, Voice(), RATE_HZ)
        silent = voice_of(Voiced("first"))
        await say(silent)
        assert not silent.word_ends(TEXT, Voice(), RATE_HZ)

    run_virtual(call())


class Uneven(Telling):
    """Takes half a second for each word, however long, and tells when it has said which."""

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> list[WordEnd]:
        return [WordEnd(end, (number + 1) * sample_rate_hz // 2) for number, end in enumerate(word_ends(text))]

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        assert self.breaks_after_ms is not None
        for start_ms in range(0, self.breaks_after_ms, 100):
            yield np.full(sample_rate_hz // 10, 1000 + start_ms, np.int16)
            await asyncio.sleep(0.09)
        raise ProviderError(self.name, retryable=True)


@given(breaks_after_ms=st.integers(600, 4400))
@settings(max_examples=30, deadline=None)
def test_after_a_voice_that_tells_its_words_the_next_one_begins_with_the_very_next(breaks_after_ms: int) -> None:
    async def call() -> None:
        second = Voiced("second")
        words = ["I", "am", "responsible", "for", "an", "enormous", "number", "of", "students"]
        tts = voice_of(Uneven("first", breaks_after_ms=breaks_after_ms), second)
        audio = np.concatenate(await say(tts, " ".join(words)))
        (rest,) = second.asked
        given_out_ms = audio.size * 1000 // RATE_HZ - len(rest) * MS_PER_CHAR
        assert given_out_ms > 0
        assert rest.split() == words[(given_out_ms + 60) // 500 :]

    run_virtual(call())


def test_a_voice_that_was_asked_before_it_failed_is_not_back_when_it_answers() -> None:
    async def call() -> None:
        first, told = Voiced("first", delay_s=0.3, breaks_after_ms=600, chunk_every_s=0.05), Told()
        tts = voice_of(first, Voiced("second"), told=told)
        speaking = asyncio.create_task(say(tts, "This sentence is broken off."))
        await asyncio.sleep(0.5)
        await say(tts, "So is the one after it.")
        await speaking
        assert [switch[:2] for switch in told.path] == [("first", "second")]

    run_virtual(call())
