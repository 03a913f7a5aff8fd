"""An event loop whose time jumps to the next timer whenever nothing is left to do."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_ON_ITS_WAY_S = 0.0005
_MUCH_S = 0.03
_THREAD_S = 0.05
_HANGS_S = 5.0


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: time passes instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and no timer is set: the test would hang")
        if timeout > 0:
            self.now_s += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop for code without sockets or threads. `time()` starts at 0 and moves by jumps."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s


class _PatientSelector(selectors.SelectSelector):
    """Waits for sockets and threads; time passes only when neither has anything."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        # Within one machine what has been sent is there at once; who would let much time pass looks twice.
        ready = super().select(_ON_ITS_WAY_S if timeout is None or timeout > _MUCH_S else 0)
        while not ready and self.threads:
            ready = super().select(_THREAD_S)
        if not ready and timeout is None:
            ready = super().select(_HANGS_S)
            if not ready:
                raise RuntimeError("everything waits and no timer is set: the test would hang")
        if not ready and timeout is not None:
            self.now_s += timeout
        return ready


class SocketTimeLoop(asyncio.SelectorEventLoop):
    """Virtual time for code whose sockets lead to servers in this very loop, and which may use threads: what they do
    takes no time, and only timers take any. However busy the machine is, the same happens at the same time."""

    def __init__(self) -> None:
        self._patient = _PatientSelector()
        super().__init__(self._patient)

    def time(self) -> float:
        return self._patient.now_s

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        self._patient.threads += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: object) -> None:
        self._patient.threads -= 1


class LoopClock:
    """A `Clock` that shows the running loop's time, from a fixed date on."""

    def __init__(self, start: datetime = datetime(2030, 1, 7, 12, 0, tzinfo=UTC)) -> None:
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic_s())

    def monotonic_s(self) -> float:
        return asyncio.get_running_loop().time()


def run_virtual(work: Coroutine[Any, Any, T], loop: Callable[[], asyncio.AbstractEventLoop] = VirtualTimeLoop) -> T:
    """Run `work` to its end in virtual time. Fails when it leaves tasks behind."""
    with asyncio.Runner(loop_factory=loop) as runner:
        result = runner.run(work)
        left = asyncio.all_tasks(runner.get_loop())
        assert not left, f"tasks left behind: {left}"
        return result
