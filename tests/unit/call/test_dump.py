"""What a dump holds is enough to decide everything once more."""

import inspect
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reception.call.config import CallConfig
from reception.call.dump import DumpedTurnTaker, Line, Note, Step, replay
from reception.call.turn_taking import TurnTaker
from reception.core.errors import InvalidInput
from reception.ports.expectation import Completeness

PROBABILITY = st.sampled_from([0.0, 0.2, 0.4, 0.6, 0.99])
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("windows"), PROBABILITY, st.integers(1, 40)),
        st.tuples(st.just("transcribed"), st.sampled_from(list(Completeness)), st.booleans()),
        st.tuples(st.just("judged"), PROBABILITY, st.none()),
        st.tuples(st.just("partly_transcribed"), st.booleans(), st.none()),
        st.tuples(st.just("early"), st.booleans(), st.none()),
        st.tuples(
            st.sampled_from(
                ["failed", "stalled", "unheard", "partial_given_up", "agent_started", "agent_finished", "caller_acted"]
            ),
            st.none(),
            st.none(),
        ),
    ),
    max_size=60,
)


def happen(turns: TurnTaker, event: tuple[str, Any, Any]) -> None:
    match event:
        case ("windows", probability, count):
            for _ in range(count):
                turns.window(probability)
        case ("transcribed", completeness, words) if turns.attempt is not None:
            turns.transcribed(turns.attempt, completeness, words=words)
        case ("judged", probability, _) if turns.attempt is not None:
            turns.judged(turns.attempt, probability)
        case ("failed", _, _) if turns.attempt is not None:
            turns.failed(turns.attempt)
        case ("partly_transcribed", words, _):
            turns.partly_transcribed(words=words)
        case ("early", value, _):
            turns.early_transcription = value
        case (
            "stalled" | "unheard" | "partial_given_up" | "agent_started" | "agent_finished" | "caller_acted" as name,
            _,
            _,
        ):
            getattr(turns, name)()


def dumped(config: CallConfig, events: list[tuple[str, Any, Any]]) -> list[Line]:
    """The lines of a call in which `events` happened, by way of JSON."""
    lines: list[Line] = []
    turns = DumpedTurnTaker(config, lines.append)
    for event in events:
        happen(turns, event)
    return [json.loads(json.dumps(line)) for line in lines]


@settings(deadline=None)
@given(EVENTS)
def test_every_decision_of_any_call_is_made_again(events: list[tuple[str, Any, Any]]) -> None:
    config = replace(CallConfig(), silence_prompt_s=1.0, patience=1.5)
    plain = TurnTaker(config)
    for event in events:
        happen(plain, event)
    lines = dumped(config, events)
    steps = [step for step in replay(lines) if isinstance(step, Step)]
    assert not any(step.differs for step in steps)
    assert len(steps) == len(lines) - 1
    assert all(step.at_ms == line["at_ms"] for step, line in zip(steps, lines[1:], strict=True))
    assert plain.now_ms == (steps[-1].at_ms if steps else 0)


UTTERANCE: list[tuple[str, Any, Any]] = [
    ("windows", 0.99, 30),
    ("windows", 0.0, 4),
    ("transcribed", Completeness.COMPLETE, True),
    ("windows", 0.0, 10),
]


def test_another_decision_is_told() -> None:
    lines = dumped(CallConfig(), UTTERANCE)
    lines[0]["config"]["complete_ms"] = 320  # type: ignore[index]
    different = [step for step in replay(lines) if isinstance(step, Step) and step.differs]
    assert [(step.live[0]["decision"] if step.live else None) for step in different] == ["Commit", None]
    assert [(step.again[0]["decision"] if step.again else None) for step in different] == [None, "Commit"]


def test_a_dump_of_another_version_is_played_as_far_as_it_is_known() -> None:
    lines = dumped(CallConfig(), UTTERANCE)
    config = lines[0]["config"]
    assert isinstance(config, dict)
    config |= {"unheard_of_ms": 3}
    del config["candidate_ms"]
    assert not any(isinstance(step, Step) and step.differs for step in replay(lines))


def test_notes_are_passed_on_and_nonsense_is_refused() -> None:
    assert list(replay([{"note": "typed", "text": "Hello"}])) == [Note(0, {"note": "typed", "text": "Hello"})]
    bad: list[list[Line]] = [
        [{"in": "window", "probability": 0.5}],
        [{"config": {}}, {"in": "dance"}],
        [{"config": {}}, {"in": "window"}],
        [{"config": 3}],
        [{"config": {}}, {}],
    ]
    for nonsense in bad:
        with pytest.raises(InvalidInput):
            list(replay(nonsense))


def test_nothing_that_the_turn_taker_is_told_is_left_out() -> None:
    told = {name for name, value in vars(TurnTaker).items() if inspect.isfunction(value) and not name.startswith("_")}
    assert told <= set(vars(DumpedTurnTaker))
