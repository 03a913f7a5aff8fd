"""The progress bar of `reception eval`."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from reception.runtime.evaluation.results import Result


class Progress:
    """Shows what is being prepared, then how many scenarios are through and how many failed."""

    def __init__(self, console: Console, total: int) -> None:
        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("[red]{task.fields[failed]}[/]"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("Preparing", total=total, failed="")
        self._failed = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str) -> None:
        self._bar.update(self._task, description=text)

    def done(self, result: Result) -> None:
        self._failed += not result.passed
        failed = f"{self._failed} failed" if self._failed else ""
        self._bar.update(self._task, advance=1, description="Running", failed=failed)
