"""`reception bench`: what the product can carry, measured on this machine."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from reception.cli.bench_material import speak_material
from reception.core.errors import AppError, InvalidInput, Unavailable

bench = typer.Typer(help="Measure this installation on this machine.", no_args_is_help=True)

_MOST_CALLS = 1000
_MOST_SHORT_CALLS = 20_000
_LONGEST_S = 600.0
_SETTLE_S = 10.0
_ENDS_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True)
class CapacityRow:
    """One number of calls. CPU is the server process's own, user and system, over the time measured; memory is what
    the process grew by for each call. Latencies are the callers'; `added_ms` is voice to voice less the silence that
    the turn policy demands. `load` is the machine's load average at the end."""

    calls: int
    live: int
    seconds: float
    cpu_percent_of_core: float
    cpu_percent_per_call: float
    rss_mb: float
    rss_mb_per_call: float
    turns: int
    voice_to_voice_p50_ms: float
    voice_to_voice_p95_ms: float
    added_p50_ms: float
    added_p95_ms: float
    lateness_p50_ms: float
    lateness_p95_ms: float
    lateness_p99_ms: float
    sending_late_p95_ms: float
    unanswered: int
    cut_off: int
    refused: int
    dropped: int
    load: float


@bench.callback()
def _root() -> None:
    """Everything runs on 127.0.0.1 and stops by itself."""


