"""Where playback is, and which words that makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.call.playout import Playout, words_played

HZ = 8000


@pytest.mark.parametrize(
    ("fraction", "words"),
    [(0.0, ""), (0.1, ""), (0.25, "We"), (0.6, "We are"), (0.99, "We are"), (1.0, "We are open.")],
)
def test_words_count_when_played_whole(fraction: float, words: str) -> None:
    assert words_played("We are open.", fraction) == words


def test_numbers_take_as_long_as_they_are_spoken() -> None:
    text = "Call (212) 555-0143, or come by."
    assert words_played(text, 0.5) == "Call (212)"
    assert words_played(text, 0.8) == "Call (212) 555-0143,"


def test_the_head_waits_for_audio_and_catches_up_after_a_stall() -> None:
    playout = Playout(HZ)
    playout.begin()
    playout.send(HZ, 10.0)
    assert playout.position(10.5) == HZ // 2
    assert playout.position(13.0) == HZ
    playout.send(HZ, 13.0)
    assert playout.position(13.5) == HZ * 3 // 2
    assert playout.lead_s(13.5) == pytest.approx(0.5)


def test_stopping_forgets_what_was_not_played() -> None:
    playout = Playout(HZ)
    playout.begin()
    playout.send(2 * HZ, 0.0)
    name = playout.mark(1)
    assert playout.stop(0.75) == HZ * 3 // 4
    playout.marked(name, 0.8)
    assert playout.position(5.0) == HZ * 3 // 4
    assert not playout.echoes_marks


def test_marks_correct_the_clock_both_ways() -> None:
    playout = Playout(HZ)
    playout.begin()
    playout.send(HZ, 0.0)
    late = playout.mark(1)
    playout.send(HZ, 0.0)
    playout.marked(late, 1.2)
    assert playout.position(1.2) == int(1.2 * HZ)
    assert playout.position(1.5) == int(1.3 * HZ)


def test_a_far_end_that_claims_to_have_played_everything_at_once_is_not_believed() -> None:
    playout = Playout(HZ)
    playout.begin()
    playout.send(3 * HZ, 0.0)
    playout.marked(playout.mark(1), 0.01)
    assert playout.position(0.01) < HZ


@given(
    st.lists(
        st.tuples(st.sampled_from(["send", "stop", "mark", "back", "look"]), st.floats(0, 0.7), st.integers(1, HZ)),
        max_size=60,
    )
)
def test_the_position_never_runs_backwards_nor_past_what_was_sent(steps: list[tuple[str, float, int]]) -> None:
    playout = Playout(HZ)
    playout.begin()
    now_s, last, names = 0.0, 0, list[str]()
    for what, wait_s, count in steps:
        now_s += wait_s
        match what:
            case "send":
                playout.send(count, now_s)
            case "stop":
                playout.stop(now_s)
            case "mark":
                names.append(playout.mark(1))
            case "back" if names:
                playout.marked(names.pop(), now_s)
        position = playout.position(now_s)
        assert last <= position <= playout.sent
        last = position
