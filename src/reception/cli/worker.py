"""One worker of `reception serve --workers`: serves the connections that its parent hands over, and ends with it.

Started by the parent alone, with the number of its descriptor to the parent as argument. Standard input brings two
lines of JSON: the order, and the address of the database once that is ready.
"""

import asyncio
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
import uvloop

from reception.app import Reception, build_worker
from reception.cli.handover import CONNECTION, HURRY, PASSED_ON, RENEW, Call, ToParent, WorkerState
from reception.cli.listening import Server, http_server
from reception.cli.logs import configure_logs, log_loop_failures
from reception.core.errors import AppError
from reception.settings import Settings, load_settings

_log = structlog.get_logger(__name__)
_REPORTS_EVERY_S = 0.1
_REPORTS_AT_LEAST_EVERY = 10
FAILED = 1
ORPHANED = 3


@dataclass(frozen=True, slots=True)
class Order:
    """What the parent wants: the settings of its command line, and how many workers share the machine."""

    number: int
    workers: int
    overrides: dict[str, Any]


class _Desk:
    """Takes connections from the parent while the worker serves, and tells how it is doing."""

    def __init__(self, parent: ToParent, reception: Reception, server: Server) -> None:
        self._parent = parent
        self._reception = reception
        self._server = server
        self._taking: set[asyncio.Task[None]] = set()
        self._taken = 0
        self.stop = asyncio.Event()
        self.soon = asyncio.Event()
        self.hurry = asyncio.Event()
        self.replaced = False

    def end_soon(self) -> None:
        self.soon.set()
        self.stop.set()

    def read(self) -> None:
        while (read := self._parent.read()) is not None:
            message, call = read
            if call is not None:
                self._take(call)
            if message == HURRY:
                self.hurry.set()
            if message == RENEW:
                self.replaced = True
                self.stop.set()
            elif message not in (CONNECTION, PASSED_ON):
                self.end_soon()
            if not message:
                _log.warning("worker.orphaned")
                asyncio.get_running_loop().remove_reader(self._parent.fileno())
                return

    def _take(self, call: Call) -> None:
        self._taken += 1
        task = asyncio.create_task(self._serve(call))
        self._taking.add(task)
        task.add_done_callback(self._taking.discard)

    async def _serve(self, call: Call) -> None:
        try:
            await self._server.take(call.connection, call.head)
        except OSError:
            call.close()

    @property
    def _room(self) -> int:
        """How many more calls there is room for, beside those that have a connection and are not admitted yet."""
        live = self._reception.live
        return max(0, live.room - max(0, self._server.calls - live.count))

    def pass_on(self, connection: socket.socket, head: bytes) -> bool:
        """Give a call to the parent if there is no room for it here. False when it is to be taken or refused here."""
        return not self._room and self._parent.pass_on(Call(connection, head))

    async def report(self) -> None:
        """Tell the parent of every change, and now and then of none, until cancelled."""
        told, silent = WorkerState(), 0
        agents = tuple(agent.name for agent in self._reception.demo_agents)
        while True:
            state = WorkerState(
                ready=True,
                draining=self.stop.is_set(),
                live_calls=self._reception.live.count,
                room=self._room,
                connections=self._server.connections,
                taken=self._taken,
                agents=agents,
            )
            if state != told or silent >= _REPORTS_AT_LEAST_EVERY:
                self._parent.report(state)
                told, silent = state, 0
            silent += 1
            await asyncio.sleep(_REPORTS_EVERY_S)


async def _work(order: Order, settings: Settings, parent: ToParent, service_url: Awaitable[str]) -> None:
    async with build_worker(settings, _unseen, service_url, order.workers, order.number) as reception:
        gc.collect()
        gc.freeze()
        server = http_server(reception.app, max_frame_bytes=settings.max_frame_bytes)
        serving = asyncio.create_task(server.serve(sockets=[]), name="http-server")
        await server.until_started()
        desk = _Desk(parent, reception, server)
        server.pass_on = desk.pass_on
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, desk.end_soon)
        loop.add_reader(parent.fileno(), desk.read)
        reporting = asyncio.create_task(desk.report(), name="report")
        await desk.stop.wait()
        if desk.replaced:
            await _first_of(reception.live.drain(None, replaced=True), desk.soon.wait())
        # Told to stop after all, it has no successor who would take what it does not refuse.
        drained = reception.live.drain(settings.drain_s, replaced=desk.replaced and not desk.soon.is_set())
        await _first_of(drained, desk.hurry.wait())
        server.should_exit = True
        await serving
        reporting.cancel()


async def _first_of(*works: Coroutine[Any, Any, object]) -> None:
    """Wait for one of them, and cancel the others."""
    tasks = [asyncio.create_task(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _unseen(step: str) -> None:
    _log.debug("worker.loading", step=step)


async def _read_line() -> str:
    """The next line of standard input; the process ends when there is none, for its parent is gone."""
    line: str = await asyncio.to_thread(sys.stdin.readline)
    if not line:
        os._exit(ORPHANED)
    return line.strip()


async def _main(parent: ToParent) -> int:
    order = Order(**json.loads(await _read_line()))
    try:
        settings = load_settings(**order.overrides)
        configure_logs(settings.log_level, as_json=settings.json_logs)
        log_loop_failures(asyncio.get_running_loop())
        structlog.contextvars.bind_contextvars(worker=order.number)
        address = asyncio.create_task(_read_line(), name="database-address")
        await _work(order, settings, parent, address)
    except AppError as error:
        parent.report(WorkerState(failed=error.detail))
        return FAILED
    return 0


def main() -> None:
    # Ctrl-C reaches every process of the terminal; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    parent = ToParent(socket.socket(fileno=int(sys.argv[1])))
    with suppress(KeyboardInterrupt):
        sys.exit(uvloop.run(_main(parent)))


if __name__ == "__main__":
    main()
