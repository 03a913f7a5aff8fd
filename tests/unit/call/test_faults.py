"""What goes wrong in a call: legs that die, parts that fail, audio that stalls or bursts."""

import asyncio
from dataclasses import replace

import pytest

from reception.call import CallConfig
from reception.core.errors import ProviderError
from reception.ports.audio import Pcm16
from reception.ports.dialogue import HangUp, Say
from reception.ports.events import CallFault, ReplySaid, TranscriptHeard
from reception.ports.leg import AudioIn
from tests.support.call_fakes import FakeDialogue, silence
from tests.support.fake_voice import FakeTts
from tests.unit.call.scene import Scene, play

LONG = "We are open every day from noon until ten in the evening and there is parking behind the house."


def _faults(scene: Scene) -> list[str]:
    return [event.code for event in scene.observer.events if isinstance(event, CallFault)]


def _said(scene: Scene) -> list[str]:
    return [event.text for event in scene.observer.events if isinstance(event, ReplySaid)]


def test_a_leg_that_dies_in_the_middle_of_a_reply_lets_effects_finish() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("book it")
        await s.caller.is_silent(300)
        s.caller.hangs_up()

    scene = play(script, dialogue=FakeDialogue(effects_s=1.0))
    assert scene.dialogue.effects == ["book it"]
    assert scene.dialogue.closed == ["caller_hung_up"]
    assert scene.dialogue.heard_of[-1] == (1, "", True)


def test_a_leg_that_dies_before_the_commit_leaves_nothing() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("book it")
        await s.caller.is_silent(160)
        s.caller.hangs_up()

    scene = play(script)
    assert scene.dialogue.effects == []
    assert scene.dialogue.committed == []


@pytest.mark.parametrize(
    ("prepare_s", "effects_s", "effects", "unanswered"),
    [(9.0, 0.01, [], [(1, "book it"), (2, "and a cake")]), (0.01, 3.5, ["book it"], [(2, "and a cake")])],
)
def test_what_was_said_by_a_caller_who_hangs_up_in_a_slow_turn_is_kept_and_begins_nothing(
    prepare_s: float, effects_s: float, effects: list[str], unanswered: list[tuple[int, str]]
) -> None:
    """What had begun is finished; another turn that waits is kept behind it."""

    async def script(s: Scene) -> None:
        await s.caller.says("book it")
        await s.caller.is_silent(600)
        await s.caller.says("and a cake")
        await s.caller.is_silent(600)
        s.caller.hangs_up()

    scene = play(script, dialogue=FakeDialogue(prepare_s=prepare_s, effects_s=effects_s))
    assert scene.dialogue.effects == effects
    assert scene.dialogue.unanswered == unanswered
    assert scene.dialogue.heard_of[1:] == [(1, "", True)]
    assert scene.events(TranscriptHeard)[-1] == TranscriptHeard(2, "and a cake", final=True)
    assert scene.dialogue.closed == ["caller_hung_up"]


def test_what_could_not_be_thought_through_is_kept_too() -> None:
    async def script(s: Scene) -> None:
        s.dialogue.error = ProviderError("fake-llm", "down")
        await s.caller.says("book it")
        await s.caller.waits()

    assert play(script).dialogue.unanswered == [(1, "book it")]


def test_effects_finish_when_the_caller_speaks_over_them() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("book it")
        await s.caller.is_silent(280)
        await s.caller.says("no wait a moment")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(effects_s=2.5))
    assert scene.texts() == ["book it", "no wait a moment"]
    assert scene.dialogue.effects == ["book it", "no wait a moment"]
    assert scene.dialogue.heard_of[1] == (1, "", True)


class StuckLedger(FakeDialogue):
    """Never gets to write down what was heard."""

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        await asyncio.sleep(14.0)


def test_a_call_that_is_over_does_not_wait_long_for_words_to_be_stored() -> None:
    took_s: list[float] = []

    async def script(s: Scene) -> None:
        for text in ("book it", "and then", "bye"):
            await s.caller.says(text)
            await s.caller.waits()
        s.caller.hangs_up()
        before_s = s.leg.now_s
        await s.call
        took_s.append(s.leg.now_s - before_s)

    scene = play(script, dialogue=StuckLedger())
    assert took_s[0] < scene.config.effects_grace_s + 1


def test_a_leg_that_raises_ends_the_call_cleanly() -> None:
    async def script(s: Scene) -> None:
        s.leg.error = ConnectionResetError("gone")
        await s.caller.says("book it")
        await s.caller.is_silent(1000)

    scene = play(script)
    assert scene.reason == "leg_failed"


def test_a_failing_recogniser_asks_for_a_repeat() -> None:
    async def script(s: Scene) -> None:
        s.recognizer.error = ProviderError("fake-stt", "down")
        await s.caller.says("book it")
        await s.caller.waits()
        s.recognizer.error = None
        await s.caller.says("book it")
        await s.caller.waits()

    scene = play(script)
    assert _said(scene)[0] == scene.config.phrases.repeat
    assert "provider_error" in _faults(scene)
    assert scene.texts() == ["book it"]


def test_a_recogniser_that_cannot_be_closed_does_not_keep_the_call() -> None:
    async def script(s: Scene) -> None:
        s.recognizer.closes = asyncio.Event()
        await s.caller.says("book it")
        await s.caller.waits()

    scene = play(script)
    assert scene.reason == "caller_hung_up"
    assert scene.leg.closed == ["caller_hung_up"]


