"""uvicorn's WebSocket protocol with a short way for small text messages (RFC 6455, section 5.2).

Every message of a call is one whole, masked text frame of a few hundred bytes. Once a transport has attached a sink,
such frames are unmasked and handed over at once; every other frame goes, whole, the long way through `websockets`,
which keeps the say over everything that is not the common case. From then on the socket is read together with those of
the other calls (`cli.sweep`), unless it is encrypted here.
"""

from typing import Any

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, apply_mask  # type: ignore[attr-defined]
from websockets.http11 import Request

from reception.cli.sweep import Sweep, sweep_of
from reception.transports.direct import EXTENSION, TextSink

_WHOLE_TEXT = 0x81
_FINAL = 0x80
_CONTROL = 0x08
_MASKED = 0x80
_MEDIUM, _LARGE = 126, 127
_HEADER, _HEADER_MEDIUM, _HEADER_LARGE = 6, 8, 14


class DirectSocket(WebSocketsSansIOProtocol):
    """Implements `transports.direct`. Used by uvicorn as its WebSocket class."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._sink: TextSink | None = None
        self._short_way = False
        self._tail = b""
        self._descriptor = -1
        self._sweep: Sweep | None = None

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.handshake_initiated and not self.handshake_complete:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self.attach

    def attach(self, sink: TextSink) -> "DirectSocket":
        self._sink = sink
        waiting = [self.queue.get_nowait() for _ in range(self.queue.qsize())]
        for message in waiting:
            text = message.get("text")
            if isinstance(text, str):
                sink(text.encode())
            else:
                self.queue.put_nowait(message)
        # The parser of `websockets` must stand between two frames when it is gone round.
        self._short_way = not self.conn.reader.buffer and not self.conn.extensions and not self.frames
        self.read_paused = False
        if self.transport.get_extra_info("sslcontext") is None and not self.transport.is_closing():
            self._sweep = sweep_of(self.loop)
        if self._sweep is not None:
            self._descriptor = self.transport.get_extra_info("socket").fileno()
            self.transport.pause_reading()
            self._sweep.join(self._descriptor, self)
        else:
            self.transport.resume_reading()
        return self

    def pause(self) -> None:
        self.read_paused = True
        if self._sweep is not None:
            self._sweep.leave(self._descriptor, self)
        else:
            self.transport.pause_reading()

    def resume(self) -> None:
        if not self.read_paused or self.transport.is_closing():
            return
        self.read_paused = False
        if self._sweep is not None:
            self._sweep.join(self._descriptor, self)
        else:
            self.transport.resume_reading()

    def is_closing(self) -> bool:
        return self.transport.is_closing()

    def ended(self) -> None:
        # The loop finds the end of the stream by itself, and tells everybody.
        self._sweep = None
        self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sweep is not None:
            self._sweep.leave(self._descriptor, self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._short_way:
            super().data_received(data)
            return
        if self._tail:
            data, self._tail = self._tail + data, b""
        at, end = 0, len(data)
        while at < end:
            size = _frame_size(data, at, end)
            if size > self.config.ws_max_size:
                self._short_way = False
                super().data_received(data[at:])
                return
            if not size or at + size > end:
                self._tail = data[at:]
                return
            whole = self._take(data[at : at + size] if at or size < end else data)
            at += size
            if not whole:
                self._short_way = False
                super().data_received(data[at:])
                return

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            # A refusal completes the handshake; uvicorn would report one as the application's failure to answer.
            self.handshake_complete = True

    def handle_text(self, event: Frame) -> None:
        if self._sink is not None and event.fin and not self.close_sent:
            self._sink(bytes(event.data))
        else:
            super().handle_text(event)

    def _take(self, frame: bytes) -> bool:
        """False when `frame` begins a message of several, which belongs to `websockets` to its end."""
        if frame[0] == _WHOLE_TEXT and frame[1] & _MASKED and self._sink is not None and not self.close_sent:
            length = frame[1] & 0x7F
            start = _HEADER if length < _MEDIUM else _HEADER_MEDIUM if length == _MEDIUM else _HEADER_LARGE
            self._sink(apply_mask(frame[start:], frame[start - 4 : start]))
            return True
        super().data_received(frame)
        return bool(frame[0] & (_FINAL | _CONTROL))


def _frame_size(data: bytes, at: int, end: int) -> int:
    """Bytes of the frame that starts at `at`, 0 while its header is not there. Clients mask, so a key is counted."""
    if end - at < 2:
        return 0
    length = data[at + 1] & 0x7F
    if length < _MEDIUM:
        return _HEADER + length
    if length == _MEDIUM:
        return _HEADER_MEDIUM + int.from_bytes(data[at + 2 : at + 4], "big") if end - at >= 4 else 0
    return _HEADER_LARGE + int.from_bytes(data[at + 2 : at + 10], "big") if end - at >= 10 else 0
