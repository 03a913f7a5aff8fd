"""Loops beside the calls, and workers, are begun again when they fail."""

import asyncio
import math
import socket
from dataclasses import dataclass, field
from functools import partial

import pytest

from reception.app.background import keep_running
from reception.cli.workers import Workforce
from reception.core.clock import SystemClock
from reception.core.errors import Unavailable
from reception.core.rounds import every
from reception.runtime.pulses import LoopPulse
from tests.support.virtual_time import run_virtual


class LoopClock(SystemClock):
    """The time of the event loop."""

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class Figures:
    due: list[float] = field(default_factory=list)
    failures: int = 0

    def on_loop_due(self, loop: str, at_s: float) -> None:
        self.due.append(at_s)

    def on_loop_failed(self, loop: str) -> None:
        self.failures += 1


def test_a_loop_that_fails_is_begun_again_and_one_that_ends_is_not() -> None:
    begun: list[float] = []
    seen: list[str] = []
    figures = Figures()

    async def scenario() -> None:
        loop, pulse = asyncio.get_running_loop(), LoopPulse("work", LoopClock(), figures)

        async def work() -> None:
            begun.append(loop.time())
            seen.append(pulse.state)
            if len(begun) == 2:
                # Something that it waited for was cancelled, and not the loop.
                raise asyncio.CancelledError
            if len(begun) < 4:
                raise ZeroDivisionError

        await keep_running(pulse, work)
        seen.append(pulse.state)

    run_virtual(scenario())
    assert begun == pytest.approx([0, 1, 3, 7], abs=0.1)
    assert seen == ["running", "failing", "failing", "failing", "done"]
    assert (figures.failures, figures.due[-1]) == (3, math.inf)


def test_a_loop_that_is_told_to_stop_stops() -> None:
    async def scenario() -> None:
        running = keep_running(LoopPulse("work", LoopClock(), Figures()), asyncio.Event().wait)
        await asyncio.sleep(1.0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    run_virtual(scenario())


def test_a_loop_tells_of_each_round_and_is_stuck_when_it_tells_no_more() -> None:
    rounds: list[float] = []

    async def scenario() -> None:
        pulse = LoopPulse("work", LoopClock(), Figures())
        loop = asyncio.get_running_loop()

        async def work() -> None:
            rounds.append(loop.time())
            if len(rounds) == 2:
                raise Unavailable
            if len(rounds) == 4:
                await asyncio.Event().wait()

        running = keep_running(pulse, partial(every, 3600.0, work, failed="work.failed", after_failure_s=60.0))
        states = []
        for at_s in (3000.0, 3630.0, 3700.0, 7250.0, 7700.0):
            await asyncio.sleep(at_s - loop.time())
            states.append(pulse.state)
        assert states == ["running", "failing", "running", "running", "stuck"]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(scenario())
    assert rounds == pytest.approx([0, 3600, 3660, 7260], abs=0.1)


def test_a_worker_that_the_machine_has_no_room_for_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    async def start(*_: object, **__: object) -> None:
        tried.append(asyncio.get_running_loop().time())
        raise OSError(12, "Cannot allocate memory")

    async def scenario() -> None:
        with socket.socket() as listener:
            workforce = Workforce(1, listener, {}, 1.0)
            await workforce.start()
            await asyncio.sleep(20.0)
            await workforce.close()

    monkeypatch.setattr(asyncio, "create_subprocess_exec", start)
    run_virtual(scenario())
    assert len(tried) == 5
