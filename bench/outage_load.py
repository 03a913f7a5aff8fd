"""Many calls at once over Twilio's wire, one provider dead: what callers wait and hear, against all being well."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from bench.outage_server import DEAD, SILENT
from reception.cli.bench import _percentile, _process, _until
from reception.cli.bench_material import speak_material

SETTLE_S, SECONDS, FAILS_AFTER_S = 6.0, 15.0, 9.0
"""The outage begins three seconds or so into what is measured, counted from the first request of all."""
GOOD = "openai:good"
_PARTS = ("hearing", "language", "voice")


def measure(calls: int, material: Path, address: str, chains: list[str]) -> tuple[dict[str, Any], dict[str, int]]:
    """What the callers tell, and what happened in their calls."""
    counted = material.with_name("counts.json")
    with _process("bench.outage_server", str(material), address, *chains, str(counted)) as server:
        assert server.stdout is not None
        port = server.stdout.readline().decode().strip()
        options = (str(material), port, str(calls), str(SETTLE_S), str(SECONDS))
        with _process("bench.outage_callers", *options) as callers:
            live = int(_until(callers, "measured")["live"])
            tally = _until(callers, "ended")["tally"]
    counts: dict[str, int] = orjson.loads(counted.read_bytes())
    early = sum(number for name, number in counts.items() if name.startswith("ended") and "stopped" not in name)
    return {**tally, "live": live, "early": early}, counts


def cases(parts: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    """All well first, then each of `parts` dead, and then silent; by what each hears, writes and speaks with."""
    found = [("all are well", [GOOD] * 3)]
    for place, part in enumerate(_PARTS):
        if part in parts:
            for what, model in (("answers 500", DEAD), ("does not answer", SILENT)):
                chains = [GOOD] * 3
                chains[place] = f"openai:{model}, {GOOD}"
                found.append((f"{part} {what}", chains))
    return found


def main(calls: int = 50, *parts: str) -> None:
    """Print a line a case, half a minute each; `parts` are hearing, language and voice unless named."""
    table = Table(f"{calls} calls", "first sound p50", "p95", "worst", "replies", "dead air", "lost", "again", "early")
    with tempfile.TemporaryDirectory(prefix="reception-bench-") as folder:
        material = Path(folder) / "speech.npz"
        asyncio.run(speak_material()).save(material)
        for name, chains in cases(parts or _PARTS):
            with _process("bench.outage_server", "vendors", str(FAILS_AFTER_S)) as vendors:
                assert vendors.stdout is not None
                address = vendors.stdout.readline().decode().strip()
                told, counts = measure(calls, material, address, chains)
            waits = told["voice_to_voice_ms"]
            times = (_percentile(waits, 50), _percentile(waits, 95), max(waits, default=0.0))
            numbers = ("replies", "dead_air", "with_words_lost", "with_words_repeated")
            early = calls - told["live"] + told["early"]
            row = [f"{value:.0f}" for value in times] + [str(told[number]) for number in numbers] + [str(early)]
            table.add_row(name, *row)
            others = {
                one: told[one] for one in ("turns", "unanswered", "cut_off", "refused", "dropped", "without_words")
            }
            longest = _percentile(told["longest_silence_s"], 95), max(told["longest_silence_s"], default=0.0)
            print(name, *row, others, counts, "longest silence p95 and worst", longest, told["odd"], flush=True)
    Console(width=120).print(table)
