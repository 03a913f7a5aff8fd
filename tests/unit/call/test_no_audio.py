"""Callers whose audio does not come: by the clock they are silent as anybody else, unless it is only late."""

import asyncio
from dataclasses import replace

import pytest

from reception.call import CallConfig
from reception.ports.dialogue import Say
from reception.ports.leg import AudioIn, TypingIn
from tests.support.call_fakes import FakeDialogue, silence
from tests.unit.call.scene import Scene, play

CONFIG = replace(CallConfig(), silence_prompt_s=8.0)


def _answers(text: str) -> tuple[Say, ...]:
    return (Say("I could not find that day in the book."),)


@pytest.mark.parametrize("heard_ms", [0, 3000])
def test_a_caller_whose_microphone_sends_nothing_is_asked_twice_and_let_go(heard_ms: int) -> None:
    ended_s: list[float] = []

    async def script(s: Scene) -> None:
        s.call.add_done_callback(lambda _: ended_s.append(s.leg.now_s))
        await s.caller.is_silent(heard_ms)
        await asyncio.sleep(60.0)

    scene = play(script, config=CONFIG)
    assert scene.dialogue.silences == [1, 2, 3]
    assert scene.reason == "silence"
    assert 3 * 8.0 < ended_s[0] < 3 * 8.0 + 5.0


def test_who_only_types_is_there_while_typing_and_let_go_when_idle() -> None:
    async def script(s: Scene) -> None:
        for number in range(6):
            s.caller.types(f"question {number}")
            await asyncio.sleep(7.0)
        assert s.dialogue.silences == []
        await asyncio.sleep(60.0)

    scene = play(script, config=CONFIG, dialogue=FakeDialogue(_answers))
    assert len(scene.texts()) == 6
    assert scene.dialogue.silences == [1, 2, 3]
    assert scene.reason == "silence"


def test_a_key_is_a_sign_of_life_and_so_is_the_agent_s_own_slowness() -> None:
    async def script(s: Scene) -> None:
        await asyncio.sleep(7.0)
        s.caller.presses("4")
        await asyncio.sleep(20.0)
        assert s.dialogue.silences == []
        await asyncio.sleep(12.0)

    scene = play(script, config=CONFIG, dialogue=FakeDialogue(_answers, effects_s=16.0))
    assert scene.texts() == ["4"]
    assert scene.dialogue.silences == [1]


@pytest.mark.parametrize("stalls_s", [2.0, 4.5])
@pytest.mark.parametrize("silent_ms", [0, 4000, 7500])
def test_audio_that_is_late_is_not_silence(stalls_s: float, silent_ms: int) -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(silent_ms)
        late = s.book.audio("is there parking", stalls_s * 1000)
        await asyncio.sleep(stalls_s)
        s.leg.give(AudioIn(late))
        await s.caller.waits()

    scene = play(script, config=CONFIG, dialogue=FakeDialogue(_answers))
    assert scene.dialogue.silences == []
    assert scene.texts() == ["is there parking"]


def test_late_silence_counts_once() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(1000)
        for _ in range(9):
            await asyncio.sleep(4.0)
            s.leg.give(AudioIn(silence(4000)))

    scene = play(script, config=CONFIG)
    assert scene.dialogue.silences == [1, 2, 3]


def test_audio_that_hardly_comes_does_not_keep_the_line() -> None:
    async def script(s: Scene) -> None:
        for _ in range(60):
            await asyncio.sleep(1.0)
            s.leg.give(AudioIn(silence(20)))

    assert play(script, config=CONFIG).reason == "silence"


def test_a_machine_that_slept_does_not_take_its_caller_for_silent() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(2000)
        loop = asyncio.get_running_loop()
        loop._jumping.now_s += 20.0  # type: ignore[attr-defined]
        await s.caller.is_silent(3000)
        await s.caller.says("is there parking")
        await s.caller.waits()

    scene = play(script, config=CONFIG, dialogue=FakeDialogue(_answers))
    assert scene.dialogue.silences == []
    assert scene.texts() == ["is there parking"]


def test_noise_without_end_does_not_keep_the_line() -> None:
    async def script(s: Scene) -> None:
        await s.caller.noise(180_000)

    scene = play(script, config=CONFIG, dialogue=FakeDialogue(_answers))
    assert scene.texts() == []
    assert scene.reason == "silence"


def test_who_writes_for_long_is_not_asked_whether_they_are_there() -> None:
    async def script(s: Scene) -> None:
        for _ in range(10):
            await asyncio.sleep(3.0)
            s.leg.give(TypingIn())
        assert s.dialogue.silences == []
        await asyncio.sleep(9.0)

    assert play(script, config=CONFIG).dialogue.silences == [1]
