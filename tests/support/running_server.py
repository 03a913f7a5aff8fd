"""A real `reception serve` in a process of its own, for end-to-end tests and benchmarks."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import dict_row

STARTS_WITHIN_S = 90.0
STOPS_WITHIN_S = 30.0
_LOG = "server.log"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """`startup_s` runs from the start of the process to readiness."""

    url: str
    data_dir: Path
    pid: int
    startup_s: float

    def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """What the database holds, past every tenant's walls. Placeholders are `%(name)s`."""
        # The fifth line of the file names the directory of the server's socket.
        socket_dir = (self.data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[4]
        with psycopg.connect(host=socket_dir, user="postgres", dbname="reception", row_factory=dict_row) as database:
            return database.execute(statement.encode(), values).fetchall()

    async def until_rows(self, statement: str, *, within_s: float = 15.0, **values: object) -> list[dict[str, Any]]:
        """The rows of `statement` once there are any. Raises TimeoutError when there are none in time."""
        async with asyncio.timeout(within_s):
            while True:
                if found := self.rows(statement, **values):
                    return found
                await asyncio.sleep(0.1)

    def demo_login(self) -> tuple[str, str]:
        """The e-mail address and password that the demo's server printed."""
        found = re.search(r"Demo login\s+(\S+)\s+password (\S+)", (self.data_dir.parent / _LOG).read_text())
        assert found is not None
        return found[1], found[2]

    def rss_mb(self) -> float:
        """Resident memory of the server's own process, without the database's."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def clean_environment() -> dict[str, str]:
    """The environment without settings of the person who runs the tests."""
    ours = {
        key: value for key, value in os.environ.items() if not key.startswith("RECEPTION_") and key != "DATABASE_URL"
    }
    return ours | {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}


@contextmanager
def running_server(directory: Path, **settings: str) -> Iterator[RunningServer]:
    """Start a server on a free port with its data under `directory`, and stop it at the end of the block.

    `settings` are environment variables. Raises RuntimeError with the server's output when it does not come up.
    """
    port, data_dir, log = free_port(), directory / "data", directory / _LOG
    command = [str(Path(sys.executable).with_name("reception")), "serve"]
    command += ["--port", str(port), "--data-dir", str(data_dir)]
    began_s = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=clean_environment() | settings, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _await_ready(url, process, log)
        yield RunningServer(url, data_dir, process.pid, time.monotonic() - began_s)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError(f"the server did not stop on SIGTERM:\n{log.read_text()[-4000:]}") from None


def _await_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline_s = time.monotonic() + STARTS_WITHIN_S
    with httpx.Client(base_url=url, timeout=2.0, trust_env=False) as client:
        while time.monotonic() < deadline_s and process.poll() is None:
            try:
                if client.get("/health/ready").is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
    raise RuntimeError(f"the server did not come up (exit code {process.poll()}):\n{log.read_text()[-4000:]}")
