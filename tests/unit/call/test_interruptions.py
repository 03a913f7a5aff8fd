"""Barge-in in virtual time: what stops the agent, what does not, and what was heard."""

import pytest

from reception.ports.dialogue import Say
from reception.ports.events import TurnMetrics
from reception.ports.expectation import Expectation, Expects
from tests.support.call_fakes import FakeDialogue
from tests.unit.call.scene import Scene, play

LONG = "We are open every day from noon until ten in the evening and there is parking behind the house."


def _metrics(scene: Scene) -> list[TurnMetrics]:
    return [event for event in scene.observer.events if isinstance(event, TurnMetrics)]


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


def test_what_must_not_be_interrupted_is_said_though_the_caller_was_first() -> None:
    notice = "This call is recorded."
    dialogue = FakeDialogue()
    dialogue.greeting = (Say(notice, interruptible=False), Say(LONG))

    async def script(s: Scene) -> None:
        s.caller.types("a table for two")
        await s.caller.is_silent(6000)

    scene = play(script, dialogue=dialogue)
    assert scene.dialogue.heard_of == [(0, notice, True), (1, "You said a table for two.", False)]
    assert sum(sent.samples for sent in scene.leg.sent if sent.turn == 0) == len(notice) * 400


def test_the_last_words_of_a_call_are_said_whatever_the_caller_says_then() -> None:
    async def script(s: Scene) -> None:
        await s.caller.is_silent(500)
        await s.session.end("drain")
        s.caller.types("wait")
        await s.caller.is_silent(9000)

    scene = play(script)
    assert scene.reason == "drain"
    assert sum(sent.samples for sent in scene.leg.sent) == len(scene.config.phrases.stopping) * 400


@pytest.mark.parametrize("shown", [True, False])
def test_words_are_looked_at_while_they_are_said_only_where_somebody_sees_them_or_the_agent_speaks(shown: bool) -> None:
    async def script(s: Scene) -> None:
        s.leg.shows_partials = shown
        await s.caller.says("could you tell me at what time you are open on a normal day")
        await s.caller.is_silent(1500)
        alone = sum(asked.partial for asked in s.recognizer.requests)
        assert (alone >= 3) if shown else (alone == 0)
        await s.caller.says("and what about sundays and mondays")
        assert sum(asked.partial for asked in s.recognizer.requests) > alone
        await s.caller.waits()

    scene = play(script, dialogue=FakeDialogue(lambda text: (Say(LONG if "open" in text else "Closed."),)))
    assert scene.texts()[-1] == "and what about sundays and mondays"
    assert [metrics.interrupted for metrics in _metrics(scene)] == [True, False]
