"""`reception backup` and `reception restore`: a whole installation into one file, and out of it."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.status import Status

from reception.app import open_database
from reception.core.clock import SystemClock
from reception.core.errors import AppError
from reception.runtime.backup.manifest import Manifest
from reception.runtime.backup.restoring import restore, verify
from reception.runtime.backup.saving import Source, save
from reception.runtime.recording.store import RecordingStore
from reception.settings import Settings, encryption, load_settings

_DATA_DIR = typer.Option(help="Where the database lives. [default: .data]")
_KEYS = ("secret.key", "encryption.key")


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, such as reception-2026-11-26.zip.")],
    data_dir: Annotated[Path | None, _DATA_DIR] = None,
    recordings: Annotated[
        bool | None,
        typer.Option(help="Take recordings too. [default: where they lie in a folder, and not from S3]"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")] = False,
) -> None:
    """Write the whole installation, as it is at one moment, to one file. The service may go on meanwhile.

    Sealed secrets stay sealed. The keys of the installation are not in the file: keep them apart from it.
    """
    console = _console()
    try:
        settings = load_settings(data_dir=data_dir)
        with console.status("Starting") as status:
            made = asyncio.run(_backed_up(settings, file, recordings, partial(_show, status), replace=force))
    except AppError as error:
        raise _failed("No backup was made", error) from None
    size_mb = file.stat().st_size / 1e6
    console.print(f"{file}: {_contents(made)}; {size_mb:.1f} MB.", markup=False)
    if made.recordings is None:
        console.print("Recordings are not in it: back up the place where they are kept, or use --recordings.")
    console.print(_keep_keys(settings), markup=False)


def restore_backup(
    file: Annotated[Path, typer.Argument(help="What `reception backup` wrote.")],
    data_dir: Annotated[Path | None, _DATA_DIR] = None,
    recordings: Annotated[bool, typer.Option(help="Restore the recordings that are in the file.")] = True,
    check: Annotated[bool, typer.Option("--check", help="Only verify the file; nothing is changed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the installation that is there.")] = False,
) -> None:
    """Make this installation what the file holds, brought to the schema of this version. Stop the service first.

    The whole file is verified before anything is changed, and a failure leaves the database as it was.
    """
    console = _console()
    try:
        settings = load_settings(data_dir=data_dir)
        with console.status("Verifying") as status:
            show = partial(_show, status)
            made = (
                verify(file, show)
                if check
                else asyncio.run(_restored(settings, file, show, recordings=recordings, replace=force))
            )
    except AppError as error:
        raise _failed("Not restored", error) from None
    verb = "is whole" if check else "was restored"
    console.print(
        f"{file}, made by Reception {made.version} on {made.made_at:%Y-%m-%d %H:%M} UTC, {verb}: {_contents(made)}.",
        markup=False,
    )
    if warning := _strange_key(settings, made):
        console.print(f"[yellow]{escape(warning)}[/]")


async def _backed_up(
    settings: Settings, file: Path, recordings: bool | None, show: Callable[[str], None], *, replace: bool
) -> Manifest:
    wanted = "://" not in settings.recordings_at if recordings is None else recordings
    store = await asyncio.to_thread(RecordingStore, settings.recordings_at) if wanted else None
    vault = encryption(settings)
    async with open_database(settings, show, shared=True) as database:
        source = Source(database.owner, store, vault.key_id if vault else None)
        return await asyncio.to_thread(save, source, file, SystemClock().now(), show, replace=replace)


async def _restored(
    settings: Settings, file: Path, show: Callable[[str], None], *, recordings: bool, replace: bool
) -> Manifest:
    store = await asyncio.to_thread(RecordingStore, settings.recordings_at) if recordings else None
    async with open_database(settings, show) as database:
        return await asyncio.to_thread(restore, file, database.owner, store, show, replace=replace)


def _contents(made: Manifest) -> str:
    recordings = "" if made.recordings is None else f", {len(made.recordings)} recordings"
    return f"{made.rows} rows of {len(made.tables)} tables{recordings}"


def _keep_keys(settings: Settings) -> str:
    kept = [str(settings.data_dir / name) for name in _KEYS if (settings.data_dir / name).exists()]
    named = " and ".join(kept) or "RECEPTION_SECRET_KEY and RECEPTION_ENCRYPTION_KEY"
    return f"Keep the keys too, apart from the file: {named}. Without them sealed secrets cannot be opened."


def _strange_key(settings: Settings, made: Manifest) -> str:
    """A warning where the secrets that were restored cannot be opened here."""
    sealed = any(table.name == "provider_keys" and table.rows for table in made.tables)
    vault = encryption(settings)
    if not sealed or made.encryption_key is None or (vault is not None and vault.holds(made.encryption_key)):
        return ""
    return (
        f"Tenants' keys for providers are sealed under another key ({made.encryption_key}) than this installation's. "
        "Set RECEPTION_ENCRYPTION_KEY to the one that they were made with."
    )


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True)


def _show(status: Status, step: str) -> None:
    """On a terminal the one line that changes, elsewhere a line each."""
    if status.console.is_terminal:
        status.update(escape(step))
    else:
        status.console.print(step, markup=False)


def _failed(what: str, error: AppError) -> typer.Exit:
    Console(stderr=True, highlight=False).print(f"[bold red]{what}:[/] {escape(error.detail)}", soft_wrap=True)
    return typer.Exit(1)
