"""A whole call in virtual time: turns, dead air, hanging up, typing and keys."""

import asyncio
from dataclasses import replace

import pytest

from reception.call import CallConfig
from reception.ports.business import AgentSettings
from reception.ports.dialogue import Act, HangUp, Say, Transfer
from reception.ports.events import ActionDone, CallEnded, ReplySaid, TranscriptHeard, TurnMetrics
from reception.ports.expectation import Completeness, Expectation, Expects
from tests.support.call_fakes import FakeDetector, FakeDialogue
from tests.unit.call.scene import Scene, play

LONG = "We are open every day from noon until ten in the evening and there is parking behind the house."


def _metrics(scene: Scene) -> list[TurnMetrics]:
    return [event for event in scene.observer.events if isinstance(event, TurnMetrics)]


def _said(scene: Scene) -> list[str]:
    return [event.text for event in scene.observer.events if isinstance(event, ReplySaid)]


def test_a_turn_is_heard_prepared_committed_and_answered_once() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(400)
        await s.caller.says("a table for four")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue())
    assert scene.texts() == ["a table for four"]
    assert scene.dialogue.effects == ["a table for four"]
    assert scene.dialogue.heard_of[-1] == (1, "You said a table for four.", False)
    (metrics,) = _metrics(scene)
    assert metrics.endpointing_ms == pytest.approx(235, abs=35)
    assert metrics.voice_to_voice_ms is not None
    assert metrics.voice_to_voice_ms < 300
    assert metrics.stt_ms == pytest.approx(80, abs=1)
    assert metrics.providers == {"stt": "fake-stt", "tts": "fake-tts"}


def test_the_greeting_is_turn_nought() -> None:
    dialogue = FakeDialogue()
    dialogue.greeting = (Say("Hello there."),)

    async def script(s: Scene) -> None:
        await s.caller.waits()

    scene = play(script, dialogue=dialogue)
    assert scene.dialogue.heard_of == [(0, "Hello there.", False)]
    assert {sent.turn for sent in scene.leg.sent} == {0}


def test_the_first_sentence_is_spoken_to_the_drawer_before_the_commit() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("a table for four")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(effects_s=0.0))
    assert scene.tts.asked.count("You said a table for four.") == 1
    committed_s = next(at for at, event in scene.leg.events if isinstance(event, TranscriptHeard) and event.final)
    assert scene.leg.sent[0].at_s - committed_s < scene.tts.delay_s


def test_going_on_after_the_candidate_end_loses_nothing_and_does_nothing() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("a table for four")
        await s.caller.is_silent(170)
        await s.caller.says("on friday at eight")
        await s.caller.waits()

    scene = play(script)
    assert scene.texts() == ["a table for four on friday at eight"]
    assert scene.dialogue.effects == ["a table for four on friday at eight"]
    assert _said(scene) == ["You said a table for four on friday at eight."]
    assert _metrics(scene)[0].speculations_dropped == 1


@pytest.mark.parametrize(
    ("completeness", "least_ms", "most_ms"),
    [
        (Completeness.COMPLETE, 240, 304),
        (Completeness.OPEN_ENDED, 435, 500),
        (Completeness.UNSURE, 540, 604),
        (Completeness.INCOMPLETE, 1200, 1260),
        (Completeness.DICTATING, 1780, 1840),
    ],
)
def test_the_wait_follows_what_the_words_are(completeness: Completeness, least_ms: int, most_ms: int) -> None:
    dialogue = FakeDialogue()
    dialogue.completeness_default = completeness

    async def script(s: Scene) -> None:
        await s.caller.says("five five five")
        await s.caller.waits()

    (metrics,) = _metrics(play(script, dialogue=dialogue))
    assert metrics.endpointing_ms is not None
    assert least_ms <= metrics.endpointing_ms <= most_ms


@pytest.mark.parametrize(("probability", "least_ms", "most_ms"), [(0.95, 400, 475), (0.05, 880, 950)])
def test_an_unsure_end_is_judged_by_ear(probability: float, least_ms: int, most_ms: int) -> None:
    dialogue = FakeDialogue()
    dialogue.completeness_default = Completeness.UNSURE

    async def script(s: Scene) -> None:
        await s.caller.says("some time next week")
        await s.caller.waits()

    (metrics,) = _metrics(play(script, dialogue=dialogue, detector=FakeDetector(probability)))
    assert metrics.endpointing_ms is not None
    assert least_ms <= metrics.endpointing_ms <= most_ms


def test_a_late_transcript_commits_when_it_comes() -> None:
    async def script(s: Scene) -> None:
        s.recognizer.delay_s = 0.9
        await s.caller.says("a table for four")
        await s.caller.waits()

    scene = play(script)
    assert scene.texts() == ["a table for four"]
    endpointing_ms = _metrics(scene)[0].endpointing_ms
    assert endpointing_ms is not None
    assert 900 < endpointing_ms < 1010


