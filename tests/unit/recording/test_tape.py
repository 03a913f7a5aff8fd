"""Both sides in step, whatever the network and the caller do."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reception.ports.audio import Pcm16
from reception.ports.events import CallEvent
from reception.ports.leg import AudioIn, LegInput
from reception.runtime.recording.leg import RecordedLeg
from reception.runtime.recording.tape import Tape
from tests.support.virtual_time import LoopClock, run_virtual

RATE_HZ = 8000
FRAME = RATE_HZ // 50


def tone(seconds: float, value: int = 100) -> Pcm16:
    return np.full(int(seconds * RATE_HZ), value, dtype=np.int16)


def everything(tape: Tape, now: int) -> Pcm16:
    return tape.take(tape.left(now))


def sounding_s(side: Pcm16) -> list[tuple[float, float]]:
    """From when to when there is sound, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], side != 0, [0])).astype(np.int8)))
    return [(start / RATE_HZ, stop / RATE_HZ) for start, stop in edges.reshape(-1, 2).tolist()]


def test_the_caller_is_left_and_the_agent_right_where_they_were_heard() -> None:
    tape = Tape(RATE_HZ)
    tape.agent_says(tone(1.0, 7), 0)
    for index in range(100):
        tape.caller_said(tone(0.02, index + 1), (index + 1) * FRAME)
    tape.agent_says(tone(0.3, 8), int(1.5 * RATE_HZ))
    both = everything(tape, 2 * RATE_HZ)
    assert both.shape == (2 * RATE_HZ, 2)
    assert sounding_s(both[:, 0]) == [(0.0, 2.0)]
    assert sounding_s(both[:, 1]) == [(0.0, 1.0), (1.5, 1.8)]


def test_what_is_sent_ahead_plays_one_after_the_other_and_an_interruption_cuts_it() -> None:
    tape = Tape(RATE_HZ)
    tape.agent_says(tone(1.0), 0)
    tape.agent_says(tone(1.0), 100)
    tape.agent_stops(int(1.25 * RATE_HZ))
    tape.agent_says(tone(0.5), 2 * RATE_HZ)
    assert sounding_s(everything(tape, 3 * RATE_HZ)[:, 1]) == [(0.0, 1.25), (2.0, 2.5)]


def test_audio_that_a_stalled_network_delivers_at_once_belongs_where_it_was_spoken() -> None:
    tape = Tape(RATE_HZ)
    tape.caller_said(tone(0.02), FRAME)
    for _ in range(99):
        tape.caller_said(tone(0.02), 2 * RATE_HZ)
    tape.caller_said(tone(0.02), 2 * RATE_HZ + FRAME)
    assert sounding_s(everything(tape, 3 * RATE_HZ)[:, 0]) == [(0.0, 2.02)]


@pytest.mark.parametrize("gap_s", [0.5, 2.0, 30.0])
def test_after_frames_that_never_came_the_sides_are_in_step_again(gap_s: float) -> None:
    tape = Tape(RATE_HZ)
    at = int(gap_s * RATE_HZ)
    for _ in range(300):
        at += FRAME
        tape.caller_said(tone(0.02), at)
    assert tape.settled(at) == pytest.approx(at, abs=FRAME)


@pytest.mark.parametrize("drift", [0.99, 1.01])
def test_a_clock_that_drifts_is_followed(drift: float) -> None:
    tape = Tape(RATE_HZ)
    for index in range(6000):
        tape.caller_said(tone(0.02), int((index + 1) * FRAME * drift))
    now = int(6000 * FRAME * drift)
    assert tape.settled(now) == pytest.approx(now, abs=0.25 * RATE_HZ)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["caller", "agent", "stop", "write"]), st.integers(0, 3 * RATE_HZ)), max_size=60
    )
)
def test_nothing_is_lost_or_late_however_it_is_written(steps: list[tuple[str, int]]) -> None:
    tape, whole, now, blocks = Tape(RATE_HZ), Tape(RATE_HZ), 0, [np.zeros((0, 2), dtype=np.int16)]
    for what, by in steps:
        now += by
        for one in (tape, whole):
            match what:
                case "caller":
                    one.caller_said(tone(0.02), now)
                case "agent":
                    one.agent_says(tone(0.7), now)
                case "stop":
                    one.agent_stops(now)
        if what == "write":
            blocks.append(tape.take(tape.settled(now)))
    blocks.append(everything(tape, now))
    written = np.concatenate(blocks)
    assert len(written) == now
    np.testing.assert_array_equal(written[:, 1], everything(whole, now)[:, 1])


class Silent:
    """A leg at two rates whose caller says nothing for twenty seconds."""

    rate_hz = RATE_HZ
    output_rate_hz = 3 * RATE_HZ
    shows_partials = False

    def __init__(self, clock: LoopClock) -> None:
        self.clock = clock

    async def inputs(self) -> AsyncIterator[LegInput]:
        yield AudioIn(np.zeros(20 * RATE_HZ, dtype=np.int16))

    async def send_audio(self, samples: Pcm16, turn: int) -> None: ...
    async def send_mark(self, name: str) -> None: ...
    async def clear(self) -> None: ...
    async def send_event(self, event: CallEvent) -> None: ...
    async def close(self, reason: str) -> None: ...


class Blocks:
    def __init__(self) -> None:
        self.blocks: list[Pcm16] = []

    def write(self, block: Pcm16) -> None:
        self.blocks.append(block)


def test_the_agent_is_brought_to_the_rate_of_the_recording() -> None:
    async def scenario() -> None:
        blocks, clock = Blocks(), LoopClock()
        leg = RecordedLeg(Silent(clock), blocks, clock)
        speech = (8000 * np.sin(np.arange(3 * RATE_HZ) * 2 * np.pi * 440 / (3 * RATE_HZ))).astype(np.int16)
        for piece in np.split(speech, 10):
            await leg.send_audio(piece, 0)
        await leg.send_mark("end")
        await asyncio.sleep(5.0)
        leg.finish()
        leg.finish()
        both = np.concatenate(blocks.blocks)
        assert len(both) == 5 * RATE_HZ
        loud = np.flatnonzero(np.abs(both[:, 1]) > 100)
        assert loud[-1] == pytest.approx(RATE_HZ, abs=20)
        assert np.abs(both[:, 1]).max() == pytest.approx(8000, rel=0.05)

    run_virtual(scenario())
