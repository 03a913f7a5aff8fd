"""Identifiers made by the application."""

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A time-ordered UUID, version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then random bits."""
    unix_ms = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (unix_ms & ((1 << 48) - 1)) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