@bench.command()
def capacity(
    calls: Annotated[str, typer.Option(help="How many calls at once; several, with commas.")] = "1,10,50,100,150,200",
    seconds: Annotated[float, typer.Option(help="How long each number is measured, in seconds.", min=5)] = 60.0,
    unsure_every: Annotated[
        int, typer.Option(help="Every how manieth turn the audio end-of-turn model must judge; 0 for none.", min=0)
    ] = 2,
    server_core: Annotated[int, typer.Option(help="The core that the server may use.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")] = False,
) -> None:
    """How many calls one core carries: engine, transport and turn detectors, with providers that answer at once."""
    console = Console(stderr=as_json, highlight=False)
    try:
        numbers = _numbers(calls)
        if seconds > _LONGEST_S:
            raise InvalidInput(f"--seconds may be at most {_LONGEST_S:.0f}.")
        rows = _measure(numbers, seconds, unsure_every, server_core, console)
    except AppError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]Cannot measure:[/] {error.detail}")
        raise typer.Exit(1) from None
    if as_json:
        sys.stdout.write(orjson.dumps([asdict(row) for row in rows], option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        console.print(_table(rows))


@bench.command()
def memory(
    calls: Annotated[int, typer.Option(help="How many short calls, one after another on 40 lines.", min=250)] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Whether memory after many calls, started and ended, is what it was after the first 200."""
    console = Console(stderr=as_json, highlight=False)
    if calls > _MOST_SHORT_CALLS:
        raise typer.BadParameter(f"at most {_MOST_SHORT_CALLS}", param_hint="--calls")
    try:
        with tempfile.TemporaryDirectory(prefix="reception-bench-") as folder, console.status(f"{calls} short calls"):
            material = Path(folder) / "speech.npz"
            asyncio.run(speak_material()).save(material)
            found = _memory(material, calls)
    except AppError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]Cannot measure:[/] {error.detail}")
        raise typer.Exit(1) from None
    if as_json:
        sys.stdout.write(orjson.dumps(found).decode() + "\n")
    else:
        console.print(", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in found.items()))


def _memory(material: Path, calls: int) -> dict[str, float]:
    with _server(material, 2, 0) as server:
        idle_mb = server.rss_mb()
        arguments = ("--port", str(server.port), "--calls", str(calls), "--short")
        with _process("reception.cli.bench_caller", str(material), *arguments) as callers:
            _until(callers, "warm")
            warm_mb = server.rss_mb()
            tally = _until(callers, "ended")["tally"]
        after_mb = server.rss_mb()
    return {
        "calls": calls,
        "turns": tally["turns"],
        "refused": tally["refused"],
        "dropped": tally["dropped"],
        "idle_mb": round(idle_mb, 1),
        "after_first_calls_mb": round(warm_mb, 1),
        "after_all_mb": round(after_mb, 1),
    }


def _numbers(calls: str) -> list[int]:
    try:
        numbers = [int(part) for part in calls.split(",") if part.strip()]
    except ValueError:
        raise InvalidInput("--calls takes whole numbers with commas between them.") from None
    if not numbers or not all(1 <= number <= _MOST_CALLS for number in numbers):
        raise InvalidInput(f"--calls takes numbers from 1 to {_MOST_CALLS}.")
    return numbers


def _measure(
    numbers: list[int], seconds: float, unsure_every: int, server_core: int, console: Console
) -> list[CapacityRow]:
    rows: list[CapacityRow] = []
    with tempfile.TemporaryDirectory(prefix="reception-bench-") as folder, _progress(console) as progress:
        bar = progress.add_task("Speaking the questions", total=len(numbers) * seconds)
        material = Path(folder) / "speech.npz"
        asyncio.run(speak_material()).save(material)
        for number in numbers:
            progress.update(bar, description=f"{number} call(s): connecting")
            with _server(material, unsure_every, server_core) as server:
                row = _Row(server, number, seconds, unsure_every, server_core, progress, bar)
                rows.append(row.measured(material))
    return rows


class _Server:
    """The server's process, and what it has used. `port` is where it listens."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        assert process.stdout is not None
        self.port = int(process.stdout.readline() or 0)
        if not self.port:
            raise Unavailable("The server of the benchmark did not start; what it wrote is above.")

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


@contextlib.contextmanager
def _server(material: Path, unsure_every: int, core: int) -> Iterator[_Server]:
    options = ("--unsure-every", str(unsure_every), "--core", str(core))
    with _process("reception.cli.bench_server", str(material), *options) as process:
        yield _Server(process)


@contextlib.contextmanager
def _process(module: str, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Another of our processes, which ends when its standard input closes, and at the latest with this block."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ORT_DISABLE_TELEMETRY": "1"}
    process = subprocess.Popen(  # noqa: S603  our own interpreter and module
        [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@dataclass(frozen=True, slots=True)
class _Usage:
    at_s: float
    cpu_s: float
    rss_mb: float


class _Row:
    """The measurement of one number of calls."""

    def __init__(
        self,
        server: _Server,
        calls: int,
        seconds: float,
        unsure_every: int,
        server_core: int,
        progress: Progress,
        bar: TaskID,
    ) -> None:
        self._unsure_every = unsure_every
        self._server = server
        self._calls = calls
        self._seconds = seconds
        self._server_core = server_core
        self._progress = progress
        self._bar = bar

    def measured(self, material: Path) -> CapacityRow:
        before = self._usage()
        other = next((core for core in sorted(os.sched_getaffinity(0)) if core != self._server_core), -1)
        options = {
            "--port": self._server.port,
            "--calls": self._calls,
            "--seconds": self._seconds,
            "--settle-s": _SETTLE_S,
            "--unsure-every": self._unsure_every,
            "--core": other,
        }
        arguments = [text for name, value in options.items() for text in (name, str(value))]
        with _process("reception.cli.bench_caller", str(material), *arguments) as callers:
            _until(callers, "measuring")
            start = self._usage()
            self._advance()
            live = int(_until(callers, "measured")["live"])
            end = self._usage()
            assert callers.stdin is not None
            callers.stdin.write(b"\n")
            callers.stdin.flush()
            tally = _until(callers, "ended")["tally"]
        return self._row(before, start, end, live, tally)

    def _usage(self) -> _Usage:
        return _Usage(time.monotonic(), self._server.cpu_s(), self._server.rss_mb())

    def _advance(self) -> None:
        self._progress.update(self._bar, description=f"{self._calls} call(s): measuring")
        ends_s = time.monotonic() + self._seconds
        while (left_s := ends_s - time.monotonic()) > 0:
            step_s = min(0.5, left_s)
            time.sleep(step_s)
            self._progress.advance(self._bar, step_s)

    def _row(self, before: _Usage, start: _Usage, end: _Usage, live: int, tally: dict[str, Any]) -> CapacityRow:
        elapsed_s = end.at_s - start.at_s
        cpu = (end.cpu_s - start.cpu_s) / elapsed_s * 100
        spoken, late = tally["voice_to_voice_ms"], tally["lateness_ms"]
        return CapacityRow(
            calls=self._calls,
            live=live,
            seconds=round(elapsed_s, 1),
            cpu_percent_of_core=round(cpu, 1),
            cpu_percent_per_call=round(cpu / max(1, live), 3),
            rss_mb=round(end.rss_mb, 1),
            rss_mb_per_call=round((end.rss_mb - before.rss_mb) / max(1, live), 3),
            turns=tally["turns"],
            voice_to_voice_p50_ms=_percentile(spoken, 50),
            voice_to_voice_p95_ms=_percentile(spoken, 95),
            added_p50_ms=_percentile(tally["added_ms"], 50),
            added_p95_ms=_percentile(tally["added_ms"], 95),
            lateness_p50_ms=_percentile(late, 50),
            lateness_p95_ms=_percentile(late, 95),
            lateness_p99_ms=_percentile(late, 99),
            sending_late_p95_ms=_percentile(tally["sending_late_ms"], 95),
            unanswered=tally["unanswered"],
            cut_off=tally["cut_off"],
            refused=tally["refused"],
            dropped=tally["dropped"],
            load=round(os.getloadavg()[0], 2),
        )


def _until(callers: "subprocess.Popen[bytes]", stage: str) -> dict[str, Any]:
    """What the callers say at `stage`; what they said before it is passed over."""
    assert callers.stdout is not None
    for line in callers.stdout:
        said: dict[str, Any] = orjson.loads(line)
        if said["stage"] == stage:
            return said
    raise Unavailable("The callers of the benchmark stopped; what they wrote is above.")


def _percentile(values: list[float], percent: float) -> float:
    return round(float(np.percentile(values, percent)), 1) if values else 0.0


def _progress(console: Console) -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console)


def _table(rows: list[CapacityRow]) -> Table:
    table = Table(title="Capacity of one core")
    for heading in _COLUMNS:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            f"{row.live}/{row.calls}",
            f"{row.cpu_percent_of_core:.1f}",
            f"{row.cpu_percent_per_call:.2f}",
            f"{row.rss_mb_per_call:.2f}",
            str(row.turns),
            f"{row.voice_to_voice_p50_ms:.0f} / {row.voice_to_voice_p95_ms:.0f}",
            f"{row.added_p50_ms:.0f} / {row.added_p95_ms:.0f}",
            f"{row.lateness_p50_ms:.0f} / {row.lateness_p95_ms:.0f} / {row.lateness_p99_ms:.0f}",
            f"{row.unanswered} / {row.cut_off} / {row.refused} / {row.dropped}",
            f"{row.load:.1f}",
        )
    return table


_COLUMNS = (
    "calls",
    "CPU, % of the core",
    "% a call",
    "MB a call",
    "turns",
    "voice to voice p50/p95, ms",
    "added p50/p95, ms",
    "late p50/p95/p99, ms",
    "unanswered/cut off/refused/dropped",
    "load",
)
