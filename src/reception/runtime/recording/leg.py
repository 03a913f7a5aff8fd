"""A call leg that is listened in on."""

from collections.abc import AsyncIterator
from typing import Protocol

import numpy as np

from reception.core.audio import Resampler
from reception.core.clock import Clock
from reception.ports.audio import Pcm16
from reception.ports.events import CallEvent
from reception.ports.leg import AudioIn, CallLeg, LegInput
from reception.runtime.recording.tape import Tape

BLOCK_S = 1.0
_LONGEST_BLOCK_S = 10
_NOTHING: Pcm16 = np.zeros(0, dtype=np.int16)


class BlockWriter(Protocol):
    def write(self, block: Pcm16) -> None:
        """Take samples of shape (n, 2). Never blocks and never raises."""
        ...


class RecordedLeg:
    """Implements `CallLeg` by another leg, and writes what passes in blocks of at least `BLOCK_S`.

    The recording has the rate at which the engine hears; the agent's audio is brought to it.
    """

    def __init__(self, leg: CallLeg, writer: BlockWriter, clock: Clock) -> None:
        self._leg = leg
        self._writer = writer
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._tape = Tape(leg.rate_hz)
        self._block = int(leg.rate_hz * BLOCK_S)
        self._due = self._block
        self._resampler: Resampler | None = None

    @property
    def rate_hz(self) -> int:
        return self._leg.rate_hz

    @property
    def output_rate_hz(self) -> int:
        return self._leg.output_rate_hz

    @property
    def shows_partials(self) -> bool:
        return self._leg.shows_partials

    async def inputs(self) -> AsyncIterator[LegInput]:
        async for item in self._leg.inputs():
            if isinstance(item, AudioIn):
                now = self._now()
                self._tape.caller_said(item.samples, now)
                self._write(now)
            yield item

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        if self._resampler is None:
            self._resampler = Resampler(self._leg.output_rate_hz, self._leg.rate_hz)
        now = self._now()
        self._tape.agent_says(self._resampler.process(samples), now)
        self._write(now)
        await self._leg.send_audio(samples, turn)

    async def send_mark(self, name: str) -> None:
        self._end_sentence()
        await self._leg.send_mark(name)

    async def clear(self) -> None:
        self._resampler = None
        self._tape.agent_stops(self._now())
        await self._leg.clear()

    async def send_event(self, event: CallEvent) -> None:
        await self._leg.send_event(event)

    async def close(self, reason: str) -> None:
        self.finish()
        await self._leg.close(reason)

    def finish(self) -> None:
        """Write what has been played up to now. Safe to call twice."""
        self._end_sentence()
        now = self._now()
        self._tape.agent_stops(now)
        self._take(self._tape.left(now))

    def _end_sentence(self) -> None:
        # The resampler holds back the end of what it was given.
        if self._resampler is not None:
            rest = self._resampler.process(_NOTHING, last=True)
            self._tape.agent_says(rest, self._now())
            self._resampler = None

    def _write(self, now: int) -> None:
        if now < self._due:
            return
        self._due = now + self._block
        self._take(self._tape.settled(now))

    def _take(self, count: int) -> None:
        for done in range(0, count, _LONGEST_BLOCK_S * self._leg.rate_hz):
            self._writer.write(self._tape.take(min(count - done, _LONGEST_BLOCK_S * self._leg.rate_hz)))

    def _now(self) -> int:
        return int((self._clock.monotonic_s() - self._began_s) * self._leg.rate_hz)
