"""What a vendor's stream of speech wants to be sent, and what its messages mean."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from reception.core.audio import Pcm16
from reception.ports.speech import TranscriptionHints
from reception.providers.access import Access


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or a whole stretch where the vendor gives no times of words. Milliseconds of the connection's audio."""

    start_ms: float
    end_ms: float
    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class News:
    """What a message says of the stretch that `key` names: `pieces` replace what was said of it before.

    With `final` they will not change, and all audio before `covered_ms` has been judged. `flushed` answers one flush.
    """

    key: float | str = ""
    pieces: tuple[Piece, ...] = ()
    final: bool = False
    covered_ms: float = 0.0
    flushed: bool = False


_SLACK_MS = 60


def said_between(known: Iterable[Piece], start_ms: float, end_ms: float) -> list[Piece]:
    """Those of `known` that were said from `start_ms` to `end_ms`, in order; vendors' times are not exact."""
    within = [piece for piece in known if piece.end_ms - _SLACK_MS > start_ms and piece.start_ms + _SLACK_MS < end_ms]
    return sorted((piece for piece in within if piece.text), key=lambda piece: piece.start_ms)


class Dialect(ABC):
    """One connection's language. May remember what was sent."""

    keep_alive: str | None = None
    """What is sent when there has been no audio for a few seconds."""
    shortest_ms = 0
    """Of audio in one message; what is shorter waits for more."""

    def __init__(self, access: Access, sample_rate_hz: int, hints: TranscriptionHints) -> None:
        self.access = access
        self.rate_hz = sample_rate_hz
        self.hints = hints

    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def headers(self) -> dict[str, str]: ...

    def opening(self) -> str | None:
        """What is sent first."""
        return None

    @abstractmethod
    def audio(self, samples: Pcm16) -> bytes | str: ...

    @abstractmethod
    def flush(self, at_ms: float) -> str | None:
        """Ask for the final word on all audio sent, which is `at_ms` long; None when that needs no asking."""

    @abstractmethod
    def goodbye(self) -> str | None: ...

    @abstractmethod
    def read(self, message: bytes | str) -> Iterable[News]:
        """What `message` says.

        Raises:
            ProviderError: the vendor says that something is wrong.
            pydantic.ValidationError: it says something that its documentation does not know.
        """
