"""A WebSocket client's side of Twilio Media Streams, cheap enough for hundreds of callers in one process.

Frames are written whole from prepared parts, masked with a key of zeros (RFC 6455 section 5.3 leaves the key to the
client; this one alters nothing), and only what a server of text frames sends is understood.
"""

import base64
import os
import struct
from collections.abc import Callable
from typing import Any

import orjson

_TEXT, _CLOSE, _PING = 1, 8, 9
PONG = 10
_SHORT, _LONG = 126, 127
_NO_MASK = b"\0\0\0\0"
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def handshake(path: str) -> bytes:
    return HANDSHAKE.format(path=path, key=base64.b64encode(os.urandom(16)).decode()).encode()


def frame(payload: bytes, opcode: int = _TEXT) -> bytes:
    """`payload` as one frame of a client."""
    size = len(payload)
    if size < _SHORT:
        return struct.pack("!BB", 0x80 | opcode, 0x80 | size) + _NO_MASK + payload
    return struct.pack("!BBH", 0x80 | opcode, 0x80 | _SHORT, size) + _NO_MASK + payload


class FrameReader:
    """Splits what a server sends into messages; the answer to the handshake first.

    `status` is that of the handshake, 0 while it has not come.
    """

    def __init__(
        self,
        on_message: Callable[[dict[str, Any]], None],
        on_close: Callable[[], None],
        on_ping: Callable[[bytes], None],
    ) -> None:
        self._on_message = on_message
        self._on_close = on_close
        self._on_ping = on_ping
        self._buffer = bytearray()
        self.status = 0

    def feed(self, data: bytes) -> None:
        buffer = self._buffer
        buffer += data
        if not self.status:
            end = buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            self.status = int(buffer[9:12])
            del buffer[: end + 4]
        while self.status == 101 and self._read_one():
            pass

    def _read_one(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        size, start = buffer[1] & 0x7F, 2
        if size == _SHORT:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == _LONG:
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + size:
            return False
        opcode, payload = buffer[0] & 0x0F, bytes(buffer[start : start + size])
        del buffer[: start + size]
        if opcode == _TEXT:
            self._on_message(orjson.loads(payload))
        elif opcode == _CLOSE:
            self._on_close()
        elif opcode == _PING:
            self._on_ping(payload)
        return True
