"""`reception doctor`: whether everything that an installation needs is there, and what to do where it is not."""

import asyncio
import json
import os
import shutil
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from reception.cli.migrate import told as told_of
from reception.core.errors import AppError, Conflict, MissingModel
from reception.core.vault import Vault
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres, running_addresses
from reception.db.migrate import schema_state
from reception.domains.credentials.service import OpenedKey, open_all
from reception.providers.checkup import Checked, check_key, check_language, check_providers
from reception.providers.embedded.weights import REQUIRED, Weights
from reception.providers.http import open_http
from reception.providers.limits import UNHURRIED
from reception.providers.llm.models import LanguageModels
from reception.runtime.recording.store import RecordingStore
from reception.settings import Settings, encryption, load_settings, wanted_language, wanted_providers

_NEEDED_BYTES = 1 << 30
_OLDEST_POSTGRES = 16
_CONNECT_S = 5
_MOST_KEYS = 50
_OTHER_VARIABLES = {
    "RECEPTION_ADMIN_PASSWORD",
    "RECEPTION_ENV_FILE",
    "RECEPTION_IMAGE",
    "RECEPTION_LLM_API_KEY",
    "RECEPTION_PUBLISH",
    "RECEPTION_TOKEN",
    "RECEPTION_WORKERS",
}
"""Of the environment too, but not settings of the service."""
_PARTS = {"llm_out": "language model"}


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` says what to do, where something is to be done."""

    what: str
    state: State
    detail: str
    advice: str = ""


def doctor(
    data_dir: Annotated[Path | None, typer.Option(help="Where data live. [default: .data]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check providers with a real, tiny request each, PostgreSQL and its schema, models, disk and ports. Exits with 1
    when something is wrong."""
    try:
        findings = asyncio.run(examine(load_settings(data_dir=data_dir)))
    except AppError as error:
        findings = [Finding("settings", State.FAILED, error.detail, "Mend the setting that is named.")]
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        _show(findings)
    raise typer.Exit(1 if any(finding.state is State.FAILED for finding in findings) else 0)


async def examine(settings: Settings) -> list[Finding]:
    """Everything, in the order in which it is needed."""
    checks: list[Callable[[Settings], Awaitable[Iterable[Finding]]]] = [
        _variables,
        _disk,
        _models,
        _database,
        _recordings,
        _port,
        _providers,
        _language,
        _tenant_keys,
    ]
    return [finding for check in checks for finding in await check(settings)]


async def _disk(settings: Settings) -> list[Finding]:
    place = settings.data_dir.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    told = f"{free / 1e9:.1f} GB free at {settings.data_dir}"
    if free < _NEEDED_BYTES:
        return [Finding("disk", State.WARNING, told, "Make room: recordings and the database need some.")]
    return [Finding("disk", State.OK, told)]


async def _models(settings: Settings) -> list[Finding]:
    weights = Weights()
    try:
        weights.require(*REQUIRED)
    except MissingModel as missing:
        return [Finding("models", State.FAILED, f"{missing.what} is not installed", f"Run: {missing.mend}")]
    found = Finding("models", State.OK, f"{len(REQUIRED)} files are installed")
    try:
        weights.turn_model()
    except MissingModel as missing:
        told = "not installed: pauses alone tell when somebody has finished"
        return [found, Finding("end-of-turn model", State.WARNING, told, f"Run: {missing.mend}")]
    return [found]


async def _database(settings: Settings) -> list[Finding]:
    started_s = time.perf_counter()
    if settings.database_url is None:
        return await _embedded_database(settings)
    address = settings.database_url.get_secret_value()
    try:
        version, vector = await _asked(address)
    except (psycopg.Error, OSError, TimeoutError) as error:
        told = f"DATABASE_URL cannot be reached ({type(error).__name__})"
        return [Finding("database", State.FAILED, told, "See whether the server runs, and the address and password.")]
    if version < _OLDEST_POSTGRES or not vector:
        told = f"PostgreSQL {version}, pgvector {vector or 'absent'}"
        return [Finding("database", State.FAILED, told, "Use PostgreSQL 16 or newer, with pgvector 0.8 or newer.")]
    took_ms = 1000 * (time.perf_counter() - started_s)
    found = Finding("database", State.OK, f"PostgreSQL {version}, pgvector {vector}; {took_ms:.0f} ms")
    return [found, await _schema(address)]


async def _embedded_database(settings: Settings) -> list[Finding]:
    started_s = time.perf_counter()
    try:
        server = await asyncio.to_thread(EmbeddedPostgres.start, settings.data_dir)
    except Conflict as busy:
        running = await asyncio.to_thread(running_addresses, settings.data_dir)
        found = Finding("database", State.OK, f"embedded, and in use now: {busy.detail}")
        return [found, await _schema(running[0])] if running else [found]
    except AppError as error:
        return [Finding("database", State.FAILED, error.detail, "See the log that is named.")]
    found = Finding("database", State.OK, f"embedded; starts in {time.perf_counter() - started_s:.1f} s")
    try:
        return [found, await _schema(server.owner_url)]
    finally:
        await asyncio.to_thread(server.stop)


async def _schema(owner_url: str) -> Finding:
    """Where the database's schema stands against that of this version."""
    try:
        state = await asyncio.to_thread(schema_state, owner_url)
    except AppError as error:
        return Finding("schema", State.FAILED, error.detail, "See the database above.")
    if state.newer:
        return Finding("schema", State.FAILED, told_of(state), "Use that version, or restore an earlier backup.")
    if state.current:
        return Finding("schema", State.OK, told_of(state))
    advice = "Run `reception migrate`; `reception serve` does the same when it starts. Make a backup before."
    return Finding("schema", State.WARNING, told_of(state), advice)


async def _variables(_: Settings) -> list[Finding]:
    """Variables of the environment that look like settings and are none."""
    known = {f"RECEPTION_{name.upper()}" for name in Settings.model_fields} | _OTHER_VARIABLES
    strange = sorted(name for name in os.environ if name.startswith("RECEPTION_") and name not in known)
    if not strange:
        return []
    near = [(name, get_close_matches(name, known, 1)) for name in strange]
    hints = ", ".join(f"{name} is perhaps {match[0]}" for name, match in near if match)
    detail = f"no setting is called {', '.join(strange)}"
    return [Finding("settings", State.WARNING, detail[:300], hints[:300] or "See .env.example for those there are.")]


async def _asked(address: str) -> tuple[int, str]:
    plain = address.replace("postgresql+psycopg://", "postgresql://")
    async with await psycopg.AsyncConnection.connect(plain, connect_timeout=_CONNECT_S) as connection:
        rows = await connection.execute(
            "SELECT current_setting('server_version_num')::int / 10000, "
            "(SELECT default_version FROM pg_available_extensions WHERE name = 'vector')"
        )
        found = await rows.fetchone()
    assert found is not None
    return int(found[0]), str(found[1] or "")


async def _recordings(settings: Settings) -> list[Finding]:
    """The place where recordings are kept, written to and read from."""
    where = settings.recordings_url.partition("://")[0] if "://" in settings.recordings_url else "folder"
    try:
        store = await asyncio.to_thread(RecordingStore, settings.recordings_at)
        began_s = time.perf_counter()
        await asyncio.to_thread(store.check)
    except MissingModel as missing:
        return [Finding("recordings", State.FAILED, f"{missing.what} is not installed", f"Run: {missing.mend}")]
    except AppError as error:
        advice = "See RECEPTION_RECORDINGS_URL, and for S3 the AWS_… variables; the bucket must exist."
        return [Finding("recordings", State.FAILED, error.detail, advice)]
    took_ms = 1000 * (time.perf_counter() - began_s)
    return [Finding("recordings", State.OK, f"{where}: written, read and removed in {took_ms:.0f} ms")]


async def _port(settings: Settings) -> list[Finding]:
    what = f"port {settings.port}"
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as error:
            advice = "Nothing to do if that is Reception itself; else choose another with RECEPTION_PORT."
            return [Finding(what, State.WARNING, f"cannot be had at {settings.host}: {error.strerror}", advice)]
    return [Finding(what, State.OK, f"free at {settings.host}")]


async def _providers(settings: Settings) -> list[Finding]:
    try:
        wanted = wanted_providers(settings)
    except AppError as error:
        return [Finding("providers", State.FAILED, error.detail, "Set it in the environment of `reception serve`.")]
    async with open_http(connect_s=UNHURRIED.connect_s) as http:
        checked = await check_providers(wanted, http)
    if not checked:
        return [Finding("providers", State.OK, "only the installation's own models are used")]
    return _found(checked)


async def _language(settings: Settings) -> list[Finding]:
    """Every language model, those that stand in included, asked for one word."""
    what = "language model"
    try:
        config = wanted_language(settings)
        LanguageModels(config)
    except AppError as error:
        return [Finding(what, State.FAILED, error.detail, "Set it in the environment of `reception serve`.")]
    if not config.choices():
        return [Finding(what, State.OK, "none: understanding and answers are local")]
    return _found(await check_language(config))


async def _tenant_keys(settings: Settings) -> list[Finding]:
    """Every key that a tenant has brought, tried at its vendor; a tenant is named by its id, a key not at all."""
    if settings.encryption_key is None and not (settings.data_dir / "encryption.key").exists():
        return []
    try:
        vault = encryption(settings)
        opened = await _opened_keys(settings, vault) if vault else []
        wanted, config = wanted_providers(settings), wanted_language(settings)
    except Conflict:
        told = "not tried: the embedded database is in use"
        return [Finding("tenants' keys", State.WARNING, told, "Stop the server, and run this again to try them.")]
    except AppError as error:
        return [Finding("tenants' keys", State.FAILED, error.detail, "See the database above.")]
    async with open_http(connect_s=UNHURRIED.connect_s) as http:
        checks = [check_key(one.vendor, one.key, wanted, config, http) for one in opened if one.key]
        checked = iter(await asyncio.gather(*checks))
    return [_of_tenant(one, next(checked) if one.key else None) for one in opened]


async def _opened_keys(settings: Settings, vault: Vault) -> list[OpenedKey]:
    embedded, address = None, ""
    if settings.database_url is not None:
        address = settings.database_url.get_secret_value()
    else:
        embedded = await asyncio.to_thread(EmbeddedPostgres.start, settings.data_dir)
        address = embedded.owner_url
    owner = Database(address, pool_size=1)
    try:
        async with owner.unscoped_session() as session:
            return await open_all(session, vault, most=_MOST_KEYS)
    finally:
        await owner.dispose()
        if embedded is not None:
            await asyncio.to_thread(embedded.stop)


def _of_tenant(one: OpenedKey, checked: Checked | None) -> Finding:
    what = f"key of tenant {one.tenant_id} for {one.vendor}"
    if checked is None:
        told = "does not open under RECEPTION_ENCRYPTION_KEY"
        return Finding(
            what, State.FAILED, told, "Add the key under which it was sealed, or have the tenant set it anew."
        )
    if not checked.problem:
        return Finding(what, State.OK, f"answered in {1000 * checked.took_s:.0f} ms")
    return Finding(what, State.FAILED, checked.problem, "Have the tenant see to it: PUT /provider-keys/{vendor}.")


def _found(checked: Iterable[Checked]) -> list[Finding]:
    return [
        Finding(
            f"{_PARTS.get(one.part, one.part)} {one.provider}",
            State.FAILED if one.problem else State.OK,
            one.problem or f"answered in {1000 * one.took_s:.0f} ms",
            one.advice,
        )
        for one in checked
    ]


def _show(findings: Iterable[Finding]) -> None:
    colours = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "bold red"}
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for one in findings:
        state = f"[{colours[one.state]}]{one.state.value}[/]"
        table.add_row(state, escape(one.what), escape(one.detail), escape(one.advice))
    Console(highlight=False).print(table)
