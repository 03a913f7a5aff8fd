"""Turns that take long to prepare, or whose effects do: the caller hears that somebody is there, and is told what came
of each, once and in order, whatever they say meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from reception.call import CallConfig
from reception.core.errors import ProviderError
from reception.ports.dialogue import Act, HangUp, PreparedTurn, ReplyPart, Say, Transfer
from reception.ports.events import ActionDone, ReplySaid, TurnMetrics
from tests.support.call_fakes import RATE_HZ, FakeDialogue
from tests.support.fake_voice import FakeTts
from tests.unit.call.scene import Scene, play

BOOKED = "You are booked for friday at seven."
MORE = "Is there anything else?"
Stretch = tuple[float, float]


class Office(FakeDialogue):
    """Does what it is asked to "book", says so, and asks what else there is."""

    def __init__(self, *, prepare_s: float = 0.01, effects_s: float = 0.01, ending: HangUp | Transfer | None = None):
        super().__init__(self._reply, prepare_s=prepare_s, effects_s=effects_s)
        self.ending = ending

    def _reply(self, text: str) -> Sequence[ReplyPart]:
        if "book" not in text:
            return (Say(f"That was {text}."), Say(MORE))
        ending = (self.ending,) if self.ending else ()
        return (Act("reservation.created", {}), Say(BOOKED), Say(MORE), *ending)


class ToolUser(Office):
    """Says that it takes a moment before its effects begin."""

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        if "book" in prepared.caller.text:
            yield Say("One moment, please.", meanwhile=True)
        async for part in super().commit(prepared):
            yield part


class SlowLedger(Office):
    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        await asyncio.sleep(4.0)
        await super().heard(turn, text, interrupted=interrupted)


def _said(scene: Scene) -> list[tuple[int, str]]:
    return [(event.turn, event.text) for event in scene.observer.events if isinstance(event, ReplySaid)]


def _agent(scene: Scene) -> list[Stretch]:
    """When the agent could be heard."""
    heard: list[Stretch] = []
    for piece in scene.leg.sent:
        starts_s = max(piece.at_s, heard[-1][1] if heard else 0.0)
        heard.append((starts_s, starts_s + piece.samples / RATE_HZ))
    return heard


def _longest_silence_s(scene: Scene, caller: Sequence[Stretch]) -> float:
    """Between the caller's first words and the agent's last."""
    until_s = caller[0][1]
    longest_s = 0.0
    for starts_s, ends_s in sorted([*caller, *_agent(scene)]):
        longest_s = max(longest_s, starts_s - until_s)
        until_s = max(until_s, ends_s)
    return longest_s


def _waits_s(scene: Scene, caller: Sequence[Stretch]) -> list[float]:
    """From the end of each thing that the caller said to the next sound of the agent."""
    agent = _agent(scene)
    return [min(starts_s for starts_s, _ in agent if starts_s >= ends_s) - ends_s for _, ends_s in caller]


async def _say(scene: Scene, text: str, caller: list[Stretch]) -> None:
    await scene.caller.says(text)
    caller.append((scene.caller.speech_began_s, scene.caller.speech_ended_s))


@pytest.mark.parametrize(
    ("prepare_s", "effects_s", "pause_ms"),
    [(7.0, 0.01, 300), (7.0, 0.01, 3000), (0.01, 9.0, 300), (0.01, 9.0, 1200), (0.01, 9.0, 5500), (6.0, 17.0, 3000)],
)
def test_who_speaks_into_a_slow_turn_hears_fillers_and_then_what_came_of_both(
    prepare_s: float, effects_s: float, pause_ms: int
) -> None:
    caller: list[Stretch] = []

    async def script(s: Scene) -> None:
        await _say(s, "book me a table", caller)
        await s.caller.is_silent(pause_ms)
        await _say(s, "are you still there", caller)
        await s.caller.is_silent(2 * (prepare_s + effects_s) * 1000 + 12_000)

    scene = play(script, dialogue=Office(prepare_s=prepare_s, effects_s=effects_s))
    assert scene.texts() == scene.dialogue.effects == ["book me a table", "are you still there"]
    assert _said(scene) == [(1, BOOKED), (2, "That was are you still there."), (2, MORE)]
    assert scene.dialogue.heard_of[1:] == [(1, BOOKED, True), (2, f"That was are you still there. {MORE}", False)]
    assert _longest_silence_s(scene, caller) <= scene.config.filler_again_ms / 1000 + 0.3
    assert all(wait_s <= scene.config.filler_after_ms / 1000 + 0.4 for wait_s in _waits_s(scene, caller[-1:]))


def test_a_question_that_waited_is_answered_though_the_caller_asked_whether_anybody_is_there() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.is_silent(3000)
        await s.caller.says("are you there")
        await s.caller.is_silent(25_000)

    scene = play(script, dialogue=Office(prepare_s=6.0))
    assert _said(scene) == [(1, "That was is there parking."), (2, "That was are you there."), (2, MORE)]


def test_who_goes_on_with_a_slow_turn_that_does_nothing_is_answered_once() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.is_silent(420)
        await s.caller.says("for buses")
        await s.caller.is_silent(25_000)

    scene = play(script, dialogue=Office(prepare_s=6.0))
    assert [(turn.text, turn.continues) for turn in scene.dialogue.committed] == [
        ("is there parking", False),
        ("for buses", True),
    ]
    assert _said(scene) == [(2, "That was for buses."), (2, MORE)]


def test_a_booking_is_told_to_who_went_on_before_hearing_of_it() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("book me a table")
        await s.caller.is_silent(480)
        await s.caller.says("and is there parking")
        await s.caller.is_silent(9000)

    scene = play(script, dialogue=Office())
    assert scene.dialogue.heard_of[1:] == [
        (1, BOOKED, True),
        (2, f"That was and is there parking. {MORE}", False),
    ]


def test_what_was_told_already_is_not_told_again() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("book me a table")
        await s.caller.is_silent(1900)
        await s.caller.says("and is there parking")
        await s.caller.is_silent(9000)

    (_, heard, interrupted), second = play(script, dialogue=Office()).dialogue.heard_of[1:]
    assert BOOKED.startswith(heard)
    assert heard != BOOKED
    assert interrupted
    assert second == (2, f"That was and is there parking. {MORE}", False)


@pytest.mark.parametrize("effects_s", [2.0, 18.0])
def test_a_tools_own_filler_is_not_its_outcome(effects_s: float) -> None:
    caller: list[Stretch] = []

    async def script(s: Scene) -> None:
        await _say(s, "book me a table", caller)
        await s.caller.is_silent(1600)
        await _say(s, "are you still there", caller)
        await s.caller.is_silent(2 * effects_s * 1000 + 12_000)

    scene = play(script, dialogue=ToolUser(effects_s=effects_s))
    assert scene.dialogue.effects == ["book me a table", "are you still there"]
    assert [text for _, text in _said(scene)][:2] == ["One moment, please.", BOOKED]
    assert scene.dialogue.heard_of[1] == (1, BOOKED, True)
    assert len([event for event in scene.observer.events if isinstance(event, ActionDone)]) == 1
    assert _longest_silence_s(scene, caller) <= scene.config.filler_again_ms / 1000 + 0.3


def test_a_cough_into_a_slow_turn_changes_nothing_and_fillers_go_on() -> None:
    caller: list[Stretch] = []

    async def script(s: Scene) -> None:
        await _say(s, "book me a table", caller)
        await s.caller.is_silent(500)
        for _ in range(2):
            await s.caller.noise(400)
            await s.caller.is_silent(3000)
        await s.caller.is_silent(15_000)

    scene = play(script, dialogue=Office(effects_s=12.0))
    assert scene.dialogue.heard_of[1:] == [(1, f"{BOOKED} {MORE}", False)]
    assert _longest_silence_s(scene, caller) <= scene.config.filler_again_ms / 1000 + 0.8


def test_a_hang_up_that_the_caller_spoke_into_is_none_and_a_transfer_is_kept() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("book me a table")
        await s.caller.is_silent(3000)
        await s.caller.says("are you there")
        await s.caller.is_silent(25_000)

    kept = play(script, dialogue=Office(effects_s=6.0, ending=HangUp("goodbye")))
    assert kept.reason == "caller_hung_up"
    assert kept.texts() == ["book me a table", "are you there"]
    handed_over = play(script, dialogue=Office(effects_s=6.0, ending=Transfer("+14155550123", "asked")))
    assert handed_over.reason == "transfer"
    assert handed_over.dialogue.heard_of[1] == (1, BOOKED, True)


def test_messages_typed_one_after_the_other_into_a_slow_turn_are_all_answered() -> None:
    async def script(s: Scene) -> None:
        for text in ("is there parking", "book me a table", "and a lift"):
            s.caller.types(text)
            await asyncio.sleep(1.0)
        await asyncio.sleep(60.0)

    scene = play(script, dialogue=Office(prepare_s=5.0), config=replace(CallConfig(), silence_prompt_s=120.0))
    assert scene.texts() == ["is there parking", "book me a table", "and a lift"]
    assert _said(scene) == [
        (1, "That was is there parking."),
        (2, BOOKED),
        (3, "That was and a lift."),
        (3, MORE),
    ]


def test_who_reads_along_needs_not_be_told_what_was_announced() -> None:
    async def script(s: Scene) -> None:
        s.caller.types("book me a table")
        await asyncio.sleep(0.2)
        s.caller.types("and a lift")
        await asyncio.sleep(10.0)

    assert _said(play(script, dialogue=Office())) == [(1, BOOKED), (2, "That was and a lift."), (2, MORE)]


def test_nobody_waits_for_an_answer_while_words_are_being_stored() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.waits()
        await s.caller.says("and a lift")
        await s.caller.waits()

    caller_waits = play(script, dialogue=SlowLedger())
    assert caller_waits.dialogue.heard_of[1:] == [
        (1, f"That was is there parking. {MORE}", False),
        (2, f"That was and a lift. {MORE}", False),
    ]
    assert next(sent.at_s for sent in caller_waits.leg.sent if sent.turn == 2) < 6.0


def test_a_turn_that_cannot_be_prepared_is_apologised_for_before_the_next_is_answered() -> None:
    class Stuck(Office):
        async def prepare(self, caller):  # type: ignore[no-untyped-def]
            if caller.turn == 1:
                await asyncio.sleep(100.0)
            return await super().prepare(caller)

    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.is_silent(3000)
        await s.caller.says("are you there")
        await s.caller.is_silent(30_000)

    scene = play(script, dialogue=Stuck())
    assert _said(scene) == [(1, scene.config.phrases.apology), (2, "That was are you there."), (2, MORE)]


def test_a_filler_that_is_slow_to_be_made_does_not_keep_the_reply_waiting() -> None:
    async def script(s: Scene) -> None:
        await s.caller.says("is there parking")
        await s.caller.waits()
        await s.caller.is_silent(4000)

    scene = play(script, dialogue=Office(effects_s=0.8), tts=FakeTts(delay_s=1.5))
    (metrics,) = (event for event in scene.observer.events if isinstance(event, TurnMetrics))
    assert metrics.voice_to_voice_ms is not None
    assert metrics.voice_to_voice_ms < 2900


def test_who_waits_for_a_slow_turn_and_a_slow_transcript_hears_fillers_too() -> None:
    caller: list[Stretch] = []

    async def script(s: Scene) -> None:
        await _say(s, "book me a table", caller)
        await s.caller.is_silent(1500)
        s.recognizer.delay_s = 7.0
        await _say(s, "are you still there", caller)
        await s.caller.is_silent(35_000)

    scene = play(script, dialogue=Office(effects_s=10.0))
    assert scene.texts() == ["book me a table", "are you still there"]
    assert scene.dialogue.heard_of[1] == (1, BOOKED, True)
    assert _longest_silence_s(scene, caller) <= scene.config.filler_again_ms / 1000 + 0.3


@pytest.mark.parametrize("error", [None, ProviderError("fake-stt", "too slow")])
def test_who_waits_for_their_own_words_to_be_told_hears_fillers(error: Exception | None) -> None:
    caller: list[Stretch] = []

    async def script(s: Scene) -> None:
        s.recognizer.delay_s, s.recognizer.error = 9.0, error
        await _say(s, "is there parking", caller)
        await s.caller.is_silent(20_000)

    scene = play(script, dialogue=Office())
    assert _said(scene) == (
        [(0, scene.config.phrases.repeat)] if error else [(1, "That was is there parking."), (1, MORE)]
    )
    assert _waits_s(scene, caller)[0] < 2.3
    assert _longest_silence_s(scene, caller) <= scene.config.filler_again_ms / 1000 + 0.6


def test_a_filler_is_heard_out_when_the_callers_words_are_told_and_the_answer_is_ready_by_then() -> None:
    prepared: list[str] = []

    async def script(s: Scene) -> None:
        s.recognizer.delay_s = 2.4
        await s.caller.says("is there parking")
        while not s.leg.sent:
            await s.caller.is_silent(20)
        await s.caller.is_silent(400)
        prepared.extend(turn.text for turn in s.dialogue.prepared)
        await s.caller.waits()

    scene = play(script, dialogue=Office())
    (filler,) = (text for text in scene.tts.asked if text in scene.config.phrases.fillers)
    assert scene.leg.clears == []
    assert sum(sent.samples for sent in scene.leg.sent if sent.turn == 0) == len(filler) * 400
    assert prepared == ["is there parking"]
    assert _said(scene)[0] == (1, "That was is there parking.")
