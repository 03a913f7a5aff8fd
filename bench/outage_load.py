"""Many calls at once over Twilio's wire, one provider dead: what callers wait, against the same with all well."""

import asyncio
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.outage_server import DEAD, SILENT
from reception.cli.bench import _percentile, _process, _until
from reception.cli.bench_material import speak_material

SETTLE_S, SECONDS, FAILS_AFTER_S = 6.0, 14.0, 9.0
"""The outage begins three seconds or so into what is measured, counted from the first request of all."""
GOOD = "openai:good"
CASES = (
    ("all are well", GOOD, GOOD),
    ("the voice answers 500", GOOD, f"openai:{DEAD}, {GOOD}"),
    ("the voice does not answer", GOOD, f"openai:{SILENT}, {GOOD}"),
    ("hearing answers 500", f"openai:{DEAD}, {GOOD}", GOOD),
    ("hearing does not answer", f"openai:{SILENT}, {GOOD}", GOOD),
)


def measure(calls: int, material: Path, address: str, ears: str, voice: str) -> tuple[list[float], dict[str, int]]:
    """What the callers waited, in milliseconds, and how many of them were not answered or lost."""
    with _process("bench.outage_server", str(material), address, ears, voice) as server:
        assert server.stdout is not None
        port = server.stdout.readline().decode().strip()
        options = ("--port", port, "--calls", str(calls), "--settle-s", str(SETTLE_S), "--seconds", str(SECONDS))
        with _process("reception.cli.bench_caller", str(material), *options, "--unsure-every", "0") as callers:
            live = int(_until(callers, "measured")["live"])
            assert callers.stdin is not None
            callers.stdin.write(b"\n")
            callers.stdin.flush()
            tally = _until(callers, "ended")["tally"]
    counts = {name: tally[name] for name in ("turns", "unanswered", "cut_off", "refused", "dropped")}
    return tally["voice_to_voice_ms"], {"live": live, **counts}


def main(calls: int = 50) -> None:
    """Print a line a case; two minutes and a half in all."""
    table = Table(
        f"{calls} calls", "turns", "p50 ms", "p95 ms", "worst", "added p50", "added p95", "live, lost, unanswered"
    )
    with tempfile.TemporaryDirectory(prefix="reception-bench-") as folder:
        material = Path(folder) / "speech.npz"
        asyncio.run(speak_material()).save(material)
        well: tuple[float, float] | None = None
        for name, ears, voice in CASES:
            with _process("bench.outage_server", "vendors", str(FAILS_AFTER_S)) as vendors:
                assert vendors.stdout is not None
                address = vendors.stdout.readline().decode().strip()
                waits, counts = measure(calls, material, address, ears, voice)
                at = (_percentile(waits, 50), _percentile(waits, 95))
                well = well or at
                lost = counts["dropped"] + counts["refused"]
                table.add_row(
                    name,
                    str(counts["turns"]),
                    *(f"{value:.0f}" for value in (*at, max(waits, default=0.0), at[0] - well[0], at[1] - well[1])),
                    f"{counts['live']}, {lost}, {counts['unanswered']}",
                )
                print(name, at, counts, flush=True)
    Console(width=120).print(table)
