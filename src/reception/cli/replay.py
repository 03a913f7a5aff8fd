"""`reception replay`: the turn taking of a dumped call, once more, decision by decision."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.text import Text

from reception.call.dump import Line, Note, Step, replay
from reception.core.errors import AppError, InvalidInput

_QUIET_NOTES = frozenset({"transcription_asked", "audio_sent", "mark_sent"})


def replay_dump(
    dump: Annotated[Path, typer.Argument(help="A .jsonl file that RECEPTION_DUMP_DIR made.")],
    everything: Annotated[bool, typer.Option("--all", help="Also windows without a decision, and every note.")] = False,
) -> None:
    """Play a dumped call to the turn taker again, and say where it decides differently now (exit code 1)."""
    console = Console(highlight=False, soft_wrap=True)
    steps = decisions = differences = 0
    try:
        for one in replay(read_dump(dump)):
            if isinstance(one, Note):
                if everything or one.values["note"] not in _QUIET_NOTES:
                    console.print(_note(one))
                continue
            steps += 1
            decisions += len(one.again)
            differences += one.differs
            if everything or one.differs or one.again or one.name not in ("window", "early_transcription"):
                console.print(_step(one))
    except AppError as error:
        Console(stderr=True, highlight=False).print(Text(error.detail, style="bold red"), soft_wrap=True)
        raise typer.Exit(2) from None
    same = "every one as it was live" if not differences else f"{differences} inputs decided differently from live"
    console.print(f"{steps} inputs, {decisions} decisions: {same}.")
    raise typer.Exit(1 if differences else 0)


def read_dump(path: Path) -> Iterator[Line]:
    """The lines of a dump; a last one that was cut short is left out.

    Raises:
        InvalidInput: the file cannot be read, or holds something else.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            value = None
        if not isinstance(value, dict):
            raise InvalidInput(f"{path}, line {number}, is not a line of a dump.")
        yield value


def _step(step: Step) -> Text:
    line = Text(f"{_time(step.at_ms)}  {step.name}{_values(step.values)}")
    for decision in step.live if not step.differs else ():
        line.append(f"  -> {_decision(decision)}", style="green")
    if step.differs:
        line.append(f"\n{'':>10}  ! live:  {_decisions(step.live)}", style="red")
        line.append(f"\n{'':>10}  ! again: {_decisions(step.again)}", style="red")
    return line


def _note(note: Note) -> Text:
    values = {key: value for key, value in note.values.items() if key not in ("note", "call_s", "hints")}
    return Text(f"{_time(note.at_ms)}    {note.values['note']}{_values(values)}", style="dim")


def _time(at_ms: int) -> str:
    return f"{at_ms / 1000:8.3f} s"


def _values(values: Line) -> str:
    return "".join(f" {key}={_short(value)}" for key, value in values.items())


def _short(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _decision(decision: Line) -> str:
    values = ", ".join(f"{key}={value}" for key, value in decision.items() if key != "decision")
    return f"{decision['decision']}({values})"


def _decisions(decisions: object) -> str:
    return ", ".join(_decision(one) for one in decisions) if isinstance(decisions, list) and decisions else "nothing"
