"""`reception eval`: runs scenarios, and fails where one does."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from reception.cli.eval_bench import Prepared, prepared
from reception.cli.eval_progress import Progress
from reception.cli.eval_record import record_conversation
from reception.cli.eval_reports import write_html, write_json, write_junit
from reception.cli.eval_speech import speech_phone
from reception.cli.eval_table import print_results
from reception.cli.eval_voice import CallerVoice
from reception.cli.logs import configure_logs
from reception.core.errors import AppError, InvalidInput
from reception.runtime.evaluation.results import Manner, Result
from reception.runtime.evaluation.running import MakePhone, run_all, run_one, text_phone
from reception.runtime.evaluation.scenario import Scenario
from reception.runtime.evaluation.scenario_file import load_all, scenario_files

_MODES = ("local", "llm")
_TEXT_JOBS = 4
_SPEECH_JOBS = 6


class _RunUnlessNamed(TyperGroup):
    """`reception eval FILES` is `reception eval run FILES`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


evaluation = typer.Typer(
    name="eval",
    cls=_RunUnlessNamed,
    no_args_is_help=True,
    help="Run scenarios against the real dialogue and grade them on what the database then holds. "
    "`reception eval SCENARIOS...` is short for `reception eval run SCENARIOS...`.",
)


evaluation.command("record")(record_conversation)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which scenarios are run, and how."""

    mode: str
    spoken: bool
    jobs: int
    fail_fast: bool


@evaluation.command("run")
def run(
    paths: Annotated[list[Path], typer.Argument(metavar="SCENARIOS...", help="YAML files, and folders with them.")],
    speech: Annotated[
        bool, typer.Option("--speech", help="Speak those that say `speech`, through the real engine.")
    ] = False,
    every: Annotated[bool, typer.Option("--all", help="With --speech: speak every scenario.")] = False,
    mode: Annotated[str, typer.Option(help="local, or llm where a language model is configured.")] = "local",
    jobs: Annotated[int, typer.Option(min=0, max=64, help="So many at once; 0 chooses.")] = 0,
    match: Annotated[str, typer.Option("--match", "-k", help="Only those with this in their name or file.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Only those with this tag; may be given again.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only say whether the files are valid.")] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop at the first that fails.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every conversation.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document in place of the table.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write a JUnit XML report here.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write an HTML report here.")] = None,
) -> None:
    """Run scenarios; exits with 1 when one fails, with 2 when one cannot be read."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    configure_logs("error", as_json=False)
    errors = Console(stderr=True, highlight=False)
    try:
        if mode not in _MODES:
            raise InvalidInput(f"--mode must be one of {', '.join(_MODES)}.")
        scenarios = load_all(scenario_files(paths))
        chosen = choose(scenarios, match, tag or [], mode, only_spoken=speech and not every)
        if check:
            Console(highlight=False).print(f"{len(scenarios)} scenarios are valid.")
            return
        if not chosen:
            raise InvalidInput("No scenario is left to run; look at --match, --tag and --speech.")
    except AppError as error:
        errors.print(escape(error.detail), style="red", soft_wrap=True)
        raise typer.Exit(2) from None
    began_s = time.perf_counter()
    try:
        results = asyncio.run(_run(chosen, Choice(mode, speech, jobs, fail_fast), errors))
    except AppError as error:
        errors.print(f"[bold red]Not run:[/] {escape(error.detail)}", soft_wrap=True)
        raise typer.Exit(2) from None
    took_s = time.perf_counter() - began_s
    if as_json:
        typer.echo(write_json(results, took_s))
    else:
        print_results(Console(highlight=False), results, took_s, verbose=verbose)
    for path, write in ((junit, write_junit), (html, write_html)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write(results, took_s), encoding="utf-8")
    if not all(result.passed for result in results):
        raise typer.Exit(1)


def choose(
    scenarios: Sequence[Scenario], match: str, tags: Sequence[str], mode: str, *, only_spoken: bool
) -> list[Scenario]:
    """Those that were asked for and are meant for `mode`."""
    wanted = match.casefold()
    return [
        one
        for one in scenarios
        if (wanted in one.name.casefold() or wanted in one.file.casefold())
        and (not tags or set(tags) & set(one.tags))
        and mode in one.modes
        and (one.speech.spoken or not only_spoken)
    ]


async def _run(scenarios: Sequence[Scenario], choice: Choice, console: Console) -> list[Result]:
    with Progress(console, len(scenarios)) as progress:
        async with prepared(choice.mode, progress.say, spoken=choice.spoken) as bench:
            manner: Manner = "speech" if choice.spoken else "text"
            phone = await _phone(bench)
            return await run_all(
                scenarios,
                lambda scenario: run_one(bench.bench, scenario, manner, phone),
                jobs=choice.jobs or (_SPEECH_JOBS if choice.spoken else _TEXT_JOBS),
                on_result=progress.done,
                stop_at_failure=choice.fail_fast,
            )


async def _phone(bench: Prepared) -> MakePhone:
    if bench.speech is None:
        return text_phone
    return speech_phone(bench.speech, await asyncio.to_thread(CallerVoice, bench.speech.tts))