def test_noise_is_no_turn() -> None:
    async def script(s: Scene) -> None:
        await s.caller.noise(400)
        await s.caller.is_silent(2000)

    scene = play(script)
    assert scene.texts() == []
    assert scene.leg.sent == []


@pytest.mark.parametrize("clock_rate", [0.99, 1.01])
def test_a_clock_that_drifts_for_ten_minutes_changes_nothing(clock_rate: float) -> None:
    async def script(s: Scene) -> None:
        s.caller.clock_rate = clock_rate
        await s.caller.waits()
        for number in range(30):
            await s.caller.says(f"question number {number}")
            await s.caller.waits()
            await s.caller.is_silent(15_000)

    scene = play(script, config=replace(CallConfig(), silence_prompt_s=120.0))
    assert scene.texts() == [f"question number {number}" for number in range(30)]
    waits = [metrics.voice_to_voice_ms for metrics in _metrics(scene)]
    assert all(wait is not None and 200 < wait < 800 for wait in waits)
    assert max(w or 0 for w in waits) - min(w or 0 for w in waits) < 60


def test_speech_in_which_no_word_was_recognised_is_asked_for_again_once() -> None:
    async def script(s: Scene) -> None:
        for _ in range(2):
            await s.caller.noise(900)
            await s.caller.is_silent(4000)

    config = replace(CallConfig(), silence_prompt_s=60.0)
    scene = play(script, config=config)
    said = [event.text for event in scene.observer.events if isinstance(event, ReplySaid)]
    assert said == [config.phrases.repeat]


def test_a_filler_bridges_dead_air_and_gives_way_to_the_reply() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.waits()
        await s.caller.is_silent(1500)
        await s.caller.says("and a lift")
        await s.caller.waits()
        await s.caller.is_silent(1500)

    scene = play(script, dialogue=FakeDialogue(prepare_s=1.1))
    fillers = [text for text in scene.tts.asked if text in scene.config.phrases.fillers]
    assert len(fillers) == 2
    assert fillers[0] != fillers[1]
    assert scene.dialogue.heard_of == [
        (0, "", False),
        (1, "You said is there parking.", False),
        (2, "You said and a lift.", False),
    ]
    committed_s = next(at for at, event in scene.leg.events if isinstance(event, TranscriptHeard) and event.final)
    assert scene.leg.sent[0].at_s - committed_s == pytest.approx(0.73, abs=0.05)
    assert scene.leg.clears == []
    whole = len(fillers[0]) * 400
    reply = len("You said is there parking.") * 400
    first_turn = sum(sent.samples for sent in scene.leg.sent if sent.turn == 1)
    assert reply < first_turn < reply + whole
    assert all(text not in said for text in fillers for said in _said(scene))


def test_no_filler_comes_twice_running_whatever_lies_between() -> None:
    dialogue = FakeDialogue()

    async def script(s: Scene) -> None:
        for number in range(9):
            dialogue.prepare_s = 0.01 if number % 4 else 1.1
            await s.caller.says(f"question {number}")
            await s.caller.waits()
            await s.caller.is_silent(1500)

    scene = play(script, dialogue=dialogue)
    fillers = [text for text in scene.tts.asked if text in scene.config.phrases.fillers]
    assert len(fillers) == 3
    assert fillers[0] != fillers[1] != fillers[2]


def test_an_agents_owner_sets_the_filler_the_silence_and_the_longest_call() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.waits()
        await s.caller.is_silent(40_000)

    settings = AgentSettings(filler_after_ms=300, silence_prompt_s=4.0, silence_prompts=1, max_call_s=600)
    scene = play(script, dialogue=FakeDialogue(prepare_s=1.1), config=CallConfig.for_agent(settings))
    committed_s = next(at for at, event in scene.leg.events if isinstance(event, TranscriptHeard) and event.final)
    assert scene.leg.sent[0].at_s - committed_s == pytest.approx(0.33, abs=0.05)
    assert scene.leg.sent[-1].at_s < 20
    assert CallConfig.for_agent(replace(settings, max_call_s=30)).max_call_s == 30


def test_a_quick_reply_needs_no_filler() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.waits()

    assert not set(play(script).tts.asked) & set(CallConfig().phrases.fillers)


def test_a_silent_caller_is_asked_twice_and_let_go() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(40_000)

    scene = play(script, config=replace(CallConfig(), silence_prompt_s=8.0))
    assert scene.dialogue.silences == [1, 2, 3]
    assert scene.reason == "silence"
    assert _said(scene) == ["Are you there?", "Are you there?", "Goodbye."]
    assert scene.leg.sent[-1].at_s < 30


def test_speaking_starts_the_count_of_silences_again() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(10_000)
        await s.caller.says("yes I am here")
        await s.caller.is_silent(11_000)

    scene = play(script, config=replace(CallConfig(), silence_prompt_s=8.0))
    assert scene.dialogue.silences == [1, 1]


