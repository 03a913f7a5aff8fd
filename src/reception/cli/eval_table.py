"""Results on a terminal."""

from collections.abc import Sequence
from io import StringIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from reception.runtime.evaluation.results import Result


def print_results(console: Console, results: Sequence[Result], took_s: float, *, verbose: bool) -> None:
    """A table of all, the conversations of those that failed (of all when `verbose`), and the count."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("Scenario", overflow="fold")
    table.add_column("Turns", justify="right")
    table.add_column("Time", justify="right")
    table.add_column("Ended", style="dim")
    table.add_column("File", style="dim", overflow="fold")
    for result in results:
        mark = "[green]pass[/]" if result.passed else "[bold red]FAIL[/]"
        turns = str(max(0, len(result.exchanges) - 1))
        where = f"{result.file}:{result.line}"
        table.add_row(mark, escape(result.name), turns, f"{result.took_s:.1f} s", result.ended, escape(where))
    console.print(table)
    for result in results:
        if verbose or not result.passed:
            print_conversation(console, result)
    passed = sum(result.passed for result in results)
    style = "green" if passed == len(results) else "red"
    console.print(f"\n[bold {style}]{passed} of {len(results)} scenarios passed[/] in {took_s:.1f} s")


def print_conversation(console: Console, result: Result) -> None:
    """One conversation, and what is not as expected of it."""
    console.print(f"\n[bold]{escape(result.name)}[/] [dim]{escape(result.file)}:{result.line}[/]")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", min_width=8, style="dim")
    grid.add_column(ratio=1, overflow="fold")
    for one in result.exchanges:
        if one.did:
            grid.add_row("Caller", f"[cyan]{escape(one.did)}[/]")
        if one.heard and one.heard != one.did:
            grid.add_row("heard", f"[dim]{escape(one.heard)}[/]")
        if one.reply:
            grid.add_row("Agent", escape(one.reply))
        if one.actions:
            grid.add_row("Done", f"[green]{escape(', '.join(one.actions))}[/]")
    console.print(grid)
    for table, rows in result.rows.items():
        for row in rows:
            told = ", ".join(
                f"{name} {value}"
                for name, value in row.items()
                if value not in (None, "", []) and not name.endswith("id")
            )
            console.print(f"[dim]{escape(table)}: {escape(told[:300])}[/]", soft_wrap=True)
    for failure in result.failures:
        where = f" (line {failure.line})" if failure.line else ""
        console.print(f"[red]✗ {escape(failure.what)}[/]{where}: {escape(failure.detail)}", soft_wrap=True)
    if result.error:
        console.print(f"[red]✗ {escape(result.error)}[/]", soft_wrap=True)


def as_text(result: Result) -> str:
    """One conversation and its failures as plain text."""
    console = Console(highlight=False, width=140, no_color=True, file=StringIO())
    print_conversation(console, result)
    written = console.file
    assert isinstance(written, StringIO)
    return written.getvalue().strip()
