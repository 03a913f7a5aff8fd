"""The agent's own voice in the caller's microphone."""

import numpy as np
import pytest
from numpy.typing import NDArray

from reception.call.echo import COMPARED_MS, OwnVoice
from reception.ports.audio import Pcm16

RATE_HZ = 8000
COMPARED = COMPARED_MS * RATE_HZ // 1000


def voice(seed: int, seconds: float = 3.0) -> NDArray[np.float64]:
    """Noise that rises and falls as syllables do, at about -20 dBFS."""
    random = np.random.default_rng(seed)
    knots = np.abs(random.normal(0.0, 1.0, int(seconds * 8) + 2))
    loudness = np.interp(np.arange(int(seconds * RATE_HZ)) / RATE_HZ * 8, np.arange(knots.size), knots)
    return random.normal(0.0, 3000.0, loudness.size) * loudness


def pcm(samples: NDArray[np.float64]) -> Pcm16:
    return np.clip(np.round(samples), -32768, 32767).astype(np.int16)


def playing(samples: NDArray[np.float64]) -> OwnVoice:
    own = OwnVoice(RATE_HZ)
    for at in range(0, samples.size, 1600):
        own.sent(pcm(samples[at : at + 1600]), at / RATE_HZ)
    return own


def echo_of(samples: NDArray[np.float64], level_db: float, delay_ms: int) -> NDArray[np.float64]:
    late = np.concatenate((np.zeros(delay_ms * RATE_HZ // 1000), samples))[: samples.size]
    return late * 10 ** (level_db / 20) + np.random.default_rng(9).normal(0.0, 40.0, samples.size)


@pytest.mark.parametrize("level_db", [-20.0, -25.0, -30.0])
@pytest.mark.parametrize("delay_ms", [100, 200, 300, 500])
def test_an_echo_is_known_at_any_delay(level_db: float, delay_ms: int) -> None:
    agent = voice(1)
    own, back = playing(agent), pcm(echo_of(agent, level_db, delay_ms))
    ends = range(RATE_HZ, agent.size - RATE_HZ // 2, 256)
    known = [own.is_heard_in(back[end - COMPARED : end], RATE_HZ, end / RATE_HZ) for end in ends]
    assert np.mean(known) > 0.95


def test_a_caller_is_not_taken_for_an_echo_not_even_over_one() -> None:
    agent, caller = voice(1), voice(2)
    own = playing(agent)
    for heard in (caller, caller + echo_of(agent, -25.0, 200)):
        ends = range(RATE_HZ, agent.size - RATE_HZ // 2, 256)
        back = pcm(heard)
        known = [own.is_heard_in(back[end - COMPARED : end], RATE_HZ, end / RATE_HZ) for end in ends]
        assert not any(known)


def test_what_was_stopped_has_no_echo() -> None:
    agent = voice(1)
    own = playing(agent)
    assert own.may_echo(3.5)
    own.stopped(1.05)
    assert own.may_echo(1.5)
    assert not own.may_echo(3.0)
    back = pcm(echo_of(agent, -20.0, 100))
    end = 2 * RATE_HZ
    assert not own.is_heard_in(back[end - COMPARED : end], RATE_HZ, end / RATE_HZ)


def test_nothing_was_said_yet() -> None:
    assert not OwnVoice(RATE_HZ).may_echo(1.0)


def test_an_echo_that_the_line_almost_drowns_is_known_too() -> None:
    agent = voice(1)
    own, back = playing(agent), pcm(echo_of(agent, -34.0, 200) + np.random.default_rng(3).normal(0.0, 40.0, agent.size))
    ends = range(RATE_HZ, agent.size - RATE_HZ // 2, 256)
    known = [own.is_heard_in(back[end - COMPARED : end], RATE_HZ, end / RATE_HZ) for end in ends]
    assert np.mean(known) > 0.9
