"""`reception serve` as a process: it says when it is ready, refuses what it cannot do, and stops when told."""

import asyncio
import os
import re
import signal
import socket
import sys
from pathlib import Path

import httpx
import pytest

_COMMAND = "from reception.cli import main; main()"


async def _launch(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _COMMAND,
        "serve",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "RECEPTION_LOG_LEVEL": "warning", "NO_COLOR": "1"},
    )


async def _read_until(server: asyncio.subprocess.Process, pattern: str) -> str:
    """What the server prints, up to the first line that `pattern` is found in."""
    assert server.stdout is not None
    printed = ""
    async with asyncio.timeout(60):
        async for line in server.stdout:
            printed += line.decode()
            if re.search(pattern, printed):
                return printed
    pytest.fail(f"{pattern!r} was not printed:\n{printed}")


async def _finish(server: asyncio.subprocess.Process) -> tuple[int, str]:
    async with asyncio.timeout(60):
        printed, _ = await server.communicate()
    assert server.returncode is not None
    return server.returncode, printed.decode()


async def test_a_server_starts_refuses_a_second_and_stops(tmp_path: Path) -> None:
    server = await _launch("--port", "0", "--data-dir", str(tmp_path))
    try:
        printed = await _read_until(server, r"Stop with Ctrl-C")
        found = re.search(r"Address\s+(http://\S+?)/\n", printed)
        login = re.search(r"Demo login\s+(\S+)\s+password (\S+)", printed)
        assert found is not None, printed
        assert login is not None, printed
        async with httpx.AsyncClient(base_url=found[1], timeout=30.0, trust_env=False) as http:
            assert (await http.get("/health/ready")).status_code == 200
            token = await http.post("/auth/login", json={"email": login[1], "password": login[2]})
            assert token.status_code == 200
        code, told = await _finish(await _launch("--port", "0", "--data-dir", str(tmp_path)))
        assert code == 1
        assert "in use by another Reception server" in told
        assert "Traceback" not in told
    finally:
        server.send_signal(signal.SIGTERM)
        code, told = await _finish(server)
    assert code == 0
    assert "Stopped." in told


async def test_a_busy_port_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, told = await _finish(await _launch("--port", str(port), "--data-dir", str(tmp_path)))
    assert code == 1
    assert f"Port {port} on 127.0.0.1 is in use" in told
    assert "Traceback" not in told
    assert os.listdir(tmp_path) == []


async def test_a_signal_while_starting_stops_it(tmp_path: Path) -> None:
    server = await _launch("--port", "0", "--data-dir", str(tmp_path))
    await _read_until(server, r"Starting PostgreSQL")
    server.send_signal(signal.SIGINT)
    code, told = await _finish(server)
    assert code == 130
    assert "before it was ready" in told
