"""The JSON messages of `WS /voice/stream`, one dataclass or model each (wire format: docs/VOICE_STREAM.md)."""

import base64
import binascii
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from reception.core.errors import InvalidInput
from reception.ports.audio import AudioFormat
from reception.ports.dialogue import Citation
from reception.ports.events import (
    ActionDone,
    CallEnded,
    CallEvent,
    CallFault,
    ProviderSwitched,
    ReplySaid,
    SpeechChanged,
    TranscriptHeard,
    TurnAnswered,
    TurnMetrics,
)


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class AudioOffer(_Message):
    encoding: Literal["pcm_s16le", "mulaw", "alaw"]
    sample_rate: int = Field(ge=8000, le=48000)

    @property
    def format(self) -> AudioFormat:
        return AudioFormat(self.encoding, self.sample_rate)


class CallerDetails(_Message):
    name: str = Field(default="", max_length=120)
    phone: str = Field(default="", max_length=32)
    locale: str = Field(default="", max_length=35)


class Start(_Message):
    type: Literal["start"]
    agent_id: str = Field(max_length=64)
    audio: AudioOffer
    caller: CallerDetails = CallerDetails()
    partial_transcripts: bool = True
    conversation_id: str | None = Field(default=None, max_length=64)
    resume_after_seq: int | None = Field(default=None, ge=-1, lt=1 << 53)


class AudioMessage(_Message):
    type: Literal["audio"]
    data: str

    def decoded(self) -> bytes:
        try:
            return base64.b64decode(self.data, validate=True)
        except (binascii.Error, ValueError):
            raise InvalidInput("`data` is not base64.") from None


class TextMessage(_Message):
    type: Literal["text"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class TypingMessage(_Message):
    type: Literal["typing"]


class DtmfMessage(_Message):
    type: Literal["dtmf"]
    digit: str = Field(pattern=r"^[0-9*#A-D]$")


class MarkMessage(_Message):
    type: Literal["mark"]
    name: str = Field(max_length=128)


class Stop(_Message):
    type: Literal["stop"]


ClientMessage: TypeAlias = Start | AudioMessage | TextMessage | TypingMessage | DtmfMessage | MarkMessage | Stop
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(Annotated[ClientMessage, Field(discriminator="type")])


def parse_client_message(text: str) -> ClientMessage:
    """Raises `InvalidInput` whose detail names what is wrong, and never what was sent."""
    try:
        return _CLIENT.validate_python(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise InvalidInput("A message must be one JSON object.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{where}: {first['msg']}" if where else str(first["msg"])) from None


def ready_message(conversation_id: UUID, audio: AudioFormat, *, resumed: bool = False) -> dict[str, Any]:
    return {
        "type": "ready",
        "conversation_id": conversation_id,
        "audio": {"encoding": audio.encoding, "sample_rate": audio.sample_rate_hz},
        "resumed": resumed,
    }


def error_message(code: str, message: str, *, fatal: bool) -> dict[str, Any]:
    return {"type": "error", "code": code, "message": message, "fatal": fatal}


def audio_message(turn: int, data: bytes) -> dict[str, Any]:
    return {"type": "audio", "turn": turn, "data": base64.b64encode(data).decode("ascii")}


def event_message(event: CallEvent) -> dict[str, Any]:
    """The message that tells a client of `event`."""
    match event:
        case SpeechChanged(state, at_ms):
            return {"type": "speech", "state": state, "at_ms": at_ms}
        case TranscriptHeard(turn, text, final):
            return {"type": "transcript", "turn": turn, "text": text, "final": final}
        case ReplySaid(turn, text, citations):
            return {"type": "reply", "turn": turn, "text": text, "citations": [_citation(one) for one in citations]}
        case ActionDone(name, data):
            return {"type": "action", "name": name, "data": dict(data)}
        case TurnAnswered(metrics):
            return {"type": "turn_latency", **_rounded(metrics)}
        case TurnMetrics():
            return {"type": "turn_metrics", **_rounded(event)}
        case CallFault(code, message, fatal):
            return error_message(code, message, fatal=fatal)
        case ProviderSwitched(part, from_provider, to_provider, reason):
            return {"type": "provider", "part": part, "from": from_provider, "to": to_provider, "reason": reason}
        case CallEnded(reason):
            return {"type": "ended", "reason": reason}


def _citation(citation: Citation) -> dict[str, Any]:
    return {"chunk_id": citation.chunk_id, "document": citation.document}


def _rounded(metrics: TurnMetrics) -> dict[str, Any]:
    return {
        "turn": metrics.turn,
        "endpointing_ms": _tenth(metrics.endpointing_ms),
        "stt_ms": _tenth(metrics.stt_ms),
        "understanding_ms": _tenth(metrics.understanding_ms),
        "retrieval_ms": _tenth(metrics.retrieval_ms),
        "llm_first_token_ms": _tenth(metrics.llm_first_token_ms),
        "tts_first_audio_ms": _tenth(metrics.tts_first_audio_ms),
        "voice_to_voice_ms": _tenth(metrics.voice_to_voice_ms),
        "interrupted": metrics.interrupted,
        "speculations_dropped": metrics.speculations_dropped,
        "cache": metrics.cache,
        "providers": dict(metrics.providers),
    }


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
