"""What happens in a call, as told to its client and to whoever observes it. Times are audio time of the call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from reception.ports.dialogue import Citation, Json


@dataclass(frozen=True, slots=True)
class SpeechChanged:
    """The caller started or stopped speaking at `at_ms`."""

    state: Literal["started", "stopped"]
    at_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptHeard:
    """What the caller said; partial while `final` is false, and then replaced by the next for the same turn."""

    turn: int
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class ReplySaid:
    """A sentence was decided and is about to be spoken."""

    turn: int
    text: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionDone:
    name: str
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class TurnMetrics:
    """Where the time of one turn went, in milliseconds; None where a stage did not run.

    `voice_to_voice_ms` runs from the last sound of the caller's speech, by its energy, to the first reply audio
    handed to the transport; `endpointing_ms` from there to the end of the turn.
    """

    turn: int
    endpointing_ms: float | None = None
    stt_ms: float | None = None
    understanding_ms: float | None = None
    retrieval_ms: float | None = None
    llm_first_token_ms: float | None = None
    tts_first_audio_ms: float | None = None
    voice_to_voice_ms: float | None = None
    interrupted: bool = False
    speculations_dropped: int = 0
    cache: str = ""
    providers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TurnAnswered:
    """The first audio of a reply is out. `metrics` are those of its turn, but that it may still be interrupted."""

    metrics: TurnMetrics


@dataclass(frozen=True, slots=True)
class CallFault:
    """Something failed; the call goes on unless `fatal`."""

    code: str
    message: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class ProviderSwitched:
    """Another provider answers from here on. `reason` is the code of what was wrong, or `recovered`."""

    part: Literal["stt", "tts", "llm", "embeddings"]
    from_provider: str
    to_provider: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    reason: str


CallEvent: TypeAlias = (
    SpeechChanged
    | TranscriptHeard
    | ReplySaid
    | ActionDone
    | TurnAnswered
    | TurnMetrics
    | CallFault
    | ProviderSwitched
    | CallEnded
)


class CallObserver(Protocol):
    """Is told of every event, after the client. Must not block and must not raise."""

    def on_event(self, event: CallEvent) -> None: ...
