"""`reception prepare`: what would be made on the first start, made now, in the environment itself."""

import typer
from rich.console import Console
from rich.markup import escape

from reception.core.errors import AppError
from reception.providers.embedded.weights import REQUIRED, Weights


def prepare() -> None:
    """Put the speech model together ahead of the first start, beside the installed packages. For images, which are
    read-only later."""
    console = Console(highlight=False, soft_wrap=True)
    weights = Weights()
    try:
        where = weights.prepare()
        weights.require(*REQUIRED)
    except AppError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]Not prepared:[/] {escape(error.detail)}", soft_wrap=True
        )
        raise typer.Exit(1) from None
    console.print(f"{where}: the speech model is whole.", markup=False)
