"""A call as the caller and the client see it."""

import asyncio
from dataclasses import replace

import pytest

from reception.call import CallConfig
from reception.core.errors import ProviderError
from reception.ports.audio import Pcm16
from reception.ports.dialogue import Act, HangUp, Say, Transfer
from reception.ports.events import ActionDone, CallEnded, CallFault, ReplySaid, TranscriptHeard, TurnMetrics
from reception.ports.expectation import Completeness, Expectation, Expects
from reception.ports.leg import AudioIn
from tests.support.call_fakes import FakeDetector, FakeDialogue, FakeTts, silence
from tests.unit.call.scene import Scene, play

LONG = "We are open every day from noon until ten in the evening and there is parking behind the house."


def _metrics(scene: Scene) -> list[TurnMetrics]:
    return [event for event in scene.observer.events if isinstance(event, TurnMetrics)]


def _faults(scene: Scene) -> list[str]:
    return [event.code for event in scene.observer.events if isinstance(event, CallFault)]


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
    assert metrics.voice_to_voice_ms < 260
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
        (Completeness.COMPLETE, 205, 272),
        (Completeness.OPEN_ENDED, 410, 470),
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


@pytest.mark.parametrize(("probability", "least_ms", "most_ms"), [(0.95, 340, 410), (0.05, 880, 950)])
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


def test_real_words_stop_the_audio_within_150_ms() -> None:
    began: list[float] = []

    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1500)
        began.append(s.leg.now_s)
        await s.caller.says("and on sunday")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG if "hours" in text else "Closed."),)))
    assert scene.texts() == ["what are your hours", "and on sunday"]
    assert scene.leg.clears[0] - began[0] <= 0.150
    turn, heard, interrupted = scene.dialogue.heard_of[1]
    assert (turn, interrupted) == (1, True)
    assert LONG.startswith(heard)
    assert heard
    assert LONG[len(heard)] == " "
    assert [metrics.interrupted for metrics in _metrics(scene)] == [True, False]
    played_s = scene.leg.clears[0] - scene.leg.sent[0].at_s
    assert len(heard) / len(LONG) <= played_s / (len(LONG) * 0.05)
    following = LONG[: len(heard)] + LONG[len(heard) :].split(" ")[0] + " " + LONG[len(heard) :].split(" ")[1]
    assert len(following) / len(LONG) > played_s / (len(LONG) * 0.05)


@pytest.mark.parametrize("sound", ["mhm", "okay", "right", "uh-huh", ""])
def test_listening_sounds_and_coughs_resume_where_it_stopped(sound: str) -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1200)
        if sound:
            await s.caller.says(sound, 350)
        else:
            await s.caller.noise(350)
        await s.caller.waits()
        await s.caller.is_silent(1500)

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG),)))
    assert scene.texts() == ["what are your hours"]
    assert scene.dialogue.heard_of[-1] == (1, LONG, False)
    assert len(scene.leg.clears) == 1
    begun_s = scene.leg.sent[0].at_s
    resumed_s = next(sent.at_s for sent in scene.leg.sent if sent.at_s > scene.leg.clears[0])
    before = round((scene.leg.clears[0] - begun_s) * 8000)
    after = sum(sent.samples for sent in scene.leg.sent if sent.at_s >= resumed_s)
    assert before + after == pytest.approx(len(LONG) * 400, abs=400)
    assert resumed_s - scene.leg.clears[0] < 0.6


def test_two_hundred_ms_of_noise_leave_no_trace_in_the_transcript() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1200)
        await s.caller.noise(200)
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG),)))
    assert scene.dialogue.heard_of[-1] == (1, LONG, False)


def test_a_short_word_below_the_pause_still_interrupts() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1200)
        await s.caller.says("stop", 70)
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG if "hours" in text else "Sure."),)))
    assert scene.texts() == ["what are your hours", "stop"]
    assert scene.dialogue.heard_of[1][2] is True


def test_okay_answers_the_question_that_is_being_asked() -> None:
    dialogue = FakeDialogue(lambda text: (Say("So that is four people on friday, shall I book it?"),))
    dialogue.expected = Expectation(Expects.YES_NO)

    async def script(s: Scene) -> None:
        await s.caller.says("four people on friday")
        await s.caller.is_silent(2300)
        await s.caller.says("okay", 300)
        await s.caller.waits()

    assert play(script, dialogue=dialogue).texts() == ["four people on friday", "okay"]


