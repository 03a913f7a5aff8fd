"""`reception serve` as a process whose output is read."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

_COMMAND = "from reception.cli import main; main()"


async def launch(*arguments: str, **settings: str) -> asyncio.subprocess.Process:
    """Start `reception serve`; `settings` are environment variables."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _COMMAND,
        "serve",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "RECEPTION_LOG_LEVEL": "warning", "NO_COLOR": "1", **settings},
    )


async def read_until(server: asyncio.subprocess.Process, pattern: str, within_s: float = 90.0) -> str:
    """What the server prints, up to the first line that `pattern` is found in."""
    assert server.stdout is not None
    printed = ""
    async with asyncio.timeout(within_s):
        async for line in server.stdout:
            printed += line.decode()
            if re.search(pattern, printed):
                return printed
    pytest.fail(f"{pattern!r} was not printed:\n{printed}")


async def finish(server: asyncio.subprocess.Process) -> tuple[int, str]:
    """The exit code, and what was printed since the last reading."""
    async with asyncio.timeout(60):
        printed, _ = await server.communicate()
    assert server.returncode is not None
    return server.returncode, printed.decode()


def worker_pids(pid: int) -> list[int]:
    """The workers: the processes that `pid` has started and that run this program."""
    started = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [child for child in started if b"reception.cli.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]
