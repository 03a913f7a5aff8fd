"""A two-channel WAV file that grows on the local disk while its call runs."""

import asyncio
import fcntl
import wave
from pathlib import Path
from typing import BinaryIO

import numpy as np
import structlog

from reception.ports.audio import Pcm16

_log = structlog.get_logger(__name__)

CHANNELS = 2
SAMPLE_BYTES = 2
HEADER_BYTES = 44
_MOST_WAITING_BYTES = 16 << 20


class SpoolFile:
    """Takes blocks at once and writes them in a thread. A disk that fails, or falls 16 MB behind, ends the recording
    and not the call. The file is locked (flock) for as long as it grows, and no longer if its process dies."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        self.path = path
        self._rate_hz = rate_hz
        self._blocks: asyncio.Queue[Pcm16 | None] = asyncio.Queue()
        self._waiting_bytes = 0
        self.failed = False

    def write(self, block: Pcm16) -> None:
        if self.failed:
            return
        self._waiting_bytes += block.nbytes
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            self._fail("too_slow")
            return
        self._blocks.put_nowait(block)

    def close(self) -> None:
        """Nothing more comes; `run` ends once everything is written."""
        self._blocks.put_nowait(None)

    async def run(self) -> None:
        """Write until `close`."""
        try:
            raw = await asyncio.to_thread(self._open)
            try:
                file = await asyncio.to_thread(self._begin, raw)
                while (block := await self._blocks.get()) is not None:
                    self._waiting_bytes -= block.nbytes
                    if not self.failed:
                        await asyncio.to_thread(file.writeframesraw, np.ascontiguousarray(block, dtype="<i2").tobytes())
                await asyncio.to_thread(file.close)
            finally:
                await asyncio.to_thread(raw.close)
        except OSError as error:
            self._fail(type(error).__name__)

    def _open(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Under another name until it is locked: what is not locked is taken for a finished recording.
        unborn = self.path.with_suffix(".new")
        raw = unborn.open("xb")
        fcntl.flock(raw, fcntl.LOCK_EX)
        unborn.rename(self.path)
        return raw

    def _begin(self, raw: BinaryIO) -> wave.Wave_write:
        file = wave.open(raw, "wb")  # noqa: SIM115  closed by `run`
        file.setnchannels(CHANNELS)
        file.setsampwidth(SAMPLE_BYTES)
        file.setframerate(self._rate_hz)
        # The header is written with the first frames: without it, a call that is cut short leaves an empty file.
        file.writeframesraw(b"")
        return file

    def _fail(self, why: str) -> None:
        self.failed = True
        _log.warning("recording.failed", reason=why)


def mend(path: Path) -> bool:
    """Make the header of a file whose writer died say how long it is. False when nothing was recorded."""
    size = path.stat().st_size - HEADER_BYTES
    size -= size % (CHANNELS * SAMPLE_BYTES)
    if size <= 0:
        return False
    with path.open("r+b") as file:
        file.truncate(HEADER_BYTES + size)
        file.seek(4)
        file.write((HEADER_BYTES - 8 + size).to_bytes(4, "little"))
        file.seek(HEADER_BYTES - 4)
        file.write(size.to_bytes(4, "little"))
    return True
