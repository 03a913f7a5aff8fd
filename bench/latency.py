"""Voice-to-voice latency of single calls, from the waveform: `python -m bench.latency`.

A server is started (or `--url` names one), and called by a synthesised caller in another voice than the product's,
at 16 kHz and as a telephone's 8 kHz µ-law, until enough turns are answered. Latency is measured by the caller: last
sample with speech to first audible sample of the reply, endpointing, transport and playback included.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from tests.support.running_server import RunningServer, running_server

from bench.calls import MeasuredCall, make_calls
from reception.cli.playback import percentile
from reception.core.errors import AppError

STAGES = {
    "endpointing_ms": "last speech to end of turn",
    "stt_ms": "  of it, transcription",
    "understanding_ms": "  of it, understanding",
    "retrieval_ms": "  of it, retrieval",
    "tts_first_audio_ms": "first audio of the voice",
    "voice_to_voice_ms": "last speech to first audio sent",
}


def main() -> int:
    arguments = parser().parse_args()
    console = Console(stderr=True, highlight=False)
    try:
        with server_for(arguments.url) as (url, server):
            calls = asyncio.run(measure(url, arguments.turns, console))
            report = report_of(calls) | machine_of(server)
    except AppError as error:
        console.print(f"[bold red]{error.detail}[/]")
        return 1
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        show(report, Console(highlight=False))
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    made.add_argument("--url", help="a running server with the demo businesses; default: start one")
    made.add_argument("--turns", type=int, default=40, help="how many turns to measure at least (default 40)")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    return made


@contextmanager
def server_for(url: str | None) -> Iterator[tuple[str, RunningServer | None]]:
    if url is not None:
        yield url, None
        return
    with tempfile.TemporaryDirectory(prefix="reception-bench-") as directory, running_server(Path(directory)) as server:
        yield server.url, server


async def measure(url: str, turns: int, console: Console) -> list[MeasuredCall]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("turns"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Calling", total=turns)
        return await make_calls(url, turns, lambda: progress.advance(bar))


def spread(values: Sequence[float]) -> dict[str, float | int | None]:
    kept = list(values)
    return {
        "turns": len(kept),
        "p50_ms": percentile(kept, 50),
        "p95_ms": percentile(kept, 95),
        "max_ms": max(kept, default=None),
    }


def report_of(calls: Sequence[MeasuredCall]) -> dict[str, Any]:
    """Latencies over all turns and by kind of call, where the server says the time went, and what went wrong."""

    def latencies(*, kind: str = "", encoding: str = "") -> dict[str, float | int | None]:
        chosen = [call for call in calls if kind in ("", call.kind) and encoding in ("", call.audio.encoding)]
        return spread([turn.latency_ms for call in chosen for turn in call.turns if turn.latency_ms is not None])

    turns = [turn for call in calls for turn in call.turns]
    metrics = [turn.metrics[0] for turn in turns if turn.metrics]
    return {
        "calls": len(calls),
        "turns": len(turns),
        "unanswered": sum(turn.latency_ms is None and not turn.overlapped for turn in turns),
        "talked_over": sum(turn.overlapped for turn in turns),
        "bookings": sum(action.name == "reservation.created" for turn in turns for action in turn.actions),
        "voice_to_voice": latencies(),
        "by_kind": {
            "booking": latencies(kind="booking"),
            "questions": latencies(kind="questions"),
            "16 kHz": latencies(encoding="pcm_s16le"),
            "8 kHz µ-law": latencies(encoding="mulaw"),
        },
        "stages": {stage: spread([one[stage] for one in metrics if one.get(stage) is not None]) for stage in STAGES},
        "slowest": [
            {"said": turn.said, "heard": turn.heard, "latency_ms": turn.latency_ms}
            for turn in sorted(turns, key=lambda turn: turn.latency_ms or 0.0, reverse=True)[:5]
        ],
    }


def machine_of(server: RunningServer | None) -> dict[str, Any]:
    machine: dict[str, Any] = {
        "machine": {"cores": os.cpu_count(), "architecture": platform.machine(), "python": platform.python_version()}
    }
    if server is not None:
        machine["server"] = {"startup_s": round(server.startup_s, 2), "rss_mb": round(server.rss_mb(), 1)}
    return machine


def show(report: dict[str, Any], console: Console) -> None:
    table = Table(title="Voice to voice, measured by the caller", title_justify="left")
    for heading in ("", "turns", "p50 ms", "p95 ms", "worst ms"):
        table.add_column(heading, justify="left" if not heading else "right")
    rows = {"all turns": report["voice_to_voice"], **report["by_kind"]}
    for name, values in rows.items():
        table.add_row(name, *cells(values))
    table.add_section()
    for stage, label in STAGES.items():
        table.add_row(label, *cells(report["stages"][stage]))
    console.print(table)
    console.print(
        f"{report['calls']} calls, {report['bookings']} booked; {report['unanswered']} turns unanswered, "
        f"{report['talked_over']} talked over."
    )
    for turn in report["slowest"]:
        console.print(
            f"  slow: {turn['latency_ms'] or 0:.0f} ms  {turn['said']!r}, heard {turn['heard']!r}", markup=False
        )
    if "server" in report:
        console.print(
            f"Server: ready in {report['server']['startup_s']} s, {report['server']['rss_mb']:.0f} MB resident."
        )
    console.print(f"Machine: {report['machine']['cores']} cores, {report['machine']['architecture']}.")


def cells(values: dict[str, Any]) -> list[str]:
    milliseconds = [values["p50_ms"], values["p95_ms"], values["max_ms"]]
    return [str(values["turns"]), *("–" if value is None else f"{value:.0f}" for value in milliseconds)]


if __name__ == "__main__":
    sys.exit(main())
