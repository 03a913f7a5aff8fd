"""The busiest endpoints beside live calls, and without: `python -m bench.endpoints [--calls 20] [--json]`.

A real `reception serve` with the embedded database and the demo's businesses; callers in Twilio's format in another
process, with their ears (`bench.endpoint_calls`); and here a few clients that ask again as soon as they are answered,
of one endpoint after another, first alone and then beside the calls. Calls are measured with nothing else, beside a
trickle of all requests by turns, and beside that flood.
"""

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import orjson
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from tests.support.postgres import server_directory
from tests.support.running_server import RunningServer, running_server
from tests.support.vendors.faults import KEY

from bench.endpoint_requests import Answered, ask_for, ask_in_turn
from bench.endpoint_workload import Login, Workload, open_workload
from reception.cli.bench import _process
from reception.cli.bench_material import speak_material

_SETTLE_S = 6.0


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """`cpu_ms` is what the server's own process used for each request, its calls' share not counted out."""

    endpoint: str
    calls: int
    per_s: float
    p50_ms: float
    p95_ms: float
    cpu_ms: float
    failed: dict[int, int]


@dataclass(frozen=True, slots=True)
class CallsRow:
    """What callers met. Waits are from the last frame of a question to the first of the reply, in milliseconds; audio
    is late by as long as the caller's playout had been empty when it came."""

    beside: str
    live: int
    turns: int
    p50_ms: float
    p95_ms: float
    added_p95_ms: float
    late_p95_ms: float
    late_most_ms: float
    unanswered: int
    cut_off: int
    dropped: int
    cpu_percent_of_core: float


