"""`reception serve` as a process: it refuses what it cannot do, and stops when told. What it does when it is ready is
in `test_workers`, and in the end-to-end tests."""

import os
import signal
import socket
from pathlib import Path

from typer.testing import CliRunner

from reception.cli.app import app
from tests.support.command import finish, launch, read_until
from tests.support.postgres import data_dir

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
