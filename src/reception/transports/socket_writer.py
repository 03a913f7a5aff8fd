"""Writes to one client's socket, and notices when the client does not read."""

import asyncio
from collections.abc import Callable, MutableMapping
from types import TracebackType
from typing import Any, Self

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from reception.transports.outbox import Frame, Outbox

_log = structlog.get_logger(__name__)

NORMAL_CLOSURE = 1000
_STALL_S = 10.0
_FLUSH_S = 2.0
_LONGEST_REASON = 120

Render = Callable[[dict[str, Any]], str]


class SocketWriter:
    """Owns the task that empties an `Outbox` into an accepted socket; used as an async context manager.

    A client that leaves the socket full for `_STALL_S` has stopped reading: what waits is forgotten and `stalled` is
    set, which also ends a `receive` under way.
    """

    def __init__(self, socket: WebSocket, render: Render, *, max_audio_ms: float, max_frames: int) -> None:
        self._socket = socket
        self._render = render
        self._outbox = Outbox(max_audio_ms=max_audio_ms, max_frames=max_frames)
        self._reason: str | None = None
        self._writer: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[Any] | None = None
        self._gave_up = False
        self.stalled = False

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write(), name="socket-writer")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._outbox.abandon()
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def put(self, message: dict[str, Any], audio_ms: float = 0.0) -> None:
        """Queue `message`, once there is room."""
        try:
            async with asyncio.timeout(_STALL_S):
                await self._outbox.put(Frame(message, audio_ms))
        except TimeoutError:
            await self._give_up()

    async def drop_audio(self) -> None:
        await self._outbox.drop_audio()

    async def abandon(self) -> None:
        """The client is gone: forget what waits."""
        await self._outbox.abandon()

    async def close(self, reason: str) -> None:
        """Send what waits, then close; gives up on a client that does not read. Closing again does nothing."""
        if self._reason is not None:
            return
        self._reason = reason
        await self._outbox.close()
        if self._writer is not None:
            await asyncio.wait((self._writer,), timeout=_FLUSH_S)

    async def receive(self) -> MutableMapping[str, Any] | None:
        """The next message; None when the client has stopped reading what it is sent."""
        if self.stalled:
            return None
        task = self._reading = asyncio.current_task()
        try:
            return await self._socket.receive()
        except asyncio.CancelledError:
            if task is None or not self._gave_up:
                raise
            self._gave_up = False
            task.uncancel()
            return None
        finally:
            self._reading = None

    async def _write(self) -> None:
        try:
            while (frame := await self._outbox.take()) is not None:
                assert isinstance(frame.payload, dict)
                async with asyncio.timeout(_STALL_S):
                    await self._socket.send_text(self._render(frame.payload))
            async with asyncio.timeout(_FLUSH_S):
                await self._socket.close(NORMAL_CLOSURE, (self._reason or "ended")[:_LONGEST_REASON])
        except TimeoutError:
            await self._give_up()
        except (WebSocketDisconnect, RuntimeError):
            # Starlette raises RuntimeError for a send after the peer has closed.
            await self._outbox.abandon()

    async def _give_up(self) -> None:
        _log.info("socket.stalled")
        self.stalled = True
        await self._outbox.abandon()
        if self._reading is not None:
            self._gave_up = True
            self._reading.cancel()
