"""A telephone line within the process: the engine at one end, a scenario's caller at the other, in real time."""

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np

from reception.cli.playback import Playback
from reception.core.audio import decode, encode
from reception.ports.audio import Encoding, Pcm16
from reception.ports.events import CallEvent
from reception.ports.leg import AudioIn, DtmfIn, LegClosed, LegInput, MarkIn

FRAME_MS = 20
_ROOM_NOISE_LSB = 12.0
_SPEECH_LSB = 2600.0
"""Root mean square of what the caller's voices say while they speak, by which noise is set against it."""


class Line:
    """Implements `CallLeg` and `PushesAudio`. What either side sends is coded and decoded as on a telephone.

    `noise_snr_db` is how far the noise of the caller's surroundings stays below their voice; None is a quiet room.
    """

    def __init__(self, rate_hz: int, encoding: Encoding, noise_snr_db: float | None) -> None:
        self.rate_hz = rate_hz
        self.output_rate_hz = rate_hz
        self.shows_partials = False
        self.playback = Playback(rate_hz)
        self.events: list[tuple[float, CallEvent]] = []
        """Everything that the engine told, with its time in seconds since the line was opened."""
        self.closed = ""
        """Why the engine has closed the line, once it has."""
        self._encoding = encoding
        self._noise_lsb = _ROOM_NOISE_LSB if noise_snr_db is None else _SPEECH_LSB / 10 ** (noise_snr_db / 20)
        self._noise = np.random.default_rng(7)
        self._frame = rate_hz * FRAME_MS // 1000
        self._sent = 0
        self._speaking: Pcm16 = np.zeros(0, dtype=np.int16)
        self._inputs: asyncio.Queue[LegInput] = asyncio.Queue()
        self._take: Callable[[Pcm16], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._opened_s = self._loop.time()
        self._tick = asyncio.Event()

    @property
    def now_s(self) -> float:
        return self._loop.time() - self._opened_s

    @property
    def speaks(self) -> bool:
        """Whether the caller has not said everything yet."""
        return self._speaking.size > 0

    # The engine's end.

    def push_audio_to(self, take: Callable[[Pcm16], None]) -> None:
        self._take = take

    async def inputs(self) -> AsyncIterator[LegInput]:
        while True:
            item = await self._inputs.get()
            yield item
            if isinstance(item, LegClosed):
                return

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        self.playback.push(self._coded(samples), self.now_s)

    async def send_mark(self, name: str) -> None:
        self.playback.mark(name, self.now_s)

    async def clear(self) -> None:
        self.playback.clear(self.now_s)

    async def send_event(self, event: CallEvent) -> None:
        self.events.append((self.now_s, event))

    async def close(self, reason: str) -> None:
        self.closed = self.closed or reason

    # The caller's end.

    def say(self, samples: Pcm16) -> None:
        """Speak into the microphone, after what is being said."""
        self._speaking = np.concatenate((self._speaking, samples))

    def press(self, key: str) -> None:
        self._inputs.put_nowait(DtmfIn(key))

    def hang_up(self, reason: str) -> None:
        self._inputs.put_nowait(LegClosed(reason))

    async def until(self, holds: Callable[[], bool], within_s: float) -> None:
        """Wait, a frame at a time, until `holds`, the line is closed, or the time is over."""
        until_s = self.now_s + within_s
        while not (holds() or self.closed or self.now_s >= until_s):
            await self._tick.wait()

    async def run(self) -> None:
        """Carry the caller's side, a frame every 20 ms, until the line is closed; a late frame is caught up with."""
        try:
            await self._carry()
        finally:
            self.closed = self.closed or "line_cut"
            self._tick.set()

    async def _carry(self) -> None:
        while not self.closed:
            self._sent += 1
            await asyncio.sleep(self._sent * FRAME_MS / 1000 - self.now_s)
            frame = self._coded(self._next_frame())
            if self._take is not None:
                self._take(frame)
            else:
                self._inputs.put_nowait(AudioIn(frame))
            for name in self.playback.reached(self.now_s):
                self._inputs.put_nowait(MarkIn(name))
            self._tick.set()
            self._tick = asyncio.Event()

    def _coded(self, samples: Pcm16) -> Pcm16:
        return samples if self._encoding == "pcm_s16le" else decode(encode(samples, self._encoding), self._encoding)

    def _next_frame(self) -> Pcm16:
        frame = self._noise.normal(0.0, self._noise_lsb, self._frame)
        spoken = self._speaking[: self._frame]
        frame[: spoken.size] += spoken
        self._speaking = self._speaking[self._frame :]
        return np.clip(np.round(frame), -32768, 32767).astype(np.int16)
