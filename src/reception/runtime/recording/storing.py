"""Takes finished recordings to the place where they are kept, for as often as that takes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, Protocol, TypeVar
from uuid import UUID

import structlog

from reception.core.errors import AppError
from reception.core.rounds import beat, miss
from reception.runtime.recording.spool import mend
from reception.runtime.recording.store import RecordingStore
from reception.runtime.recording.waiting import Waiting, WaitingRoom, held

_log = structlog.get_logger(__name__)

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 300.0
LOOK_EVERY_S = 900.0
"""How often to look for what another process that died has left."""
_FAILURES_IN_A_ROW = 3
_LAST_TRY_S = 10.0
_STORED, _FAILED, _BUSY = "stored", "failed", "busy"

Result = TypeVar("Result")
P = ParamSpec("P")


class RecordingFigures(Protocol):
    """Is told how storing goes."""

    def on_recording(self, outcome: str) -> None:
        """`stored`; `failed`, to be tried again; or `not_recorded`, as too much waits already."""
        ...

    def on_recordings_waiting(self, count: int) -> None: ...


class Storing:
    """One thread of its own does what blocks, so that a place that does not answer holds up nothing else."""

    def __init__(self, room: WaitingRoom, store: RecordingStore, figures: RecordingFigures | None) -> None:
        self._room = room
        self._store = store
        self._figures = figures
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recordings")
        self._finished = asyncio.Event()
        self._one_pass = asyncio.Lock()

    def wake(self) -> None:
        """Something is finished."""
        self._finished.set()

    async def blocking(self, work: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """`work`, done where storing is done, one thing after the other."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args, **kwargs))

    async def run(self) -> None:
        """Store what is finished, now and whenever something is, until cancelled; after failures ever later, at last
        every `LONGEST_PAUSE_S`."""
        pause_s = 0.0
        while True:
            self._finished.clear()
            if await self.store_all():
                pause_s = 0.0
                beat(LOOK_EVERY_S)
                await self._wait(LOOK_EVERY_S)
            else:
                pause_s = min(max(FIRST_PAUSE_S, 2 * pause_s), LONGEST_PAUSE_S)
                _log.warning("recordings.waiting", again_in_s=pause_s)
                miss(pause_s)
                await asyncio.sleep(pause_s)

    async def store_all(self) -> bool:
        """Store what is finished, parts of a conversation in their order. False when some of it is left."""
        async with self._one_pass:
            waiting = await self.blocking(self._room.all)
            passed_over: set[UUID] = set()
            failures = left = 0
            for one in waiting:
                if one.conversation_id in passed_over:
                    continue
                # A place that fails time after time is down: what is left is not even tried.
                outcome = await self._store_one(one) if failures < _FAILURES_IN_A_ROW else _FAILED
                failures = failures + 1 if outcome == _FAILED else 0
                left += outcome == _FAILED
                if outcome != _STORED:
                    passed_over.add(one.conversation_id)
            if self._figures is not None:
                self._figures.on_recordings_waiting(left)
            return not left

    async def aclose(self) -> None:
        """Try once more. What cannot be stored within some seconds stays here for the next start."""
        try:
            async with asyncio.timeout(_LAST_TRY_S):
                await self.store_all()
        except TimeoutError:
            _log.warning("recordings.left")
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _store_one(self, one: Waiting) -> str:
        try:
            outcome = await self.blocking(self._move, one)
        except (AppError, OSError) as error:
            _log.warning("recording.not_stored", reason=str(error) if isinstance(error, AppError) else error.strerror)
            outcome = _FAILED
        if self._figures is not None and outcome != _BUSY:
            self._figures.on_recording(outcome)
        return outcome

    def _move(self, one: Waiting) -> str:
        """From here to the store; a file without sound is removed."""
        with held(one.path) as ours:
            if not ours:
                return _BUSY
            if mend(one.path):
                self._store.keep(one.path, one.tenant_id, one.conversation_id)
            else:
                one.path.unlink()
        return _STORED

    async def _wait(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._finished.wait()
        except TimeoutError:
            pass
