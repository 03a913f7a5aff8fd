"""What a caller says is answered, at whatever moment: late models, stalled audio, the end of a reply."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reception.call import CallConfig
from reception.core.errors import ProviderError
from reception.ports.dialogue import Say
from reception.ports.events import ReplySaid
from tests.support.call_fakes import FakeDetector, FakeDialogue
from tests.unit.call.scene import Scene, play

REPLY = "I could not find that day in the book."


def _answers(text: str) -> tuple[Say, ...]:
    return (Say(REPLY),)


def _said(scene: Scene) -> list[str]:
    return [event.text for event in scene.observer.events if isinstance(event, ReplySaid)]


@pytest.mark.parametrize("first_words", [1, 3])
def test_what_is_said_after_a_stall_while_the_transcript_is_awaited(first_words: int) -> None:
    words = ["whenever", "it", "may", "be", "I", "really", "cannot", "say"]

    async def script(s: Scene) -> None:
        s.recognizer.delay_s = 2.5
        await s.caller.says(" ".join(words[:first_words]))
        await asyncio.sleep(3.5)
        await s.caller.says(" ".join(words[first_words:]))
        await s.caller.is_silent(8000)

    scene = play(script, dialogue=FakeDialogue(_answers))
    assert " ".join(scene.texts()).split() == words
    assert len(scene.texts()) == 1, "the caller went on before anything was made of the beginning"


def test_a_machine_that_slept_does_not_take_the_audio_for_stalled() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("whenever")
        loop = asyncio.get_running_loop()
        loop._jumping.now_s += 4.0  # type: ignore[attr-defined]
        await s.caller.says("I really cannot say")
        await s.caller.waits()

    assert play(script, dialogue=FakeDialogue(_answers)).texts() == ["whenever I really cannot say"]


def test_speech_without_end_is_whole_though_its_transcripts_are_late() -> None:
    words = [f"word{number}" for number in range(60)]

    async def script(s: Scene) -> None:
        s.recognizer.delay_s = 1.0
        await s.caller.says(" ".join(words))
        await s.caller.is_silent(8000)

    config = replace(CallConfig(), max_utterance_ms=6000, silence_prompt_s=60.0)
    scene = play(script, config=config, dialogue=FakeDialogue(_answers))
    heard = " ".join(scene.texts()).split()
    # The recogniser of these tests gives a word for each 300 ms of it, so that one cut in two may be lost or doubled.
    assert len(heard) == pytest.approx(len(words), abs=len(scene.texts()))


def test_words_over_the_agent_that_could_not_be_transcribed_are_asked_for_again() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.is_silent(900)
        s.recognizer.error = ProviderError("fake-stt", "too slow")
        await s.caller.says("no I meant in the evening")
        await s.caller.waits()
        s.recognizer.error = None
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(_answers))
    assert _said(scene) == [REPLY, scene.config.phrases.repeat]
    assert scene.dialogue.heard_of[1] == (1, REPLY, False)


def test_a_cough_over_the_agent_that_could_not_be_transcribed_is_none_of_it() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.is_silent(900)
        s.recognizer.error = ProviderError("fake-stt", "too slow")
        await s.caller.noise(300)
        await s.caller.waits()

    assert _said(play(script, dialogue=FakeDialogue(_answers))) == [REPLY]


@pytest.mark.parametrize(("rest_ms", "continues"), [(420, True), (700, True), (1100, False)])
def test_who_goes_on_before_anything_of_the_reply_was_heard_is_not_answering_it(rest_ms: int, continues: bool) -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("I would like a table for four")
        await s.caller.is_silent(rest_ms)
        await s.caller.says("on friday")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(_answers))
    assert [(turn.text, turn.continues) for turn in scene.dialogue.committed] == [
        ("I would like a table for four", False),
        ("on friday", continues),
    ]
    assert scene.dialogue.heard_of[-1] == (2, REPLY, False)


class SlowLedger(FakeDialogue):
    """Takes its time to write down what was heard."""

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        await super().heard(turn, text, interrupted=interrupted)
        await asyncio.sleep(3.0)


def test_the_agent_is_silent_once_it_has_spoken_though_its_words_are_still_being_stored() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.waits()
        await s.caller.noise(900)
        await s.caller.is_silent(4000)

    scene = play(script, dialogue=SlowLedger(_answers))
    assert _said(scene) == [REPLY, scene.config.phrases.repeat]


@pytest.mark.parametrize("echo_marks", [True, False])
def test_okay_to_a_silent_agent_is_an_answer_though_its_last_mark_is_out(echo_marks: bool) -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.is_silent(3500)
        s.leg.late_marks_s = 0.7
        await s.caller.says("and for buses")
        await s.caller.is_silent(350)
        while s.leg.playing_left_s > 0 or len(s.dialogue.committed) < 2:
            await s.caller.is_silent(20)
        await s.caller.is_silent(40)
        await s.caller.says("okay", 300)
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(_answers), echo_marks=echo_marks)
    assert scene.texts() == ["is there parking", "and for buses", "okay"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    into_ms=st.integers(-400, 2600),
    words=st.integers(1, 7),
    pause_ms=st.sampled_from([0, 160, 260, 420, 700, 1300]),
    stt_s=st.sampled_from([0.02, 0.2, 0.9, 2.8]),
    late_marks_s=st.sampled_from([0.0, 0.3, 0.75, 2.0]),
    stalls_s=st.sampled_from([0.0, 0.0, 3.4]),
    sure=st.floats(0.0, 1.0),
)
def test_whatever_is_said_around_the_end_of_a_reply_is_answered(
    into_ms: int, words: int, pause_ms: int, stt_s: float, late_marks_s: float, stalls_s: float, sure: float
) -> None:
    """The reply lasts about two seconds; the caller speaks up `into_ms` into it, with a rest or a stall of the line."""
    first = [f"a{number}x" for number in range(words)]
    second = [f"b{number}x" for number in range(words)]

    async def script(s: Scene) -> None:
        s.leg.late_marks_s = late_marks_s
        await s.caller.says("is there parking")
        while not s.leg.sent:
            await s.caller.is_silent(20)
        s.recognizer.delay_s = stt_s
        await s.caller.is_silent(max(0, into_ms))
        await s.caller.says(" ".join(first))
        if pause_ms:
            await s.caller.is_silent(pause_ms)
        await asyncio.sleep(stalls_s)
        await s.caller.says(" ".join(second))
        await s.caller.is_silent(10_000)

    scene = play(script, dialogue=FakeDialogue(_answers), detector=FakeDetector(sure))
    assert " ".join(scene.texts()[1:]).split() == [*first, *second]
    assert scene.dialogue.heard_of[-1] == (len(scene.texts()), REPLY, False)
