"""Threads for one model, with a queue that has a limit."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from reception.core.errors import ProviderError

T = TypeVar("T")


class _Job(Generic[T]):
    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self.future: Future[T] = Future()

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._work()
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the one who waits for the future
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class Lane:
    """Runs blocking work in `threads` daemon threads, first come first served; what is urgent goes before what is not.

    At most `limit` jobs wait; one more is refused with a retryable `ProviderError`. A job whose waiter was cancelled
    before it started is dropped; one that has started runs to its end, and its result is thrown away.
    """

    def __init__(self, provider: str, *, threads: int = 1, limit: int = 64) -> None:
        self._provider = provider
        self._limit = limit
        self._urgent: deque[_Job[object]] = deque()
        self._others: deque[_Job[object]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._running = 0
        for number in range(threads):
            threading.Thread(target=self._work, name=f"{provider}-{number}", daemon=True).start()

    @property
    def waiting(self) -> int:
        """Jobs that have not started and are still wanted."""
        with self._changed:
            return self._wanted()

    @property
    def running(self) -> int:
        """Jobs being done now, wanted or not."""
        return self._running

    async def run(self, work: Callable[[], T], *, urgent: bool = False) -> T:
        """What `work` returns or raises. Cancelling drops it when it has not started."""
        return await asyncio.wrap_future(self.submit(work, urgent=urgent))

    def submit(self, work: Callable[[], T], *, urgent: bool = False) -> Future[T]:
        """Queue `work`; raises `ProviderError` when the queue is full or the lane closed."""
        job = _Job(work)
        with self._changed:
            if self._closed:
                raise ProviderError(self._provider, "the model has been closed")
            if self._wanted() >= self._limit:
                raise ProviderError(self._provider, "too much is waiting for this model", retryable=True)
            (self._urgent if urgent else self._others).append(job)  # type: ignore[arg-type]
            self._changed.notify()
        return job.future

    def close(self) -> None:
        """Drop what waits and let the threads end."""
        with self._changed:
            self._closed = True
            for job in (*self._urgent, *self._others):
                job.future.cancel()
            self._changed.notify_all()

    def _wanted(self) -> int:
        return sum(not job.future.cancelled() for job in (*self._urgent, *self._others))

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (waiting := self._urgent or self._others) and not self._closed:
                    self._changed.wait()
                if not waiting:
                    return
                job = waiting.popleft()
                self._running += 1
            try:
                job.run()
            finally:
                with self._changed:
                    self._running -= 1
