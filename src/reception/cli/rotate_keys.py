"""`reception rotate-keys`: another key for the secrets in the database."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from reception.app import found
from reception.core.errors import AppError, InvalidInput
from reception.db.database import Database
from reception.domains.credentials.service import rotate
from reception.settings import Settings, encryption, load_settings


def rotate_keys(
    data_dir: Annotated[Path | None, typer.Option(help="Where the database lives. [default: .data]")] = None,
) -> None:
    """Seal tenants' keys for providers under the first key of RECEPTION_ENCRYPTION_KEY. Set it to the new key, a comma
    and the old one, run this, and then take the old one away. Stop the server first when its database is the embedded
    one."""
    try:
        count = asyncio.run(rotated(load_settings(data_dir=data_dir)))
    except AppError as error:
        Console(stderr=True, highlight=False).print(f"[bold red]Not done:[/] {escape(error.detail)}", soft_wrap=True)
        raise typer.Exit(1) from None
    Console(highlight=False).print(f"{count} keys were sealed anew.", markup=False)


async def rotated(settings: Settings) -> int:
    """Seal every tenant's keys anew that are not sealed under the first key. Returns how many.

    Raises:
        AppError: the database cannot be used now, no key is set, or one that is needed is missing.
    """
    vault = encryption(settings)
    if vault is None:
        raise InvalidInput("Set RECEPTION_ENCRYPTION_KEY to the new key, a comma, and the old one.")
    async with found(settings, lambda _: None) as foundation:
        owner = Database(foundation.owner_url, pool_size=1)
        try:
            async with owner.unscoped_session() as session:
                return await rotate(session, vault)
        finally:
            await owner.dispose()
