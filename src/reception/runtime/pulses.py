"""Whether the loops that run beside the calls are alive."""

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from reception.core.clock import Clock

ROUND_TAKES_S: Final = 300.0
"""What a round may take before its loop counts as stuck."""


class LoopState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    """It had one thing to do, and has done it."""
    FAILING = "failing"
    """Its last round failed; it is tried again."""
    STUCK = "stuck"
    """No round of it has ended for longer than one may take."""


class LoopFigures(Protocol):
    """Is told of every round."""

    def on_loop_due(self, loop: str, at_s: float) -> None:
        """Until when, in seconds of Unix time, the loop has for its next round; infinity once it is done."""
        ...

    def on_loop_failed(self, loop: str) -> None: ...


class LoopPulse:
    """Implements `core.rounds.Pulse` for one loop. A loop that is made counts as running."""

    def __init__(self, loop: str, clock: Clock, figures: LoopFigures) -> None:
        self.loop = loop
        self._clock = clock
        self._figures = figures
        self._failed = False
        self._due_s = 0.0
        self._wait(0.0)

    @property
    def state(self) -> LoopState:
        if self._due_s == math.inf:
            return LoopState.DONE
        if self._clock.monotonic_s() > self._due_s:
            return LoopState.STUCK
        return LoopState.FAILING if self._failed else LoopState.RUNNING

    def beat(self, next_within_s: float) -> None:
        self._failed = False
        self._wait(next_within_s)

    def miss(self, next_within_s: float) -> None:
        self._failed = True
        self._wait(next_within_s)
        self._figures.on_loop_failed(self.loop)

    def end(self) -> None:
        """It has done all that it had to do."""
        self._wait(math.inf)

    def _wait(self, for_s: float) -> None:
        self._due_s = self._clock.monotonic_s() + for_s + ROUND_TAKES_S
        self._figures.on_loop_due(self.loop, self._clock.now().timestamp() + for_s + ROUND_TAKES_S)


class Pulses:
    """Those of one process, by the names of their loops."""

    def __init__(self, clock: Clock, figures: LoopFigures) -> None:
        self._clock = clock
        self._figures = figures
        self._each: dict[str, LoopPulse] = {}

    def of(self, loop: str) -> LoopPulse:
        """That of a loop, which is made when it is first asked for."""
        if loop not in self._each:
            self._each[loop] = LoopPulse(loop, self._clock, self._figures)
        return self._each[loop]

    def states(self) -> Mapping[str, LoopState]:
        return {name: pulse.state for name, pulse in self._each.items()}
