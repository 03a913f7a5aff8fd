"""`reception eval record`: a stored conversation as a scenario file."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape

from reception.cli.logs import configure_logs
from reception.core.errors import AppError, InvalidInput, NotFound
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres, running_server
from reception.db.migrate import runtime_url
from reception.runtime.demo.businesses import demo_businesses
from reception.runtime.evaluation.recording import record
from reception.settings import Settings, load_settings


def record_conversation(
    conversation: Annotated[UUID, typer.Argument(metavar="CONVERSATION_ID", help="As the API and the page tell it.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write here. [default: print it]")] = None,
    tenant: Annotated[str, typer.Option(help="The tenant's id; not needed for the demo businesses.")] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Where the database lives. [default: .data]")] = None,
    real: Annotated[
        bool, typer.Option("--keep-personal-data", help="Do not replace names, numbers and addresses.")
    ] = False,
) -> None:
    """Turn a conversation that took place into a scenario file. Names, phone numbers and e-mail addresses are replaced
    by fictional ones. A server that runs on the same data may go on running."""
    configure_logs("error", as_json=False)
    try:
        text = asyncio.run(_record(load_settings(data_dir=data_dir), tenant, conversation, real=real))
    except AppError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]Not recorded:[/] {escape(error.detail)}", soft_wrap=True
        )
        raise typer.Exit(1) from None
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
        Console(highlight=False).print(f"Written to {out}. Try it: reception eval {out}", markup=False)


async def _record(settings: Settings, tenant: str, conversation: UUID, *, real: bool) -> str:
    tenants = _tenants(tenant)
    async with _database(settings) as database:
        for tenant_id in tenants:
            try:
                return await record(database, tenant_id, conversation, real=real)
            except NotFound:
                continue
    where = "This tenant has" if tenant else "The demo businesses have"
    raise NotFound(f"{where} no such conversation{'' if tenant else '; give the tenant with --tenant'}.")


def _tenants(tenant: str) -> list[UUID]:
    demos = {demo.spec.slug: demo.tenant_id for demo in demo_businesses(date(2027, 1, 1))}
    if not tenant:
        return list(demos.values())
    if tenant in demos:
        return [demos[tenant]]
    try:
        return [UUID(tenant)]
    except ValueError:
        raise InvalidInput(f"--tenant must be a tenant's id, or one of {', '.join(demos)}.") from None


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    """The installation's database: its own server's, started if it does not run."""
    embedded: EmbeddedPostgres | None = None
    if settings.database_url is not None:
        url = runtime_url(settings.database_url.get_secret_value())
    else:
        running = await asyncio.to_thread(running_server, settings.data_dir)
        url = running or ""
        if running is None:
            embedded = await asyncio.to_thread(EmbeddedPostgres.start, settings.data_dir)
            url = embedded.runtime_url
    database = Database(url, pool_size=2)
    try:
        yield database
    finally:
        await database.dispose()
        if embedded is not None:
            await asyncio.to_thread(embedded.stop)
