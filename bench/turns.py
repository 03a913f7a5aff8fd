"""Turn taking and latency with many kinds of callers: `python -m bench.turns [--json]`.

A server is started (or `--url` names one) and telephoned, 8 kHz µ-law with line noise, by callers who answer
shortly, talk at length, hesitate, dictate and spell, interrupt, and make noises over the agent. Everything they say
is spoken beforehand, so that the machine belongs to the server. `--calls 1 2 4 8` repeats it with so many at once.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from rich.console import Console
from tests.support.callers import open_day, question_in, spoken_day
from tests.support.running_server import running_server

from bench.line import Echo, Line, call
from bench.turn_scores import Score, incidents, score_call, summary
from bench.utterances import Clip, booking_clips, overlap_clips, question_clips
from reception.core.errors import AppError
from reception.runtime.demo.businesses import demo_businesses

AGENT = "harbor-table"
_BETWEEN_S = 0.45
_OVER_AFTER_S = 0.7
_MOST_TURNS = 12


@dataclass(frozen=True, slots=True)
class Part:
    """What one caller will say: a booking, or questions with things said over the answers."""

    opening: Clip | None
    answers: Mapping[str, Sequence[Clip]]
    questions: Sequence[Clip]
    overlaps: Sequence[Clip]


def parts(count: int) -> list[Part]:
    spec = demo_businesses(datetime.now(UTC).date())[0].spec
    made: list[Part] = []
    for number in range(count):
        if number % 3 < 2:
            day = spoken_day(open_day(spec.hours, spec.timezone, time(19, 30), ahead=3 + number))
            made.append(Part(*booking_clips(number, day), (), ()))
        else:
            made.append(Part(None, {}, question_clips(number), overlap_clips(number)))
    return made


async def hold_call(url: str, part: Part, echo: Echo | None) -> Line:
    async with call(url, AGENT, echo=echo) as line:
        await line.hear_out()
        if part.opening is not None:
            await _book(line, part.opening, part.answers)
        else:
            await _ask(line, part.questions, part.overlaps)
    return line


async def _book(line: Line, opening: Clip, answers: Mapping[str, Sequence[Clip]]) -> None:
    left = {question: list(given) for question, given in answers.items()}
    await _tell(line, opening)
    for _ in range(_MOST_TURNS):
        given = left.get(question_in(line.reply_text()) or "")
        if line.ended or not given:
            return
        await _tell(line, given.pop(0) if len(given) > 1 else given[0])


async def _tell(line: Line, clip: Clip) -> None:
    await asyncio.sleep(_BETWEEN_S)
    await line.say(clip)
    await line.hear_out()


async def _ask(line: Line, questions: Sequence[Clip], overlaps: Sequence[Clip]) -> None:
    over = list(overlaps)
    for question in questions:
        if line.ended:
            return
        await asyncio.sleep(_BETWEEN_S)
        await line.say(question)
        if over and await line.hear_sound(_OVER_AFTER_S):
            await line.say(over.pop(0))
        await line.hear_out()


async def measure(
    url: str, material: Sequence[Part], at_once: int, turns: int, echo: Echo | None, on_turn: Callable[[int], None]
) -> tuple[list[Score], list[Line]]:
    """Hold calls, `at_once` of them together, until `turns` utterances were heard."""
    scores: list[Score] = []
    lines: list[Line] = []
    waiting = iter([part for _ in range(20) for part in material])

    async def caller(place: int) -> None:
        await asyncio.sleep(0.37 * place)
        while len(scores) < turns:
            line = await hold_call(url, next(waiting), echo)
            lines.append(line)
            scores.extend(score_call(line))
            on_turn(len(scores))

    async with asyncio.TaskGroup() as group:
        for place in range(at_once):
            group.create_task(caller(place))
    return scores, lines


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def server_for(url: str | None, pid: int | None) -> Iterator[tuple[str, int | None]]:
    if url is not None:
        yield url, pid
        return
    with tempfile.TemporaryDirectory(prefix="reception-bench-") as directory, running_server(Path(directory)) as server:
        yield server.url, server.pid


def run(arguments: argparse.Namespace, console: Console) -> dict[str, Any]:
    console.print("Speaking what the callers will say …")
    material = parts(arguments.parts)
    echo = Echo(arguments.echo_db, arguments.echo_ms / 1000) if arguments.echo_db is not None else None
    report: dict[str, Any] = {}
    with server_for(arguments.url, arguments.pid) as (url, pid):
        for at_once in arguments.calls:
            turns = arguments.turns * (2 if at_once > 1 else 1)
            load, began_s = os.getloadavg()[0], cpu_s(pid) if pid else 0.0
            with console.status(f"{at_once} at once") as status:
                tell = lambda done, of=turns, n=at_once: status.update(f"{n} at once: {done} of {of}")  # noqa: E731
                scores, lines = asyncio.run(measure(url, material, at_once, turns, echo, tell))
            found = summary(scores, lines) | {"load_average": [round(load, 2), round(os.getloadavg()[0], 2)]}
            if pid:
                found["server_cpu_s_per_call_s"] = round((cpu_s(pid) - began_s) / max(1, found["call_seconds"]), 3)
            report[str(at_once)] = found | {"incidents": incidents(scores)}
            if arguments.trace:
                for score in scores:
                    console.print(
                        f"{score.kind:12} {score.latency_ms or 0:5.0f} commit {score.commit_ms or 0:5.0f} says "
                        f"{score.metrics_ms or 0:5.0f}  {score.text!r} → {score.heard!r}",
                        markup=False,
                    )
    return report


def show(report: Mapping[str, Any], console: Console) -> None:
    for at_once, found in report.items():
        console.rule(f"{at_once} call{'s' if at_once != '1' else ''} at once")
        for name, value in found.items():
            if isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values()):
                console.print(f"{name}:")
                for inner, spread in value.items():
                    console.print(f"    {inner:26} {_brief(spread)}", markup=False)
            elif isinstance(value, list) and name == "incidents":
                for incident in value:
                    console.print(f"  {incident}", markup=False)
            else:
                console.print(f"{name}: {_brief(value)}", markup=False)


def _brief(value: object) -> str:
    return "  ".join(f"{key} {one}" for key, one in value.items()) if isinstance(value, dict) else str(value)


def main() -> int:
    made = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__)
    made.add_argument("--url", help="a running server with the demo businesses; default: start one")
    made.add_argument("--pid", type=int, help="its process, to count its processor time")
    made.add_argument("--turns", type=int, default=120, help="utterances at each level (default 120)")
    made.add_argument("--parts", type=int, default=12, help="how many different callers (default 12)")
    made.add_argument("--calls", type=int, nargs="+", default=[1], help="calls at once, one level after another")
    made.add_argument("--echo-db", type=float, help="mix the agent's voice into the microphone at this level, as -25")
    made.add_argument("--echo-ms", type=float, default=200.0, help="and so much later (default 200)")
    made.add_argument("--trace", action="store_true", help="print every utterance")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    arguments = made.parse_args()
    console = Console(stderr=True, highlight=False)
    try:
        report = run(arguments, console)
    except AppError as error:
        console.print(f"[bold red]{error.detail}[/]")
        return 1
    if arguments.json:
        print(json.dumps(report, indent=2))
    else:
        show(report, Console(highlight=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
