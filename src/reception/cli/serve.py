"""`reception serve`: from nothing to "ready", and down again without dropping a call or a request."""

import asyncio
import gc
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.markup import escape

from reception import __version__
from reception.app import Login, Reception, build, found
from reception.cli.listening import http_server, listen, until_stopped
from reception.cli.logs import configure_logs, log_loop_failures
from reception.cli.workers import Workforce
from reception.core.errors import AppError
from reception.settings import Settings, load_settings

INTERRUPTED = 130


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 picks one. [default: 8000]")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Where the database lives. [default: .data]")] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1, max=256, envvar="RECEPTION_WORKERS", help="Processes that take calls, about one for each core."
        ),
    ] = 1,
) -> None:
    """Run the receptionist: database, speech, web page and API, in one process or with several workers.

    SIGTERM and Ctrl-C let live calls and requests end first. With several workers, one that dies is replaced, and
    SIGHUP replaces each in turn.
    """
    console = Console(highlight=False, soft_wrap=True)
    try:
        settings = load_settings(host=host, port=port, data_dir=data_dir)
        configure_logs(settings.log_level, as_json=settings.json_logs)
        with listen(settings.host, settings.port) as listener:
            overrides = {"host": host, "port": port, "data_dir": str(data_dir) if data_dir else None}
            serving = _supervise(settings, listener, console, workers, overrides) if workers > 1 else None
            code = uvloop.run(serving or _serve(settings, listener, console))
    except AppError as error:
        Console(stderr=True, highlight=False).print(
            f"[bold red]Cannot start:[/] {escape(error.detail)}", soft_wrap=True
        )
        raise typer.Exit(1) from None
    raise typer.Exit(code)


class _Interrupt:
    """What a signal means now: while starting it gives up, while serving it drains, while draining it hurries."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.current: asyncio.Task[object] | None = None

    def __call__(self) -> None:
        self.stop.set()
        if self.current is not None:
            self.current.cancel()


async def _serve(settings: Settings, listener: socket.socket, console: Console) -> int:
    began_s = time.monotonic()
    interrupt = _Interrupt()
    loop = asyncio.get_running_loop()
    log_loop_failures(loop)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    interrupt.current = asyncio.current_task()
    console.print(f"[bold]Reception {__version__}[/]")
    try:
        async with build(settings, lambda step: console.print(f"  [dim]{_elapsed(began_s)}[/]  {step}")) as reception:
            interrupt.current = None
            gc.collect()
            gc.freeze()
            server = http_server(reception.app, max_frame_bytes=settings.max_frame_bytes)
            agents = tuple(agent.name for agent in reception.demo_agents)
            _announce(console, listener, reception.demo_login, agents, began_s)
            serving = await until_stopped(server, (listener,), interrupt.stop)
            await _drain(settings, reception, interrupt, console)
            server.should_exit = True
            await serving
            interrupt.current = None
    except asyncio.CancelledError:
        if not interrupt.stop.is_set():
            raise
        console.print("Stopped before it was ready.")
        return INTERRUPTED
    console.print("Stopped.")
    return 0


async def _drain(settings: Settings, reception: Reception, interrupt: _Interrupt, console: Console) -> None:
    if reception.live.count or reception.live.requests:
        under_way = f"{reception.live.count} live call(s) and {reception.live.requests} request(s)"
        console.print(f"Waiting up to {settings.drain_s:.0f} s for {under_way} to end")
    draining = asyncio.create_task(reception.live.drain(settings.drain_s), name="drain")
    interrupt.current = draining
    await asyncio.wait((draining,))
    interrupt.current = None


async def _supervise(
    settings: Settings, listener: socket.socket, console: Console, workers: int, overrides: dict[str, str | int | None]
) -> int:
    """`_serve` with workers: their models load while the database starts."""
    began_s = time.monotonic()
    interrupt = _Interrupt()
    loop = asyncio.get_running_loop()
    log_loop_failures(loop)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    interrupt.current = asyncio.current_task()
    console.print(f"[bold]Reception {__version__}[/]")

    def show(step: str) -> None:
        console.print(f"  [dim]{_elapsed(began_s)}[/]  {step}")

    try:
        async with AsyncExitStack() as stack:
            show(f"Starting {workers} workers")
            # The workers end before the database does, and start before it.
            force = Workforce(workers, listener, overrides, settings.drain_s)
            await force.start()
            stack.push_async_callback(force.close)
            foundation = await stack.enter_async_context(found(settings, show))
            stack.push_async_callback(force.close)
            force.open(foundation.service_url)
            # From here on a worker may have a call already, while another one still loads: a signal no longer gives up.
            interrupt.current = None
            if (agents := await _ready(force, interrupt.stop)) is not None:
                _announce(console, listener, foundation.login, agents, began_s)
                loop.add_signal_handler(signal.SIGHUP, force.renew)
                await interrupt.stop.wait()
            if force.live_calls:
                console.print(f"Waiting up to {settings.drain_s:.0f} s for {force.live_calls} live call(s) to end")
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, force.hurry)
            await force.drain()
    except asyncio.CancelledError:
        if not interrupt.stop.is_set():
            raise
        console.print("Stopped before it was ready.")
        return INTERRUPTED
    console.print("Stopped.")
    return 0


async def _ready(force: Workforce, stop: asyncio.Event) -> tuple[str, ...] | None:
    """`Workforce.ready`, or None when a signal came first."""
    ready, stopped = asyncio.create_task(force.ready()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((ready, stopped), return_when=asyncio.FIRST_COMPLETED)
        return None if stop.is_set() else await ready
    finally:
        ready.cancel()
        stopped.cancel()
        await asyncio.gather(ready, stopped, return_exceptions=True)


def _announce(
    console: Console, listener: socket.socket, login: Login | None, agents: Sequence[str], began_s: float
) -> None:
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    console.print(f"\n[bold green]Ready[/] in {time.monotonic() - began_s:.1f} s")
    console.print(f"  Address     http://{shown}:{port}/")
    if login is not None:
        console.print(f"  Demo login  {login.email}   password {login.password}", markup=False)
        for agent in agents:
            console.print(f"  Agent       {agent}", markup=False)
    if login is not None and host not in ("127.0.0.1", "::1"):
        console.print("[yellow]The demo is open to everybody who can reach this address.[/]")
    console.print("  Stop with Ctrl-C\n")


def _elapsed(began_s: float) -> str:
    return f"{time.monotonic() - began_s:5.1f} s"
