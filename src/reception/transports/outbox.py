"""What waits to be sent to one client: bounded, in order, and emptied of audio at a barge-in."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Frame:
    """One WebSocket message: JSON for a mapping, binary for bytes. `audio_ms` is 0 for everything but audio."""

    payload: dict[str, Any] | bytes
    audio_ms: float = 0.0


class Outbox:
    """Holds up to `max_audio_ms` of audio and `max_frames` messages; `put` waits while it is full."""

    def __init__(self, *, max_audio_ms: float, max_frames: int) -> None:
        self._max_audio_ms = max_audio_ms
        self._max_frames = max_frames
        self._frames: deque[Frame] = deque()
        self._audio_ms = 0.0
        self._changed = asyncio.Condition()
        self._closed = False

    async def put(self, frame: Frame) -> None:
        """Append `frame`, once there is room. Dropped when the outbox is closed."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or self._has_room(frame))
            if self._closed:
                return
            self._frames.append(frame)
            self._audio_ms += frame.audio_ms
            self._changed.notify_all()

    async def take(self) -> Frame | None:
        """The next frame; None once closed and empty."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._closed or bool(self._frames))
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._audio_ms -= frame.audio_ms
            self._changed.notify_all()
            return frame

    async def drop_audio(self) -> None:
        """Forget the audio that waits; marks and messages among it stay, in order."""
        async with self._changed:
            self._frames = deque(frame for frame in self._frames if not frame.audio_ms)
            self._audio_ms = 0.0
            self._changed.notify_all()

    async def close(self) -> None:
        """Take nothing more; what is there may still be taken."""
        async with self._changed:
            self._closed = True
            self._changed.notify_all()

    async def abandon(self) -> None:
        """Close, and forget what is there."""
        async with self._changed:
            self._closed = True
            self._frames.clear()
            self._audio_ms = 0.0
            self._changed.notify_all()

    def _has_room(self, frame: Frame) -> bool:
        if len(self._frames) >= self._max_frames:
            return False
        # A frame longer than the whole bound still passes through an outbox without audio.
        return not frame.audio_ms or not self._audio_ms or self._audio_ms + frame.audio_ms <= self._max_audio_ms
