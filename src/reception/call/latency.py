"""Where the time of a turn went, from what the engine says it has reached."""

from dataclasses import dataclass, field
from typing import TypeAlias

from reception.ports.dialogue import PreparedTurn
from reception.ports.events import TurnAnswered, TurnMetrics


@dataclass(frozen=True, slots=True)
class TurnCommitted:
    """`speech_end_s` is when the last sound of the caller's speech was made; None for a typed
    turn. Both times are monotonic."""

    turn: int
    at_s: float
    speech_end_s: float | None = None
    stt_ms: float | None = None
    stt_provider: str = ""
    speculations_dropped: int = 0


@dataclass(frozen=True, slots=True)
class TurnPrepared:
    turn: int
    prepared: PreparedTurn


@dataclass(frozen=True, slots=True)
class FirstAudioSent:
    """`tts_ms` is what the voice took to its first audio, whenever it was asked."""

    turn: int
    at_s: float
    tts_ms: float | None
    tts_provider: str


@dataclass(frozen=True, slots=True)
class ReplyEnded:
    turn: int
    interrupted: bool


Stage: TypeAlias = TurnCommitted | TurnPrepared | FirstAudioSent | ReplyEnded


@dataclass(slots=True)
class _Reached:
    committed: TurnCommitted | None = None
    prepared: PreparedTurn | None = None
    first_audio: FirstAudioSent | None = None
    providers: dict[str, str] = field(default_factory=dict)


class LatencyObserver:
    """Gathers the stages of each turn, and tells of it twice: when the reply can be heard, and when it has ended."""

    def __init__(self) -> None:
        self._turns: dict[int, _Reached] = {}

    def on_stage(self, stage: Stage) -> TurnAnswered | TurnMetrics | None:
        """Take note of `stage`; what there is to tell of its turn now."""
        if isinstance(stage, TurnCommitted):
            self._turns[stage.turn] = _Reached(committed=stage)
            return None
        reached = self._turns.get(stage.turn)
        if reached is None:
            return None
        match stage:
            case TurnPrepared(prepared=prepared):
                reached.prepared = prepared
            case FirstAudioSent() if reached.first_audio is None:
                reached.first_audio = stage
                return TurnAnswered(_metrics(stage.turn, reached, interrupted=False))
            case ReplyEnded(turn=turn, interrupted=interrupted):
                del self._turns[turn]
                return _metrics(turn, reached, interrupted=interrupted)
        return None


def _metrics(turn: int, reached: _Reached, *, interrupted: bool) -> TurnMetrics:
    committed, prepared, audio = reached.committed, reached.prepared, reached.first_audio
    speech_end_s = committed.speech_end_s if committed else None
    providers: dict[str, str] = {}
    if committed and committed.stt_provider:
        providers["stt"] = committed.stt_provider
    if audio and audio.tts_provider:
        providers["tts"] = audio.tts_provider
    if prepared:
        providers.update(prepared.providers)
    return TurnMetrics(
        turn=turn,
        endpointing_ms=(committed.at_s - speech_end_s) * 1000 if committed and speech_end_s is not None else None,
        stt_ms=committed.stt_ms if committed else None,
        understanding_ms=prepared.understanding_ms if prepared else None,
        retrieval_ms=prepared.retrieval_ms if prepared else None,
        llm_first_token_ms=prepared.llm_first_token_ms if prepared else None,
        tts_first_audio_ms=audio.tts_ms if audio else None,
        voice_to_voice_ms=(audio.at_s - speech_end_s) * 1000 if audio and speech_end_s is not None else None,
        interrupted=interrupted,
        speculations_dropped=committed.speculations_dropped if committed else 0,
        cache=prepared.cache if prepared else "",
        providers=providers,
    )
