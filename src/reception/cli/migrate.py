"""`reception migrate`: the database to the schema of this version, as a step of its own before the service."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from reception.app import open_database
from reception.core.errors import AppError, Unavailable
from reception.db.migrate import SchemaState, migrate, schema_state
from reception.settings import Settings, load_settings

_ASKS_EVERY_S = 1.0


def migrate_database(
    data_dir: Annotated[Path | None, typer.Option(help="Where the database lives. [default: .data]")] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit with 1 unless all is done.")] = False,
    wait_s: Annotated[
        float, typer.Option(min=0, max=3600, help="How long to wait for a database that does not answer yet.")
    ] = 60.0,
) -> None:
    """Bring the database to the schema of this version. Several may run at once: one does it, the others wait.

    `reception serve` does the same when it starts; a step of its own is for many replicas, and for updates that are to
    fail before the service is replaced.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        state = asyncio.run(_run(load_settings(data_dir=data_dir), console, wait_s, check=check))
    except AppError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]Not migrated:[/] {escape(error.detail)}", soft_wrap=True
        )
        raise typer.Exit(1) from None
    console.print(told(state), markup=False)
    raise typer.Exit(0 if state.current else 1)


def told(state: SchemaState) -> str:
    """A sentence on where the schema stands."""
    if state.newer:
        return f"The database is at {state.present}, of a newer Reception than this."
    if state.current:
        return f"The database is at {state.present}, the newest."
    where = f"at {state.present}" if state.present else "without a schema"
    return f"The database is {where}; {len(state.waiting)} migrations are to come, up to {state.waiting[-1]}."


async def _run(settings: Settings, console: Console, wait_s: float, *, check: bool) -> SchemaState:
    async with open_database(settings, lambda step: console.print(step, markup=False), shared=check) as database:
        state = await _answered(database.owner, console, wait_s)
        if check or state.newer:
            return state
        for revision in state.waiting:
            console.print(f"  {revision}", markup=False)
        await asyncio.to_thread(migrate, database.owner)
        return await asyncio.to_thread(schema_state, database.owner)


async def _answered(owner_url: str, console: Console, wait_s: float) -> SchemaState:
    """The state of the schema, once the database tells it."""
    until_s = time.monotonic() + wait_s
    waiting = False
    while True:
        try:
            return await asyncio.to_thread(schema_state, owner_url)
        except Unavailable:
            if time.monotonic() + _ASKS_EVERY_S > until_s:
                raise
        if not waiting:
            waiting = True
            console.print(f"Waiting up to {wait_s:.0f} s for the database")
        await asyncio.sleep(_ASKS_EVERY_S)
