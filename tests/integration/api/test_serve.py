"""`reception serve` as a process: it refuses what it cannot do, and stops when told. What it does when it is ready is
in `test_workers`, and in the end-to-end tests."""

import asyncio
import os
import signal
import socket
from pathlib import Path
from uuid import UUID

from typer.testing import CliRunner
from websockets.asyncio.client import connect

from reception.cli.app import app
from reception.cli.phone_book import Line, look_up
from reception.core.errors import AppError
from tests.integration.api.typing_caller import check_new_callers_refused, start
from tests.support.command import finish, launch, read_until, worker_pids
from tests.support.postgres import data_dir
from tests.support.running_server import free_port

__all__ = ["data_dir"]


def test_a_busy_port_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = CliRunner().invoke(app, ["serve", "--port", str(port), "--data-dir", str(tmp_path)])
    assert told.exit_code == 1
    assert f"Port {port} on 127.0.0.1 is in use" in told.output
    assert os.listdir(tmp_path) == []


async def test_a_signal_while_starting_stops_it(data_dir: Path) -> None:
    server = await launch("--port", "0", "--data-dir", str(data_dir))
    await read_until(server, r"Starting PostgreSQL")
    server.send_signal(signal.SIGINT)
    code, told = await finish(server)
    assert code == 130
    assert "before it was ready" in told


async def test_a_call_answered_while_other_workers_still_load_is_not_cut_off(data_dir: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = await launch("--workers", "2", "--port", str(port), "--data-dir", str(data_dir))
    try:
        slow = await _loading_worker(server.pid)
        os.kill(slow, signal.SIGSTOP)
        line = await _first_line(url)
        address = url.replace("http", "ws", 1) + "/voice/stream"
        async with connect(address, additional_headers=line.headers, proxy=None) as connection:
            caller = await start(connection, UUID(line.agent_id))
            server.send_signal(signal.SIGTERM)
            await check_new_callers_refused(url, line)
            os.kill(slow, signal.SIGCONT)
            await caller.type("Do you have parking?")
            assert (await caller.until("reply"))["text"]
            await caller.stop()
    finally:
        if server.returncode is None:
            server.send_signal(signal.SIGTERM)
        code, told = await finish(server)
    assert "Ready in" not in told
    assert (code, "Stopped." in told) == (0, True), told


async def _loading_worker(pid: int) -> int:
    async with asyncio.timeout(30):
        while len(workers := worker_pids(pid)) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return workers[-1]


async def _first_line(url: str) -> Line:
    """The telephone of the demo's restaurant, as soon as anybody answers there."""
    async with asyncio.timeout(90):
        while True:
            try:
                return await look_up(url, "harbor-table")
            except AppError:
                await asyncio.sleep(0.2)
