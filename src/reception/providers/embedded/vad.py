"""Voice activity of all live calls in batches: Silero v6, at 8000 and 16000 Hz."""

import asyncio
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reception.core.audio import Pcm16
from reception.core.errors import InvalidInput
from reception.providers.embedded.sessions import Session, open_session
from reception.providers.embedded.weights import SILERO_VAD, Weights

_WINDOW = {8000: 256, 16000: 512}
_CONTEXT = {8000: 32, 16000: 64}
_STATE = 128
_MAX_PENDING_S = 10
_GATHER_S_PER_STREAM = 0.00025
_MAX_GATHER_S = 0.008


class SileroVad:
    """One model run stands for one window of every stream that has one ready.

    When it runs: with a single stream open, in the same turn of the event loop in which a window became whole. With
    more, a quarter of a millisecond later for each further stream and never more than 8 ms, so that windows which
    become whole meanwhile share the run. A stream that is behind gets one window a run, and the loop turns in between.
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
        stream = SileroStream(batch, on_window)
        batch.streams.add(stream)
        return stream


class SileroStream:
    """The voice activity of one call. Holds at most ten seconds that wait to be judged; older samples are dropped and
    counted in `dropped_samples`."""

    def __init__(self, batch: "_Batch", on_window: Callable[[float], None]) -> None:
        self._batch = batch
        self._on_window = on_window
        self.loop = asyncio.get_running_loop()
        self.closed = False
        self.dropped_samples = 0
        self.pending: Pcm16 = np.zeros(0, np.int16)
        self.context: NDArray[np.float32] = np.zeros(batch.context, np.float32)
        self.state: NDArray[np.float32] = np.zeros((2, _STATE), np.float32)

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples, any number of them; nothing after `close`."""
        if self.closed:
            return
        self.pending = np.concatenate((self.pending, samples)) if self.pending.size else samples.copy()
        excess = self.pending.size - _MAX_PENDING_S * self._batch.rate_hz
        if excess > 0:
            self.pending = self.pending[excess:]
            self.dropped_samples += excess
        if self.pending.size >= self._batch.window:
            self._batch.schedule(self.loop)

    def close(self) -> None:
        """No window is reported after this. Closing again does nothing."""
        self.closed = True
        self.pending = self.pending[:0]
        self._batch.streams.discard(self)

    def take(self) -> Pcm16:
        """The next window, which leaves the pending samples."""
        window = self.pending[: self._batch.window]
        self.pending = self.pending[self._batch.window :]
        return window

    def report(self, probability: float) -> None:
        if not self.closed:
            self._on_window(probability)


class _Batch:
    """The streams of one sample rate."""

    def __init__(self, session: Session, rate_hz: int) -> None:
        self._session = session
        self.rate_hz = rate_hz
        self.window = _WINDOW[rate_hz]
        self.context = _CONTEXT[rate_hz]
        self.streams: set[SileroStream] = set()
        self._rate = np.array(rate_hz, np.int64)
        self._scheduled_on: asyncio.AbstractEventLoop | None = None

    def schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run soon, once for all who ask until then."""
        if self._scheduled_on is loop:
            return
        self._scheduled_on = loop
        delay_s = min(_GATHER_S_PER_STREAM * (len(self.streams) - 1), _MAX_GATHER_S)
        if delay_s > 0:
            loop.call_later(delay_s, self._run, loop)
        else:
            loop.call_soon(self._run, loop)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._scheduled_on is loop:
            self._scheduled_on = None
        ready = [s for s in self.streams if s.pending.size >= self.window and s.loop is loop]
        if not ready:
            return
        for stream, probability in zip(ready, self._judge(ready), strict=True):
            loop.call_soon(stream.report, probability)
        if any(stream.pending.size >= self.window for stream in ready) and self._scheduled_on is None:
            self._scheduled_on = loop
            loop.call_soon(self._run, loop)

    def _judge(self, streams: list[SileroStream]) -> list[float]:
        audio = np.empty((len(streams), self.context + self.window), np.float32)
        for row, stream in enumerate(streams):
            audio[row, : self.context] = stream.context
            audio[row, self.context :] = stream.take()
        audio[:, self.context :] /= 32768.0
        state = np.stack([stream.state for stream in streams], axis=1)
        output, after = self._session.run(None, {"input": audio, "state": state, "sr": self._rate})
        for row, stream in enumerate(streams):
            stream.context = audio[row, self.window :]
            stream.state = after[:, row]
        probabilities: list[float] = output[:, 0].tolist()
        return probabilities
