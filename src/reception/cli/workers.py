"""The parent of several workers: it accepts connections, gives each to the least busy worker, and replaces the dead.

Workers are fresh processes, as neither the models nor their threads survive a fork. The parent alone holds the
listening socket and the database's directory; a worker that loses its parent finishes its calls and ends.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from prometheus_client.multiprocess import mark_process_dead

from reception.cli.handover import DRAIN, HURRY, RENEW, Call, ToWorker, WorkerState
from reception.core.errors import Unavailable
from reception.core.telemetry import WORKER_DIED, WORKER_READY, WORKER_REPLACED
from reception.runtime.metrics import METRICS_DIRECTORY

_log = structlog.get_logger(__name__)

SILENT_AFTER_S = 3.0
"""A worker that has not reported for so long gets no connections while another one reports."""
_SETTLED_AFTER_S = 30.0
_LONGEST_PAUSE_S = 30.0
_ACCEPTS_AT_ONCE = 64
_BEYOND_DRAIN_S = 15.0


class Worker:
    """One process, from its start to its end."""

    def __init__(
        self, number: int, process: Process, end: socket.socket, on_call: Callable[["Worker", Call], None]
    ) -> None:
        self.number = number
        self.process = process
        self.state = WorkerState()
        self.has_served = False
        self.changed = asyncio.Event()
        self._handed_over = 0
        self._loop = asyncio.get_running_loop()
        self._began_s = self._heard_s = self._loop.time()
        self._channel = ToWorker(end, self._on_state, partial(on_call, self))
        self._loop.add_reader(end.fileno(), self._read)

    @property
    def settled(self) -> bool:
        return self._loop.time() - self._began_s >= _SETTLED_AFTER_S

    @property
    def serves(self) -> bool:
        return self.state.ready and not self.state.draining

    @property
    def _given(self) -> int:
        """Connections that its last report does not know of yet."""
        return self._handed_over - self.state.taken

    @property
    def has_room(self) -> bool:
        """For one more call, whatever the connections given to it since its last report are."""
        return self.state.room > self._given

    @property
    def load(self) -> tuple[bool, bool, int]:
        """Smaller is less busy: silence first, then want of room, then calls, each of which is a connection too."""
        silent = self._loop.time() - self._heard_s >= SILENT_AFTER_S
        return silent, not self.has_room, self.state.live_calls + self.state.connections + self._given

    def hand_over(self, connection: socket.socket) -> bool:
        if not self._channel.hand_over(connection):
            return False
        self._handed_over += 1
        return True

    def pass_on(self, call: Call) -> bool:
        if not self._channel.pass_on(call):
            return False
        self._handed_over += 1
        return True

    def drain(self, *, replaced: bool = False) -> None:
        """Ask it to finish what it does and end, perhaps for a successor; one that is not ready yet ends at once."""
        if self.state.ready:
            self._channel.tell(RENEW if replaced else DRAIN)
        elif self.process.returncode is None:
            self.process.terminate()

    def hurry(self) -> None:
        self._channel.tell(HURRY)

    async def kill(self) -> None:
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()

    def forget(self) -> None:
        self._loop.remove_reader(self._channel.fileno())
        self._channel.close()
        self.state = WorkerState(failed=self.state.failed)
        self.changed.set()

    def _read(self) -> None:
        if not self._channel.read():
            self._loop.remove_reader(self._channel.fileno())

    def _on_state(self, state: WorkerState) -> None:
        self._heard_s = self._loop.time()
        self.state = state
        self.changed.set()


class Workforce:
    """`count` workers behind `listener`, each replaced when it ends. `close` leaves none."""

    def __init__(self, count: int, listener: socket.socket, overrides: Mapping[str, Any], drain_s: float) -> None:
        self._count = count
        self._listener = listener
        self._overrides = dict(overrides)
        self._drain_s = drain_s
        self._metrics = Path(tempfile.mkdtemp(prefix="reception-metrics-"))
        self._workers: dict[int, Worker] = {}
        self._service_url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._changed = asyncio.Condition()
        self._accepting = False
        self._stopping = self._closed = False
        self._failure = ""
        self._keepers: list[asyncio.Task[None]] = []
        self._renewing: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the workers; they load their models and wait for the database."""
        self._keepers = [
            asyncio.create_task(self._keep(number), name=f"worker-{number}") for number in range(1, self._count + 1)
        ]
        for keeper in self._keepers:
            keeper.add_done_callback(self._keeper_ended)

    async def close(self) -> None:
        """End every worker at once. Safe to call twice."""
        self._stopping = self._closed = True
        self._accept_while(False)
        for worker in tuple(self._workers.values()):
            await worker.kill()
        tasks = [task for task in (*self._keepers, self._renewing, self._telling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for worker in tuple(self._workers.values()):
            await worker.kill()
        self._service_url.cancel()
        shutil.rmtree(self._metrics, ignore_errors=True)

    @property
    def live_calls(self) -> int:
        return sum(worker.state.live_calls for worker in self._workers.values())

    def open(self, service_url: str) -> None:
        """The database is ready, at this address."""
        self._service_url.set_result(service_url)

    async def ready(self) -> tuple[str, ...]:
        """Wait until every worker serves. Returns the names of the demo's agents.

        Raises:
            Unavailable: one cannot start; the detail says why.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._failure or self._all_serve())
        if self._failure:
            raise Unavailable(self._failure)
        return next(iter(self._workers.values())).state.agents

    def renew(self) -> None:
        """Begin to replace the workers one after the other, each once its calls have ended, so that new code
        is taken up without an interruption. Does nothing while that goes on already."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(), name="renew")

    async def _renew(self) -> None:
        for number in range(1, self._count + 1):
            old = self._workers.get(number)
            if old is None:
                continue
            old.drain(replaced=True)
            await old.process.wait()
            async with self._changed:
                await self._changed.wait_for(partial(self._has_successor, old))

    async def drain(self) -> None:
        """Let live calls and requests finish, and end every worker. Until the last has ended, what comes anew is
        refused by those that there are."""
        self._stopping = True
        workers = tuple(self._workers.values())
        for worker in workers:
            worker.drain()
        try:
            async with asyncio.timeout(self._drain_s + _BEYOND_DRAIN_S):
                await asyncio.gather(*(worker.process.wait() for worker in workers))
        except TimeoutError:
            _log.warning("workers.killed")

    def hurry(self) -> None:
        """End live calls now."""
        for worker in self._workers.values():
            worker.hurry()

    @property
    def _answering(self) -> list[Worker]:
        """Who is given connections: workers that serve, or while all of them stop, who is still there to refuse."""
        workers = self._workers.values()
        return [one for one in workers if one.serves or (self._stopping and one.state.ready)]

    def _has_successor(self, old: Worker) -> bool:
        new = self._workers.get(old.number)
        return new is not None and new is not old and new.serves

    def _all_serve(self) -> bool:
        return len(self._workers) == self._count and all(worker.serves for worker in self._workers.values())

    async def _keep(self, number: int) -> None:
        """Keep a worker of this number running, ever longer between attempts when it does not last."""
        pause_s = 0.0
        while True:
            try:
                worker = await self._start(number)
            except OSError as error:
                # The machine may be out of memory or of processes, as after the death that this start follows.
                pause_s = min(max(1.0, 2 * pause_s), _LONGEST_PAUSE_S)
                _log.error(WORKER_DIED, worker=number, again_in_s=pause_s, reason=error.strerror)
                await asyncio.sleep(pause_s)
                continue
            watching = asyncio.create_task(self._watch(worker), name=f"watch-{number}")
            try:
                code = await worker.process.wait()
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            failed, calls, asked = worker.state.failed, worker.state.live_calls, worker.state.draining
            worker.forget()
            del self._workers[number]
            with contextlib.suppress(OSError):
                mark_process_dead(worker.process.pid, str(self._metrics))  # type: ignore[no-untyped-call]
            self._accept_while(bool(self._answering))
            await self._tell(failed or ("" if worker.has_served else f"Worker {number} ended with code {code}."))
            if self._stopping:
                return
            if code == 0 and asked:
                _log.info(WORKER_REPLACED, worker=number)
                continue
            pause_s = 0.0 if worker.settled else min(max(1.0, 2 * pause_s), _LONGEST_PAUSE_S)
            _log.error(WORKER_DIED, worker=number, exit_code=code, live_calls=calls, again_in_s=pause_s, reason=failed)
            await asyncio.sleep(pause_s)

    async def _start(self, number: int) -> Worker:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs, contextlib.ExitStack() as undoing:
            undoing.enter_context(ours)
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "reception.cli.worker",
                str(theirs.fileno()),
                stdin=PIPE,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
                env={**os.environ, METRICS_DIRECTORY: str(self._metrics)},
            )
            undoing.pop_all()
        worker = self._workers[number] = Worker(number, process, ours, self._pass_on)
        order = {"number": number, "workers": self._count, "overrides": self._overrides}
        self._write(process, json.dumps(order))
        return worker

    async def _watch(self, worker: Worker) -> None:
        """Give the worker the database's address, then act on what it reports."""
        self._write(worker.process, await asyncio.shield(self._service_url))
        while True:
            await worker.changed.wait()
            worker.changed.clear()
            if worker.serves and not worker.has_served:
                worker.has_served = True
                _log.info(WORKER_READY, worker=worker.number, pid=worker.process.pid)
            self._accept_while(bool(self._answering))
            await self._tell(worker.state.failed)

    @staticmethod
    def _write(process: Process, line: str) -> None:
        # A process that has died already has a closed pipe; that it died is told by its exit.
        with contextlib.suppress(OSError, RuntimeError):
            if process.stdin is not None:
                process.stdin.write(line.encode() + b"\n")

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        if not keeper.cancelled() and (fault := keeper.exception()) is not None:
            _log.error("worker.not_kept", exc_info=fault)
            self._failure = self._failure or "A worker could not be started: the log says why."
            self._telling = asyncio.create_task(self._tell(""))

    async def _tell(self, failure: str) -> None:
        async with self._changed:
            self._failure = self._failure or failure
            self._changed.notify_all()

    def _accept_while(self, wanted: bool) -> None:
        """Without a worker that serves, connections wait in the listener's backlog."""
        wanted = wanted and not self._closed
        loop = asyncio.get_running_loop()
        if wanted and not self._accepting:
            loop.add_reader(self._listener.fileno(), self._accept)
        elif self._accepting and not wanted:
            loop.remove_reader(self._listener.fileno())
        self._accepting = wanted

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._give(connection)

    def _give(self, connection: socket.socket) -> None:
        answering = self._answering
        for worker in sorted(answering, key=lambda one: one.load):
            if worker.hand_over(connection):
                return
        _log.error("connection.dropped", serving=len(answering))

    def _pass_on(self, sender: Worker, call: Call) -> None:
        """To a worker with room; when there is none, back to the one that had none, which refuses it."""
        with call.connection:
            # What was given to a worker since its last report need not be calls.
            others = [
                worker
                for worker in self._workers.values()
                if worker is not sender and worker.serves and worker.state.room
            ]
            for worker in [*sorted(others, key=lambda one: one.load), sender]:
                if worker.pass_on(call):
                    return
        _log.error("connection.dropped", serving=len(others))