class _Callers:
    """The process of callers and ears. `address` is where the ears are."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self.address: str = self._hear()["address"]

    async def do(self, what: str, **more: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(orjson.dumps({"do": what, **more}) + b"\n")
        self._process.stdin.flush()
        return await asyncio.to_thread(self._hear)

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        told: dict[str, Any] = orjson.loads(self._process.stdout.readline())
        return told


class Run:
    """One measurement of a running server."""

    def __init__(
        self, server: RunningServer, workload: Workload, callers: _Callers, wanted: argparse.Namespace
    ) -> None:
        self._server = server
        self._workload = workload
        self._callers = callers
        self._wanted = wanted
        self.endpoints: list[EndpointRow] = []
        self.calls: list[CallsRow] = []

    async def measure(self, progress: Progress) -> None:
        wanted, many = self._wanted, len(self._workload.endpoints)
        bar = progress.add_task("", total=2 * many * wanted.seconds + 2 * wanted.calls_seconds + 2 * _SETTLE_S)
        port = urlsplit(self._server.url).port or 0
        await self._flood(port, 0, progress, bar)
        progress.update(bar, description=f"{wanted.calls} calls: joining")
        # A server refuses calls while it is busy.
        await self._pass(_SETTLE_S, progress, bar)
        tickets = [self._workload.ticket() for _ in range(wanted.calls)]
        await self._callers.do("join", port=port, tickets=tickets)
        await self._pass(_SETTLE_S, progress, bar)
        progress.update(bar, description=f"{wanted.calls} calls alone")
        async with self._calls_beside("nothing"):
            await self._pass(wanted.calls_seconds, progress, bar)
        progress.update(bar, description=f"{wanted.calls} calls, {wanted.per_s:.0f} requests a second")
        async with self._calls_beside(f"{wanted.per_s:.0f} requests/s of all kinds"):
            told, _ = await asyncio.gather(
                ask_in_turn(self._workload.endpoints, port, wanted.clients, wanted.calls_seconds, wanted.per_s),
                self._pass(wanted.calls_seconds, progress, bar),
            )
        self.endpoints.append(_row("all by turns", wanted.calls, told, 0.0))
        async with self._calls_beside(f"{wanted.clients} clients without a rest"):
            await self._flood(port, wanted.calls, progress, bar)
        await self._callers.do("leave")

    async def _flood(self, port: int, calls: int, progress: Progress, bar: TaskID) -> None:
        for endpoint in self._workload.endpoints:
            progress.update(bar, description=f"{calls} calls: {endpoint.name}")
            used_s = self._cpu_s()
            told = await ask_for(endpoint, port, self._wanted.clients, self._wanted.seconds)
            self.endpoints.append(_row(endpoint.name, calls, told, self._cpu_s() - used_s))
            progress.advance(bar, self._wanted.seconds)

    async def _pass(self, seconds: float, progress: Progress, bar: TaskID) -> None:
        ends_s = time.monotonic() + seconds
        while (left_s := ends_s - time.monotonic()) > 0:
            await asyncio.sleep(min(0.5, left_s))
            progress.advance(bar, min(0.5, left_s))

    @contextlib.asynccontextmanager
    async def _calls_beside(self, what: str) -> AsyncIterator[None]:
        await self._callers.do("measure")
        used_s, began_s = self._cpu_s(), time.monotonic()
        yield
        cpu = (self._cpu_s() - used_s) / (time.monotonic() - began_s) * 100
        self.calls.append(_calls_row(what, await self._callers.do("stop"), cpu, self.calls))

    def _cpu_s(self) -> float:
        """Of the server's own process, without the database's."""
        fields = Path(f"/proc/{self._server.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _row(endpoint: str, calls: int, told: Answered, cpu_s: float) -> EndpointRow:
    answers = len(told.ms) + sum(told.failed.values())
    return EndpointRow(
        endpoint,
        calls,
        round(len(told.ms) / told.seconds, 1),
        _percentile(told.ms, 50),
        _percentile(told.ms, 95),
        round(cpu_s * 1000 / max(1, answers), 2),
        told.failed,
    )


def _calls_row(what: str, told: dict[str, Any], cpu: float, before: list[CallsRow]) -> CallsRow:
    p95_ms = _percentile(told["voice_to_voice_ms"], 95)
    return CallsRow(
        beside=what,
        live=told["live"],
        turns=told["turns"],
        p50_ms=_percentile(told["voice_to_voice_ms"], 50),
        p95_ms=p95_ms,
        added_p95_ms=round(p95_ms - before[0].p95_ms, 1) if before else 0.0,
        late_p95_ms=_percentile(told["lateness_ms"], 95),
        late_most_ms=_percentile(told["lateness_ms"], 100),
        unanswered=told["unanswered"],
        cut_off=told["cut_off"],
        dropped=told["dropped"],
        cpu_percent_of_core=round(cpu, 1),
    )


def _percentile(values: list[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1) if values else 0.0


@contextlib.contextmanager
def _serving(directory: Path, ears: str, calls: int) -> Iterator[RunningServer]:
    settings = {
        "RECEPTION_STT": "openai:whisper-1",
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": ears,
        "RECEPTION_MAX_CALLS": str(calls + 10),
        "RECEPTION_REQUESTS_PER_S": "0",
    }
    with running_server(directory, **settings) as server:
        yield server


def measure(wanted: argparse.Namespace, console: Console) -> Run:
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(
            Progress(TextColumn("{task.description:<48}"), BarColumn(), TimeElapsedColumn(), console=console)
        )
        preparing = progress.add_task("Speaking the questions", total=None)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reception-bench-")))
        material = folder / "speech.npz"
        asyncio.run(speak_material()).save(material)
        callers = _Callers(stack.enter_context(_process("bench.endpoint_calls", str(material))))
        progress.update(preparing, description="Starting the server")
        directory = stack.enter_context(server_directory())
        server = stack.enter_context(_serving(directory, callers.address, wanted.calls))
        progress.update(preparing, description="Furnishing it")
        http = stack.enter_context(httpx.Client(base_url=server.url, timeout=60.0, trust_env=False))
        workload = open_workload(http, Login(*server.demo_login()), wanted.clients)
        progress.remove_task(preparing)
        run = Run(server, workload, callers, wanted)
        uvloop.run(run.measure(progress))
        return run


def tables(run: Run, calls: int) -> list[Table]:
    asked = Table(title="Requests, without calls and beside them")
    for heading in ("endpoint", "requests/s", "p50, ms", "p95, ms", f"requests/s, {calls} calls", "p50", "p95"):
        asked.add_column(heading, justify="left" if heading == "endpoint" else "right")
    for heading in ("server's CPU, ms each", "failed"):
        asked.add_column(heading, justify="right")
    beside = {row.endpoint: row for row in run.endpoints if row.calls}
    alone = {row.endpoint: row for row in run.endpoints if not row.calls}
    for name, row in beside.items():
        told = [alone[name], row] if name in alone else [None, row]
        figures = [
            text
            for one in told
            for text in ((f"{one.per_s:.0f}", f"{one.p50_ms:.1f}", f"{one.p95_ms:.1f}") if one else ("", "", ""))
        ]
        failed = sum(sum(one.failed.values()) for one in told if one)
        asked.add_row(name, *figures, f"{told[0].cpu_ms:.2f}" if told[0] else "", str(failed))
    heard = Table(title=f"{calls} calls")
    for heading in (
        "beside", "turns", "voice to voice p50/p95, ms", "added p95, ms", "late p95/most, ms",
        "unanswered/cut off/dropped", "server's CPU, % of a core",
    ):  # fmt: skip
        heard.add_column(heading, justify="left" if heading == "beside" else "right")
    for one in run.calls:
        heard.add_row(
            one.beside,
            str(one.turns),
            f"{one.p50_ms:.0f} / {one.p95_ms:.0f}",
            f"{one.added_p95_ms:.0f}",
            f"{one.late_p95_ms:.0f} / {one.late_most_ms:.0f}",
            f"{one.unanswered} / {one.cut_off} / {one.dropped}",
            f"{one.cpu_percent_of_core:.0f}",
        )
    return [asked, heard]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--clients", type=int, default=4, help="connections that ask at once")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long each endpoint is asked, each time")
    parser.add_argument("--calls-seconds", type=float, default=25.0, help="how long calls are measured, each time")
    parser.add_argument("--per-s", type=float, default=20.0, help="requests a second of the trickle")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    run = measure(wanted, Console(stderr=wanted.json, highlight=False))
    if wanted.json:
        found = {"endpoints": [asdict(row) for row in run.endpoints], "calls": [asdict(row) for row in run.calls]}
        print(json.dumps(found | {"load": os.getloadavg()[0]}))
        return
    for table in tables(run, wanted.calls):
        Console(width=170).print(table)


if __name__ == "__main__":
    main()