def test_noise_is_silence_too() -> None:
    async def script(s: Scene) -> None:
        for _ in range(30):
            await s.caller.noise(200)
            await s.caller.is_silent(1000)

    scene = play(script, config=replace(CallConfig(), silence_prompt_s=8.0))
    assert scene.dialogue.silences[:2] == [1, 2]


def test_the_longest_call_ends_even_while_the_agent_is_held() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1000)
        await s.caller.noise(1500)
        await s.caller.is_silent(20_000)

    scene = play(
        script,
        dialogue=FakeDialogue(lambda text: (Say(LONG),)),
        config=replace(CallConfig(), max_call_s=2.6, doubtful_ms=60_000),
    )
    assert scene.reason == "max_length"
    assert scene.dialogue.heard_of[-1] == (1, LONG, False)


def test_hanging_up_waits_for_the_goodbye_to_be_played() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("bye")
        await s.caller.is_silent(6000)

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say("Thank you, goodbye."), HangUp("goodbye"))))
    assert scene.reason == "goodbye"
    assert scene.leg.closed == ["goodbye"]
    ended_s = next(at for at, event in scene.leg.events if isinstance(event, CallEnded))
    assert ended_s - scene.leg.sent[0].at_s >= len("Thank you, goodbye.") * 0.05
    assert ended_s - scene.leg.sent[0].at_s < len("Thank you, goodbye.") * 0.05 + 0.2


def test_hanging_up_does_not_wait_forever_for_a_leg_without_marks() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("bye")
        await s.caller.is_silent(6000)

    dialogue = FakeDialogue(lambda text: (Say("Thank you, goodbye."), HangUp("goodbye")))
    scene = play(script, dialogue=dialogue, echo_marks=False)
    assert scene.reason == "goodbye"


def test_interrupting_the_goodbye_keeps_the_call() -> None:
    def answers(text: str) -> tuple[Say | HangUp, ...]:
        return (Say("Thank you for calling, goodbye."), HangUp("goodbye")) if text == "bye" else (Say("Sure."),)

    async def script(s: Scene) -> None:
        await s.caller.says("bye")
        await s.caller.is_silent(600)
        await s.caller.says("wait one more thing")
        await s.caller.is_silent(3000)

    scene = play(script, dialogue=FakeDialogue(answers))
    assert scene.texts() == ["bye", "wait one more thing"]
    assert scene.reason == "caller_hung_up"


def test_a_transfer_is_announced_and_ends_the_call() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("a person please")
        await s.caller.is_silent(4000)

    parts = (Say("I'll put you through."), Act("handoff.requested", {}), Transfer("+14155550123", "asked"))
    scene = play(script, dialogue=FakeDialogue(lambda text: parts))
    assert scene.reason == "transfer"
    actions = [event for event in scene.observer.events if isinstance(event, ActionDone)]
    assert [action.name for action in actions] == ["handoff.requested", "call.transfer"]
    assert actions[1].data["target"] == "+14155550123"


def test_a_typed_turn_takes_the_same_path_and_interrupts() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(200)
        s.caller.types("  what are your hours ")
        await s.caller.is_silent(1500)
        s.caller.types("and prices")
        await s.caller.is_silent(3000)

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG if "hours" in text else "Fine."),)))
    assert scene.texts() == ["what are your hours", "and prices"]
    assert scene.dialogue.heard_of[1][2] is True
    assert scene.dialogue.heard_of[2] == (2, "Fine.", False)
    assert all(metrics.voice_to_voice_ms is None for metrics in _metrics(scene))


def test_typing_in_the_middle_of_speech_loses_neither() -> None:
    async def script(s: Scene) -> None:
        speaking = asyncio.create_task(s.caller.says("a table for four on friday"))
        await asyncio.sleep(0.9)
        s.caller.types("hello")
        await speaking
        await s.caller.waits()

    scene = play(script)
    assert scene.texts() == ["hello", "a table for four on friday"]
    assert [turn.turn for turn in scene.dialogue.committed] == [1, 2]


@pytest.mark.parametrize(
    ("keys", "expected", "turn", "after_s"),
    [
        ("123#", Expectation(), "123", 0.0),
        ("42", Expectation(), "42", 3.0),
        ("4155550123", Expectation(Expects.PHONE), "4155550123", 0.6),
        ("0142", Expectation(Expects.PHONE), "0142", 3.0),
        ("0142", Expectation(Expects.PHONE, digits=4), "0142", 0.6),
        ("0", Expectation(), "operator", 1.0),
        ("9*55#", Expectation(), "55", 0.0),
    ],
)
def test_keys(keys: str, expected: Expectation, turn: str, after_s: float) -> None:
    dialogue = FakeDialogue()
    dialogue.expected = expected

    async def script(s: Scene) -> None:
        await s.caller.is_silent(1000)
        s.caller.presses(keys)
        await s.caller.is_silent(4000)

    scene = play(script, dialogue=dialogue)
    assert scene.texts() == [turn]
    heard_s = next(at for at, event in scene.leg.events if isinstance(event, TranscriptHeard))
    assert heard_s == pytest.approx(1.0 + after_s, abs=0.05)
