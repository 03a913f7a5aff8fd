"""What a WebSocket message costs in each server: `python -m bench.sockets [--calls 100] [--seconds 8]`.

Each server runs the same application on one core, which takes messages and does nothing with them; a hundred callers
send it one of a telephone's frames every 20 ms. wsproto and granian are measured if they are installed.
"""

import argparse
import asyncio
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, cast

import uvicorn
from rich.console import Console
from rich.table import Table
from tests.support.running_server import free_port

from reception.cli.bench_wire import frame, handshake
from reception.cli.frames import DirectSocket
from reception.transports.direct import EXTENSION, Attach

_FRAME_S = 0.02
_MESSAGE = frame(b'{"event":"media","sequenceNumber":"4","media":{"track":"inbound","payload":"' + b"/" * 216 + b'"}}')
_SETTLES_S = 1.5
_STARTS_WITHIN_S = 15.0
_CORES = (0, 1)
_UVICORN: Mapping[str, Any] = {
    "uvicorn, websockets": "websockets",
    "uvicorn, wsproto": "wsproto",
    "uvicorn, websockets-sansio": "websockets-sansio",
    "uvicorn, cli/frames.py": DirectSocket,
}
_GRANIAN = "granian"


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Mapping[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Takes every message of a socket."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    attach = cast("Attach | None", scope.get("extensions", {}).get(EXTENSION))
    if attach is not None:
        attach(lambda _: None)
    while (await receive())["type"] != "websocket.disconnect":
        pass


class Caller(asyncio.Protocol):
    """Sends a frame whenever it is asked to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(handshake("/"))

    def send(self) -> None:
        self._transport.write(_MESSAGE)

    def leave(self) -> None:
        self._transport.abort()


async def call(port: int, calls: int, pid: int, seconds: float) -> tuple[float, int]:
    """CPU seconds of the server, and how many messages it was sent meanwhile."""
    loop = asyncio.get_running_loop()
    callers = [(await loop.create_connection(Caller, "127.0.0.1", port))[1] for _ in range(calls)]
    await asyncio.sleep(_SETTLES_S)
    began_s, sent, before_s = loop.time(), 0, cpu_s(pid)
    while loop.time() - began_s < seconds:
        for phase in range(10):
            for caller in callers[phase::10]:
                caller.send()
                sent += 1
            due_s = began_s + sent / calls * _FRAME_S
            await asyncio.sleep(max(0.0, due_s - loop.time()))
    used_s = cpu_s(pid) - before_s
    for caller in callers:
        caller.leave()
    return used_s, sent


def cpu_s(pid: int) -> float:
    """Of a process and its children."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if stat.parent.name == str(pid) or fields[1] == str(pid):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def command(name: str, port: int) -> list[str]:
    if name == _GRANIAN:
        options = ["--interface", "asginl", "--loop", "uvloop", "--host", "127.0.0.1", "--port", str(port)]
        return [sys.executable, "-m", "granian", *options, "--log-level", "error", "bench.sockets:app"]
    return [sys.executable, "-m", "bench.sockets", "--serve", name, "--port", str(port)]


def measure(name: str, calls: int, seconds: float) -> float:
    """Microseconds of a core for each message."""
    port = free_port()
    with subprocess.Popen(command(name, port), preexec_fn=lambda: os.sched_setaffinity(0, {_CORES[0]})) as server:
        try:
            until_s = time.monotonic() + _STARTS_WITHIN_S
            while True:
                try:
                    used_s, sent = asyncio.run(call(port, calls, server.pid, seconds))
                except ConnectionRefusedError:
                    if time.monotonic() > until_s:
                        raise
                    time.sleep(0.2)
                else:
                    return used_s / sent * 1e6
        finally:
            server.terminate()


def main() -> int:
    made = argparse.ArgumentParser(prog="python -m bench.sockets", description=__doc__)
    made.add_argument("--calls", type=int, default=100)
    made.add_argument("--seconds", type=float, default=8.0)
    made.add_argument("--serve", help=argparse.SUPPRESS)
    made.add_argument("--port", type=int, help=argparse.SUPPRESS)
    arguments = made.parse_args()
    if arguments.serve:
        kind = _UVICORN[arguments.serve]
        uvicorn.run(app, port=arguments.port, ws=kind, loop="uvloop", log_level="error", lifespan="off")
        return 0
    os.sched_setaffinity(0, {_CORES[1]})
    table = Table("server", "µs of a core a message", title=f"{arguments.calls} calls")
    for name in (*_UVICORN, _GRANIAN):
        package = name.rpartition(" ")[2] if name != "uvicorn, cli/frames.py" else "uvicorn"
        if importlib.util.find_spec(package.partition("-")[0]) is not None:
            table.add_row(name, f"{measure(name, arguments.calls, arguments.seconds):.1f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
