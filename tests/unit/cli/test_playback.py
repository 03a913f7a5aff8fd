"""The virtual speaker and the latency it reads off the waveforms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.cli.playback import LatencyMeter, Playback, percentile, speech_bounds
from reception.ports.audio import Pcm16

RATE = 8000


def silence(seconds: float) -> Pcm16:
    return np.zeros(round(seconds * RATE), dtype=np.int16)


def tone(seconds: float, level: int = 8000) -> Pcm16:
    t = np.arange(round(seconds * RATE)) / RATE
    return (level * np.sin(2 * np.pi * 440 * t)).astype(np.int16)


def test_speech_is_found_between_room_noise() -> None:
    noise = np.random.default_rng(1).normal(0, 60, RATE).astype(np.int16)
    bounds = speech_bounds(np.concatenate((noise, tone(0.5), noise)), RATE)
    assert bounds is not None
    assert bounds[0] / RATE == pytest.approx(1.0, abs=0.005)
    assert bounds[1] / RATE == pytest.approx(1.5, abs=0.005)


def test_silence_has_no_speech() -> None:
    assert speech_bounds(silence(1.0), RATE) is None
    assert speech_bounds(silence(0.0), RATE) is None


def test_latency_counts_the_silence_that_a_reply_begins_with_and_that_an_utterance_ends_with() -> None:
    playback = Playback(RATE)
    meter = LatencyMeter(playback, RATE)
    meter.spoke(np.concatenate((tone(1.0), silence(0.4))), starts_s=10.0)
    assert meter.latency_ms() is None
    playback.push(np.concatenate((silence(0.1), tone(0.5))), now_s=11.2)
    assert meter.latency_ms() == pytest.approx(300, abs=10)


def test_what_was_playing_before_the_utterance_ended_is_no_reply_to_it() -> None:
    playback = Playback(RATE)
    meter = LatencyMeter(playback, RATE)
    playback.push(tone(5.0), now_s=0.0)
    meter.spoke(tone(1.0), starts_s=1.0)
    assert playback.audible_past(2.0)
    playback.clear(1.3)
    assert not playback.audible_past(2.0)
    assert meter.latency_ms() is None
    playback.push(tone(1.0), now_s=2.5)
    assert meter.latency_ms() == pytest.approx(500, abs=10)


def test_marks_come_back_when_playback_reaches_them_and_not_after_a_clear() -> None:
    playback = Playback(RATE)
    playback.push(tone(1.0), now_s=0.0)
    playback.mark("one", now_s=0.1)
    playback.push(tone(1.0), now_s=0.2)
    playback.mark("two", now_s=0.3)
    assert playback.reached(0.9) == []
    assert playback.reached(1.0) == ["one"]
    playback.clear(1.5)
    assert playback.reached(9.0) == []
    assert playback.ends_s == 1.5


def test_a_gap_in_delivery_is_heard_as_silence() -> None:
    playback = Playback(RATE)
    playback.push(tone(0.5), now_s=1.0)
    playback.push(tone(0.5), now_s=2.0)
    heard = playback.render(0.0, 3.0)
    assert heard.size == 3 * RATE
    assert not heard[: RATE - 1].any()
    assert heard[RATE : round(1.5 * RATE)].any()
    assert not heard[round(1.5 * RATE) : 2 * RATE].any()


@given(st.lists(st.tuples(st.floats(0.0, 0.5), st.integers(1, 4000)), max_size=12), st.floats(0.0, 8.0))
def test_nothing_is_played_twice_or_after_a_clear(pieces: list[tuple[float, int]], cleared_s: float) -> None:
    playback = Playback(RATE)
    now_s = 0.0
    for wait_s, size in pieces:
        now_s += wait_s
        playback.push(np.ones(size, dtype=np.int16), now_s)
    playback.clear(max(now_s, cleared_s))
    heard = playback.render(0.0, 20.0)
    assert int(heard.sum()) <= sum(size for _, size in pieces)
    assert not heard[round(max(now_s, cleared_s) * RATE) + 1 :].any()


def test_percentiles() -> None:
    assert percentile([], 50) is None
    assert percentile([100.0, 200.0, 300.0], 50) == 200.0