def test_the_agents_own_echo_does_not_stop_it() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(1200)
        await s.caller.says("every day from noon until ten", 900)
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG),)))
    assert scene.texts() == ["what are your hours"]
    assert scene.dialogue.heard_of[-1] == (1, LONG, False)


def test_a_noisy_line_cannot_keep_the_agent_from_speaking() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(600)
        for _ in range(12):
            await s.caller.noise(300)
            await s.caller.is_silent(500)
        await s.caller.waits(8000)

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG),)))
    assert scene.dialogue.heard_of[-1] == (1, LONG, False)
    assert len(scene.leg.clears) == scene.config.false_alarms_trusted


def test_words_stop_a_distrusting_agent_when_they_are_recognised() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("what are your hours")
        await s.caller.is_silent(600)
        for _ in range(2):
            await s.caller.noise(200)
            await s.caller.is_silent(700)
        await s.caller.says("sorry I meant the prices of your rooms")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG if "hours" in text else "Fine."),)))
    assert scene.texts() == ["what are your hours", "sorry I meant the prices of your rooms"]
    assert scene.dialogue.heard_of[1][2] is True


def test_what_must_not_be_interrupted_plays_to_its_end_and_the_turn_comes_after() -> None:
    notice = "This call is recorded for training."

    def answers(text: str) -> tuple[Say, ...]:
        return (Say(notice, interruptible=False), Say(LONG)) if "begin" in text else (Say("Fine."),)

    async def script(s: Scene) -> None:
        await s.caller.says("begin")
        await s.caller.is_silent(500)
        await s.caller.says("no thank you")
        await s.caller.is_silent(2500)
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(answers))
    assert scene.texts() == ["begin", "no thank you"]
    assert scene.dialogue.heard_of[1] == (1, notice, True)
    assert sum(sent.samples for sent in scene.leg.sent if sent.turn == 1) == len(notice) * 400
    assert scene.leg.clears == []


def test_what_follows_an_uninterruptible_sentence_is_stopped_when_it_ends() -> None:
    notice = "This call is recorded."

    def answers(text: str) -> tuple[Say, ...]:
        return (Say(notice, interruptible=False), Say(LONG)) if "begin" in text else (Say("Fine."),)

    async def script(s: Scene) -> None:
        await s.caller.says("begin")
        await s.caller.is_silent(1000)
        await s.caller.says("no thank you I would like to know the prices")
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(answers))
    assert scene.dialogue.heard_of[1] == (1, notice, True)
    stopped_s = scene.leg.clears[0] - scene.leg.sent[0].at_s
    assert stopped_s == pytest.approx(len(notice) * 0.05, abs=0.01)


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
    ("keys", "expects", "turn", "after_s"),
    [
        ("123#", Expects.ANYTHING, "123", 0.0),
        ("42", Expects.ANYTHING, "42", 3.0),
        ("4155550123", Expects.PHONE, "4155550123", 0.6),
        ("0", Expects.ANYTHING, "operator", 1.0),
        ("9*55#", Expects.ANYTHING, "55", 0.0),
    ],
)
def test_keys(keys: str, expects: Expects, turn: str, after_s: float) -> None:
    dialogue = FakeDialogue()
    dialogue.expected = Expectation(expects)

    async def script(s: Scene) -> None:
        await s.caller.is_silent(1000)
        s.caller.presses(keys)
        await s.caller.is_silent(4000)

    scene = play(script, dialogue=dialogue)
    assert scene.texts() == [turn]
    heard_s = next(at for at, event in scene.leg.events if isinstance(event, TranscriptHeard))
    assert heard_s == pytest.approx(1.0 + after_s, abs=0.05)


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


def test_a_failing_voice_leaves_the_words() -> None:
    async def script(s: Scene) -> None:
        s.tts.error = ProviderError("fake-tts", "down")
        await s.caller.says("book it")
        await s.caller.is_silent(1000)
        s.tts.error = None
        await s.caller.says("hello again")
        await s.caller.waits()

    scene = play(script)
    assert _said(scene) == ["You said book it.", "You said hello again."]
    assert _faults(scene) == ["provider_error"]
    assert {sent.turn for sent in scene.leg.sent} == {2}


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
