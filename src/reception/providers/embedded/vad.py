"""Voice activity of all live calls in batches: Silero v6, at 8000 and 16000 Hz."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import copy_context

import numpy as np
import structlog
from numpy.typing import NDArray

from reception.core.audio import Pcm16
from reception.core.errors import InvalidInput
from reception.core.telemetry import PROVIDER_FAILED
from reception.providers.embedded.resting import RestingLines, Rows
from reception.providers.embedded.sessions import Session, open_session
from reception.providers.embedded.weights import SILERO_VAD, Weights

_log = structlog.get_logger(__name__)

_WINDOW = {8000: 256, 16000: 512}
_CONTEXT = {8000: 32, 16000: 64}
_STATE = 128
_FIRST_SLOTS = 16
_MAX_PENDING_S = 10
_GATHER_S_PER_STREAM = 0.00025
_MAX_GATHER_S = 0.002


class SileroVad:
    """One model run stands for one window of every stream that has one ready.

    When it runs: with a single stream open, in the same turn of the event loop in which a window became whole. With
    more, a quarter of a millisecond later for each further stream and never more than 2 ms, so that windows which
    become whole meanwhile share the run. A stream that is behind gets one window a run, and the loop turns in between.
    A window on which the model fails counts as silent, and the next is judged as ever.
    Of a line on which nothing happens most windows are taken for what the last ones were (`resting.RestingLines`).
    """

    def __init__(self, *, weights: Weights | None = None) -> None:
        (path,) = (weights or Weights()).require(SILERO_VAD)
        session = open_session(path)
        self._batches = {rate: _Batch(session, rate) for rate in _WINDOW}

    def open(self, sample_rate_hz: int, on_window: Callable[[float], None]) -> "SileroStream":
        """Start a stream on the running event loop, on which it must be fed and closed.

        Raises:
            InvalidInput: a rate other than 8000 or 16000.
        """
        batch = self._batches.get(sample_rate_hz)
        if batch is None:
            raise InvalidInput("voice activity is judged at 8000 or 16000 Hz")
        return SileroStream(batch, on_window)

    def behind_s(self) -> float:
        """How much audio in whole windows waits to be judged, of the call that is furthest behind."""
        return max(batch.behind_s() for batch in self._batches.values())


class SileroStream:
    """The voice activity of one call, told in the context in which it was opened. Holds at most ten seconds that wait
    to be judged; older windows are dropped, counted in `dropped_windows`, and reported as the one after them, so that
    the count of windows remains the time."""

    def __init__(self, batch: "_Batch", on_window: Callable[[float], None]) -> None:
        self._batch = batch
        self._on_window = on_window
        self._waiting: deque[Pcm16] = deque()
        self._size = 0
        self.loop = asyncio.get_running_loop()
        self.context = copy_context()
        self.closed = False
        self.dropped_windows = 0
        self._unreported = 0
        self.slot = batch.enter()

    @property
    def ready(self) -> bool:
        """A whole window waits."""
        return self._size >= self._batch.window and not self.closed

    @property
    def waiting(self) -> int:
        """Samples that have not been judged."""
        return self._size

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples, any number of them, which nobody may change afterwards; nothing after `close`."""
        if self.closed:
            return
        self._waiting.append(samples)
        before, self._size = self._size, self._size + samples.size
        if self._size >= self._batch.window:
            excess = self._size - _MAX_PENDING_S * self._batch.rate_hz
            if excess > 0:
                self._drop(excess)
            if before < self._batch.window:
                self._batch.schedule(self)

    def close(self) -> None:
        """No window is reported after this. Closing again does nothing."""
        if not self.closed:
            self.closed = True
            self._waiting.clear()
            self._batch.leave(self.slot)

    def take(self, into: NDArray[np.float32]) -> None:
        """Move the next window to `into`."""
        filled, window = 0, self._batch.window
        while filled < window:
            chunk = self._waiting.popleft()
            part = chunk[: window - filled]
            into[filled : filled + part.size] = part
            filled += part.size
            if part.size < chunk.size:
                self._waiting.appendleft(chunk[part.size :])
        self._size -= window

    def report(self, probability: float) -> None:
        due, self._unreported = self._unreported + 1, 0
        for _ in range(due):
            if not self.closed:
                self._on_window(probability)

    def _drop(self, excess: int) -> None:
        windows = -(-excess // self._batch.window)
        kept = np.concatenate(self._waiting)[windows * self._batch.window :]
        self._waiting = deque((kept,))
        self._size = kept.size
        self._unreported += windows
        self.dropped_windows += windows


class _Batch:
    """The streams of one sample rate. What the model remembers of each stands in the row of its slot, so that a batch
    is gathered and put back by one indexing each."""

    def __init__(self, session: Session, rate_hz: int) -> None:
        self._session = session
        self.rate_hz = rate_hz
        self.window = _WINDOW[rate_hz]
        self._context = _CONTEXT[rate_hz]
        self._contexts: NDArray[np.float32] = np.zeros((_FIRST_SLOTS, self._context), np.float32)
        self._states: NDArray[np.float32] = np.zeros((2, _FIRST_SLOTS, _STATE), np.float32)
        self._resting = RestingLines(_FIRST_SLOTS)
        self._free = list(range(_FIRST_SLOTS))
        self._open = 0
        self._ready: list[SileroStream] = []
        self._rate = np.array(rate_hz, np.int64)
        self._scheduled_on: asyncio.AbstractEventLoop | None = None
        self._failing = False

    def enter(self) -> int:
        """The slot of a new stream, with nothing in it."""
        if not self._free:
            slots = self._contexts.shape[0]
            self._contexts = np.concatenate((self._contexts, np.zeros_like(self._contexts)))
            self._states = np.concatenate((self._states, np.zeros_like(self._states)), axis=1)
            self._resting.double()
            self._free = list(range(slots, 2 * slots))
        slot = self._free.pop()
        self._contexts[slot] = 0.0
        self._states[:, slot] = 0.0
        self._resting.enter(slot)
        self._open += 1
        return slot

    def leave(self, slot: int) -> None:
        self._free.append(slot)
        self._open -= 1

    def behind_s(self) -> float:
        return max((stream.waiting // self.window for stream in self._ready), default=0) * self.window / self.rate_hz

    def schedule(self, stream: SileroStream) -> None:
        """Judge `stream` soon, with all who ask until then."""
        self._ready.append(stream)
        if self._scheduled_on is stream.loop:
            return
        loop = self._scheduled_on = stream.loop
        delay_s = min(_GATHER_S_PER_STREAM * (self._open - 1), _MAX_GATHER_S)
        if delay_s > 0:
            loop.call_later(delay_s, self._run, loop)
        else:
            loop.call_soon(self._run, loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._scheduled_on is loop:
            self._scheduled_on = None
        asked, self._ready = self._ready, []
        ready = [stream for stream in asked if stream.ready and stream.loop is loop]
        self._ready = [stream for stream in asked if stream.ready and stream.loop is not loop]
        if not ready:
            return
        for stream, probability in zip(ready, self._judge(ready), strict=True):
            loop.call_soon(stream.report, probability, context=stream.context)
        behind = [stream for stream in ready if stream.ready]
        self._ready += behind
        if behind and self._scheduled_on is None:
            self._scheduled_on = loop
            loop.call_soon(self._run, loop)

    def _judge(self, streams: list[SileroStream]) -> list[float]:
        slots = np.array([stream.slot for stream in streams])
        audio = np.empty((len(streams), self._context + self.window), np.float32)
        windows = audio[:, self._context :]
        for row, stream in enumerate(streams):
            stream.take(windows[row])
        windows /= 32768.0
        audio[:, : self._context] = self._contexts[slots]
        self._contexts[slots] = audio[:, self.window :]
        power = np.einsum("ij,ij->i", windows, windows) / self.window
        resting = self._resting.skip(slots, power)
        if resting.any():
            asked = ~resting
            self._ask(slots[asked], audio[asked], power[asked])
        else:
            self._ask(slots, audio, power)
        probabilities: list[float] = self._resting.last(slots).tolist()
        return probabilities

    def _ask(self, slots: Rows, audio: NDArray[np.float32], power: NDArray[np.float32]) -> None:
        if not slots.size:
            return
        try:
            output, after = self._session.run(None, {"input": audio, "state": self._states[:, slots], "sr": self._rate})
        except Exception as error:  # noqa: BLE001  the boundary: what fails for one window must not deafen every call
            self._resting.unjudged(slots)
            if not self._failing:
                _log.error(PROVIDER_FAILED, part="voice activity", exc_info=error)
            self._failing = True
            return
        self._failing = False
        self._states[:, slots] = after
        self._resting.judged(slots, power, output[:, 0])
