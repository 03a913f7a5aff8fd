"""Reads a file in a process of its own, with limits of memory and time, and without this one's secrets."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from reception.domains.knowledge.chunking import Chunk
from reception.domains.knowledge.reading import problems
from reception.domains.knowledge.reading.problems import Unreadable
from reception.domains.knowledge.reading.result import Reading, Source

_log = structlog.get_logger(__name__)

_CHILD = "reception.domains.knowledge.reading.child"
_LONGEST_LINE_BYTES = 1 << 20
_MOST_OUTPUT_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """What reading one file may take: address space, seconds of a processor, and seconds of the clock."""

    memory_bytes: int = 2 << 30
    cpu_s: int = 240
    wall_s: float = 600.0


DEFAULT_LIMITS = ReadingLimits()


async def read_apart(
    source: Source, progress: Callable[[float], None], limits: ReadingLimits = DEFAULT_LIMITS
) -> Reading:
    """What `reader.read` makes of `source`, in a process that ends with the reading, or with the one who waits for it.

    Raises:
        Unreadable: the file cannot be taken in, or not within the limits.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        _CHILD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LONGEST_LINE_BYTES,
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8", "LANG": "C.UTF-8"},
    )
    try:
        async with asyncio.timeout(limits.wall_s):
            reading = await _converse(process, source, progress, limits)
            await process.wait()
    except TimeoutError:
        raise problems.too_heavy() from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if reading is None:
        _log.info("document.unreadable", exit_code=process.returncode)
        raise problems.damaged() if process.returncode == 1 else problems.too_heavy()
    return reading


async def _converse(
    process: asyncio.subprocess.Process, source: Source, progress: Callable[[float], None], limits: ReadingLimits
) -> Reading | None:
    """What the process says of the file; None when it ends without a word."""
    assert process.stdin is not None
    assert process.stdout is not None
    order = {**asdict(source), "memory_bytes": limits.memory_bytes, "cpu_s": limits.cpu_s}
    process.stdin.write(json.dumps(order).encode() + b"\n")
    process.stdin.close()
    chunks: list[Chunk] = []
    received = 0
    while line := await _line(process.stdout):
        received += len(line)
        if received > _MOST_OUTPUT_BYTES:
            raise problems.too_heavy()
        told: dict[str, Any] = json.loads(line)
        if "progress" in told:
            progress(told["progress"])
        elif "chunk" in told:
            chunks.append(Chunk(**told["chunk"]))
        elif "problem" in told:
            raise Unreadable(*told["problem"])
        else:
            return Reading(chunks=chunks, **told["done"])
    return None


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        line = await stream.readline()
    except ValueError:
        raise problems.too_heavy() from None
    return line if line.endswith(b"\n") else b""
