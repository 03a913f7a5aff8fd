"""Any call: whatever is said, typed, coughed and interrupted, and however late the models answer."""

import asyncio
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reception.call import CallConfig
from reception.ports.dialogue import Act, ReplyPart, Say
from reception.ports.events import ActionDone, ReplySaid, TranscriptHeard, TurnMetrics
from reception.ports.expectation import Completeness
from tests.support.call_fakes import FakeDetector, FakeDialogue
from tests.support.fake_voice import FakeTts
from tests.unit.call.scene import Scene, play

_acts = st.lists(
    st.one_of(
        st.tuples(st.just("says"), st.integers(2, 6)),
        st.tuples(st.just("silent"), st.sampled_from([40, 100, 150, 210, 300, 700, 1600, 3000])),
        st.tuples(st.just("noise"), st.sampled_from([60, 150, 300, 900])),
        st.tuples(st.just("mhm"), st.sampled_from([200, 350])),
        st.tuples(st.just("types"), st.just(0)),
    ),
    min_size=1,
    max_size=14,
)


def _reply_to(text: str) -> tuple[ReplyPart, ...]:
    count = 1 + len(text) % 3
    says = tuple(
        Say(f"Sentence {index} of the reply to {text[:12]}.", interruptible=index != 1) for index in range(count)
    )
    return (Act("something.done", {}), *says) if _does_something(text) else says


def _does_something(text: str) -> bool:
    return len(text) % 2 == 0


async def _act(s: Scene, number: int, act: str, amount: int, said: list[str]) -> None:
    match act:
        case "says":
            words = [f"w{number}x{index}" for index in range(amount)]
            said.extend(words)
            await s.caller.says(" ".join(words), 200 * amount)
        case "silent":
            await s.caller.is_silent(amount)
        case "noise":
            await s.caller.noise(amount)
        case "mhm":
            await s.caller.says("mhm", amount)
        case "types":
            s.caller.types(f"typed{number}")


async def _until_all_is_answered(s: Scene, slowest_s: float) -> None:
    """Nothing is said or done any more for longer than a turn takes."""
    before: tuple[int, ...] = ()
    while before != (so_far := (len(s.dialogue.prepared), len(s.dialogue.effects), len(s.dialogue.heard_of))):
        before = so_far
        await asyncio.sleep(slowest_s + 10.0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    acts=_acts,
    stt_s=st.sampled_from([0.02, 0.15, 0.5, 1.1]),
    prepare_s=st.sampled_from([0.0, 0.05, 0.9, 6.5]),
    effects_s=st.sampled_from([0.0, 0.3, 7.0]),
    completeness=st.sampled_from(list(Completeness)),
    hangs_up_early=st.booleans(),
)
def test_every_word_is_answered_once_and_in_order(
    acts: list[tuple[str, int]],
    stt_s: float,
    prepare_s: float,
    effects_s: float,
    completeness: Completeness,
    hangs_up_early: bool,
) -> None:
    said: list[str] = []

    async def script(s: Scene) -> None:
        s.recognizer.delay_s = stt_s
        for number, (act, amount) in enumerate(acts):
            await _act(s, number, act, amount, said)
        if not hangs_up_early:
            await s.caller.is_silent(3_000)
            await _until_all_is_answered(s, prepare_s + effects_s)

    dialogue = FakeDialogue(_reply_to, effects_s=effects_s, prepare_s=prepare_s)
    dialogue.completeness_default = completeness
    scene = play(
        script,
        dialogue=dialogue,
        tts=FakeTts(ms_per_char=30),
        detector=FakeDetector(0.6),
        config=replace(CallConfig(), silence_prompt_s=600.0, max_waiting_turns=len(acts)),
    )
    heard = [word for text in scene.texts() for word in text.split() if word.startswith("w")]
    assert heard == said[: len(heard)]
    if not hangs_up_early:
        assert heard == said
        assert {text for text in scene.texts() if text.startswith("typed")} == {
            f"typed{number}" for number, (act, _) in enumerate(acts) if act == "types"
        }
        did = [turn.turn for turn in scene.dialogue.committed if _does_something(turn.text)]
        assert len(scene.events(ActionDone)) == len(did)
        told = {event.turn for event in scene.observer.events if isinstance(event, ReplySaid)}
        assert told.issuperset(did), "something was done, and its caller has not heard of it"
    assert scene.dialogue.effects == scene.texts()
    turns = [turn.turn for turn in scene.dialogue.committed]
    assert turns == list(range(1, len(turns) + 1))
    heard_of = [turn for turn, _, _ in scene.dialogue.heard_of]
    assert heard_of == sorted(set(heard_of))
    finals = [event.turn for event in scene.observer.events if isinstance(event, TranscriptHeard) and event.final]
    assert finals[: len(turns)] == turns
    for event in scene.observer.events:
        if isinstance(event, TurnMetrics) and event.voice_to_voice_ms is not None:
            assert event.voice_to_voice_ms >= 0
    for _, text, interrupted in scene.dialogue.heard_of[1:]:
        assert interrupted or text