def test_a_failing_voice_leaves_the_words() -> None:
    async def script(s: Scene) -> None:
        s.tts.error = ProviderError("fake-tts", "down")
        await s.caller.says("book it")
        await s.caller.is_silent(1000)
        s.tts.error = None
        await s.caller.says("hello again")
        await s.caller.waits()

    scene = play(script)
    assert _said(scene) == ["You said book it.", scene.config.phrases.apology, "You said hello again."]
    assert _faults(scene) == ["provider_error", "provider_error"]
    assert {sent.turn for sent in scene.leg.sent} == {2}


def test_what_no_voice_could_say_was_not_heard_and_is_apologised_for() -> None:
    async def script(s: Scene) -> None:
        s.tts.error = ProviderError("fake-tts", "down")
        s.tts.cached = {s.config.phrases.apology}
        await s.caller.says("book it")
        await s.caller.waits()

    scene = play(script)
    assert scene.dialogue.heard_of == [(0, "", False), (1, scene.config.phrases.apology, False)]
    assert scene.tts.asked.count("You said book it.") == 1


def test_a_voice_that_fails_for_a_moment_is_asked_once_more() -> None:
    async def script(s: Scene) -> None:
        s.tts.error, s.tts.failures = ProviderError("fake-tts", "busy", retryable=True), 1
        await s.caller.says("book it")
        await s.caller.waits()

    scene = play(script)
    assert scene.dialogue.heard_of[-1] == (1, "You said book it.", False)
    assert _said(scene) == ["You said book it."]
    assert _faults(scene) == []


def test_a_call_that_ends_without_a_voice_ends_without_an_apology() -> None:
    async def script(s: Scene) -> None:
        s.tts.error = ProviderError("fake-tts", "down", retryable=True)
        s.tts.cached = {s.config.phrases.apology}
        await s.caller.says("goodbye")
        await s.caller.is_silent(3000)

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say("Goodbye."), HangUp("goodbye"))))
    assert scene.reason == "goodbye"
    assert scene.dialogue.heard_of[-1] == (1, "", False)
    assert scene.tts.asked.count("Goodbye.") == 2


@pytest.mark.parametrize("error", [ProviderError("llm", "down"), KeyError("a defect")])
def test_a_failing_dialogue_apologises_and_the_call_goes_on(error: Exception) -> None:
    async def script(s: Scene) -> None:
        s.dialogue.error = error
        await s.caller.says("book it")
        await s.caller.waits()
        s.dialogue.error = None
        await s.caller.says("book it now")
        await s.caller.waits()

    scene = play(script)
    assert _said(scene) == [scene.config.phrases.apology, "You said book it now."]
    assert len(_faults(scene)) == 1


def test_the_longest_call_ends_politely() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(12_000)

    scene = play(script, config=replace(CallConfig(), max_call_s=5.0))
    assert scene.reason == "max_length"
    assert _said(scene) == [scene.config.phrases.too_long]


def test_a_call_can_be_asked_to_end() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1000)
        await s.session.end("drain")
        await s.caller.is_silent(8000)

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG),)))
    assert scene.reason == "drain"
    assert scene.dialogue.heard_of[-1] == (1, LONG, False)


def test_cancelling_a_call_closes_everything_once() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1000)
        s.call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await s.call

    play(script, dialogue=FakeDialogue(lambda text: (Say(LONG),)))


def test_audio_that_stops_coming_ends_the_utterance() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("a table for four")
        await asyncio.sleep(5)

    assert play(script).texts() == ["a table for four"]


def test_bursts_of_two_seconds_lose_nothing() -> None:
    async def script(s: Scene) -> None:
        samples: Pcm16 = s.book.audio("a table for four on friday evening please", 4000)
        for start in range(0, len(samples), 16_000):
            await asyncio.sleep(2)
            s.leg.give(AudioIn(samples[start : start + 16_000]))
        await asyncio.sleep(2)
        s.leg.give(AudioIn(silence(2000)))
        await s.caller.waits()

    assert play(script).texts() == ["a table for four on friday evening please"]


def test_audio_is_sent_ahead_but_not_far() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG), Say(LONG))), tts=FakeTts(ms_per_char=60))
    begun_s = scene.leg.sent[0].at_s
    sent_s = 0.0
    for sent in scene.leg.sent:
        sent_s += sent.samples / 8000
        assert sent_s - (sent.at_s - begun_s) <= 1.5 + 0.01
    assert sum(sent.samples for sent in scene.leg.sent) == len(LONG) * 2 * 480
    assert len(scene.leg.sent) <= sent_s / 0.15
    arrivals = [sent.at_s for sent in scene.leg.sent]
    assert arrivals == sorted(arrivals)


def test_a_ten_minute_call() -> None:
    async def script(s: Scene) -> None:
        for number in range(60):
            await s.caller.says(f"question number {number} please")
            await s.caller.waits()
            await s.caller.is_silent(7500)

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say("Here is the answer to it."),)))
    assert len(scene.texts()) == 60
    assert len(set(scene.texts())) == 60
    assert scene.leg.sent[-1].at_s > 600


@pytest.mark.parametrize("echo_marks", [True, False])
def test_the_longest_call_ends_though_no_audio_comes_any_more(echo_marks: bool) -> None:
    ended: list[bool] = []

    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1000)
        await s.caller.says("and on", 400)
        await asyncio.sleep(60.0)
        ended.append(s.call.done())

    scene = play(
        script,
        dialogue=FakeDialogue(lambda text: (Say(LONG),)),
        config=replace(CallConfig(), max_call_s=3.0, doubtful_ms=60_000),
        echo_marks=echo_marks,
    )
    assert (ended, scene.reason) == ([True], "max_length")
