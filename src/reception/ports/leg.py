"""One participant's connection to a call, whatever wire it came over.

Audio crosses this port decoded: mono int16 at `CallLeg.rate_hz`. A transport does nothing but turn frames of its
wire into these values and back.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from reception.ports.audio import Pcm16
from reception.ports.events import CallEvent


@dataclass(frozen=True, slots=True)
class AudioIn:
    samples: Pcm16


@dataclass(frozen=True, slots=True)
class TextIn:
    """The caller typed instead of speaking."""

    text: str


@dataclass(frozen=True, slots=True)
class TypingIn:
    """The caller is writing something, which is not sent yet."""


@dataclass(frozen=True, slots=True)
class DtmfIn:
    digit: str


@dataclass(frozen=True, slots=True)
class MarkIn:
    """Playback has reached the mark `name` (or it was dropped by `clear`)."""

    name: str


@dataclass(frozen=True, slots=True)
class LegClosed:
    """The caller is gone; the last input of a leg."""

    reason: str


CONNECTION_LOST = "connection_lost"
DOES_NOT_READ = "client_does_not_read"
LEG_FAILED = "leg_failed"
CALL_BROKE = "error"
LOST_REASONS = frozenset({CONNECTION_LOST, DOES_NOT_READ, LEG_FAILED, CALL_BROKE})
"""Why a call ended, where nobody wanted it to: the caller may come back."""
TAKEN_OVER = "taken_over"
"""The call goes on over another connection."""

LegInput: TypeAlias = AudioIn | TextIn | TypingIn | DtmfIn | MarkIn | LegClosed


class CallLeg(Protocol):
    """Sending never blocks for longer than the transport's own bounded queue allows; a client that does not read
    is closed with a reason."""

    @property
    def rate_hz(self) -> int:
        """Sample rate of audio in both directions on the engine's side: 8000 or 16000."""
        ...

    @property
    def output_rate_hz(self) -> int:
        """Sample rate of what is sent, in the client's own rate when the transport need not resample."""
        ...

    @property
    def shows_partials(self) -> bool:
        """Whether the client is to be told what was heard while the caller still speaks."""
        ...

    def inputs(self) -> AsyncIterator[LegInput]:
        """Everything from the client, in order; ends after `LegClosed`."""
        ...

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        """Queue audio for playback, at `output_rate_hz`. The client buffers; it may be sent ahead of real time."""
        ...

    async def send_mark(self, name: str) -> None: ...

    async def clear(self) -> None:
        """Drop all audio not yet played."""
        ...

    async def send_event(self, event: CallEvent) -> None: ...

    async def close(self, reason: str) -> None: ...


@runtime_checkable
class PushesAudio(Protocol):
    """A leg that can spare each frame the way through `CallLeg.inputs`."""

    def push_audio_to(self, take: Callable[[Pcm16], None]) -> None:
        """From now on hand audio to `take` as soon as it is there, on the event loop; all else still comes through
        `inputs`. `take` must not block."""
        ...
