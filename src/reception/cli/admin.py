"""`reception create-admin`: the first account of an installation without the demo."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from reception.app import Login, create_platform_admin
from reception.core.errors import AppError
from reception.settings import load_settings


def create_admin(
    email: Annotated[str, typer.Argument(help="The administrator's e-mail address.")],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="RECEPTION_ADMIN_PASSWORD")
    ],
    data_dir: Annotated[Path | None, typer.Option(help="Where the database lives. [default: .data]")] = None,
) -> None:
    """Create a platform administrator, or set a new password for one. Stop the server first when its database is
    the embedded one."""
    try:
        asyncio.run(create_platform_admin(load_settings(data_dir=data_dir), Login(email, password)))
    except AppError as error:
        reasons = [f"{problem.pointer.strip('/')} {problem.detail}" for problem in error.problems]
        told = escape("; ".join(reasons) or error.detail)
        Console(stderr=True, highlight=False).print(f"[bold red]Not created:[/] {told}", soft_wrap=True)
        raise typer.Exit(1) from None
    Console(highlight=False).print(f"{email} can now log in.", markup=False)
