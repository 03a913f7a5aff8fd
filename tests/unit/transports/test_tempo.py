"""Audio that does not come at the announced rate is noticed, and nothing else is."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.transports.pace import AudioPace
from reception.transports.tempo import AudioTempo, arriving_rate_hz

Arrivals = Iterator[tuple[float, float]]


def _steady(seconds: float, ratio: float, *, start_s: float = 0.0, frame_ms: float = 20.0) -> Arrivals:
    for number in range(round(seconds * 1000 / frame_ms)):
        yield frame_ms * ratio, start_s + number * frame_ms / 1000


def _verdicts(*parts: Arrivals) -> list[tuple[float, float]]:
    """The ratio and time of each verdict; a client that is held back sends later, as over a socket."""
    tempo, pace, late_s = AudioTempo(), AudioPace(), 0.0
    found = []
    for audio_ms, at_s in (arrival for part in parts for arrival in part):
        now_s = max(at_s, late_s)
        wait_s = pace.wait_s(audio_ms, now_s)
        late_s = now_s + wait_s
        ratio = tempo.take(audio_ms, now_s, held_back=wait_s > 0.0)
        if ratio is not None:
            found.append((ratio, now_s))
    return found


@pytest.mark.parametrize(
    ("announced_hz", "ratio", "rate_hz"),
    [(16000, 0.5, 8000), (8000, 2.0, 16000), (16000, 3.0, 48000), (16000, 2.76, 44100), (16000, 0.6, 9600)],
)
@pytest.mark.parametrize("frame_ms", [10.0, 20.0, 100.0, 300.0])
def test_a_wrong_rate_is_told_once_within_five_seconds(
    announced_hz: int, ratio: float, rate_hz: int, frame_ms: float
) -> None:
    [(measured, at_s)] = _verdicts(_steady(60, ratio, frame_ms=frame_ms))
    assert arriving_rate_hz(announced_hz, measured) == rate_hz
    assert 3.0 <= at_s <= 5.5


@given(st.lists(st.floats(5, 500), min_size=100, max_size=300))
def test_audio_in_real_time_is_right(frames_ms: list[float]) -> None:
    tempo, now_s = AudioTempo(), 0.0
    for frame_ms in frames_ms:
        now_s += frame_ms / 1000
        assert tempo.take(frame_ms, now_s) is None


@pytest.mark.parametrize("burst_s", [1, 5, 9, 30])
def test_one_burst_is_forgiven(burst_s: int) -> None:
    burst = iter([(20.0, 0.0)] * (burst_s * 50))
    assert _verdicts(burst, _steady(30, 1.0, start_s=0.02)) == []


def test_a_client_that_pauses_is_not_slow() -> None:
    pauses = [_steady(2, 1.0, start_s=start) for start in range(0, 60, 4)]
    assert _verdicts(*pauses) == []


def test_a_stall_and_what_makes_up_for_it_are_forgiven() -> None:
    on_time = list(_steady(30, 1.0))
    stalled = [(audio_ms, 3.9 if 3.0 < at_s < 3.9 else at_s) for audio_ms, at_s in on_time]
    assert _verdicts(iter(stalled)) == []


def test_a_flood_without_end_is_told_at_last() -> None:
    [(ratio, at_s)] = _verdicts(_steady(60, 12.0))
    assert ratio > 2.5
    assert 15.0 < at_s < 30.0
