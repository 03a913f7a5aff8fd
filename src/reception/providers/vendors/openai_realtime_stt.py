"""OpenAI's Realtime API in a session that only transcribes.

Wire format: https://platform.openai.com/docs/guides/realtime-transcription
"""

import base64
from collections import deque
from collections.abc import Iterable

import orjson
from pydantic import BaseModel

from reception.core.audio import Pcm16, Resampler, encode
from reception.core.errors import ProviderError, ProviderRefused
from reception.ports.speech import TranscriptionHints
from reception.providers.access import Access
from reception.providers.dialect import Dialect, News, Piece
from reception.providers.vendor_stt import UNSTATED_CONFIDENCE
from reception.providers.vendor_tts import TELEPHONE_HZ

_RATE_HZ = 24_000
_SHORTEST_MS = 120
"""A buffer of less than 100 ms cannot be committed, and the resampler holds some back."""
_OF_KEY = frozenset({"invalid_api_key", "insufficient_quota"})
_REFUSALS = frozenset({"model_not_found", "invalid_request_error"})
_PASSING = frozenset({"session_expired", "input_audio_buffer_commit_empty"})
"""Of the type `invalid_request_error`, and mended by a new connection: a session lasts an hour."""


class _Error(BaseModel):
    type: str = ""
    code: str | None = None


class _Message(BaseModel):
    type: str
    item_id: str = ""
    delta: str = ""
    transcript: str = ""
    error: _Error | None = None


class OpenAiRealtimeDialect(Dialect):
    """Gives no times: what one commit ends is one piece. Telephone audio is sent as it came over the line, other audio
    at 24 kHz."""

    def __init__(self, access: Access, sample_rate_hz: int, hints: TranscriptionHints) -> None:
        super().__init__(access, sample_rate_hz, hints)
        self._by_phone = sample_rate_hz == TELEPHONE_HZ
        self._resampler = Resampler(sample_rate_hz, _RATE_HZ)
        self._committed_ms = 0.0
        self._commits: deque[tuple[float, float]] = deque()
        self._items: dict[str, tuple[float, float]] = {}
        self._heard: dict[str, str] = {}

    def url(self) -> str:
        return f"{self.access.base_url}/v1/realtime?intent=transcription"

    def headers(self) -> dict[str, str]:
        return self.access.bearer()

    def opening(self) -> str:
        transcription = {"model": self.access.model, "language": self.hints.locale.split("-")[0].lower()}
        if self.hints.names:
            transcription["prompt"] = ", ".join(self.hints.names) + "."
        audio = {
            "format": {"type": "audio/pcmu"} if self._by_phone else {"type": "audio/pcm", "rate": _RATE_HZ},
            "transcription": transcription,
            "turn_detection": None,
        }
        session = {"type": "transcription", "audio": {"input": audio}}
        return orjson.dumps({"type": "session.update", "session": session}).decode()

    def audio(self, samples: Pcm16) -> str:
        sent = encode(samples, "mulaw") if self._by_phone else encode(self._resampler.process(samples), "pcm_s16le")
        return f'{{"type":"input_audio_buffer.append","audio":"{base64.b64encode(sent).decode()}"}}'

    def flush(self, at_ms: float) -> str | None:
        if at_ms - self._committed_ms < _SHORTEST_MS:
            return None
        self._commits.append((self._committed_ms, at_ms))
        self._committed_ms = at_ms
        return '{"type":"input_audio_buffer.commit"}'

    def goodbye(self) -> None:
        return None

    def read(self, message: bytes | str) -> Iterable[News]:
        told = _Message.model_validate_json(message)
        match told.type.removeprefix("conversation.item.input_audio_transcription."):
            case "input_audio_buffer.committed" if self._commits:
                self._items[told.item_id] = self._commits.popleft()
            case "delta":
                text = self._heard[told.item_id] = self._heard.get(told.item_id, "") + told.delta
                start_ms, end_ms = self._items.get(
                    told.item_id, (self._committed_ms, self._committed_ms + _SHORTEST_MS)
                )
                yield News(told.item_id, (Piece(start_ms, end_ms, text, UNSTATED_CONFIDENCE),))
            case "completed":
                self._heard.pop(told.item_id, None)
                start_ms, end_ms = self._items.pop(told.item_id, (0.0, 0.0))
                piece = Piece(start_ms, end_ms, told.transcript.strip(), UNSTATED_CONFIDENCE)
                yield News(told.item_id, (piece,), final=True, covered_ms=end_ms, flushed=True)
            case "error" | "failed":
                raise self._failure(told.error or _Error())

    def _failure(self, error: _Error) -> ProviderError:
        code = error.code or error.type or "unknown"
        detail = f"{self.access.provider} failed ({code})"
        if code in _OF_KEY or error.type in _OF_KEY:
            return ProviderRefused(self.access.provider, detail, of_key=True)
        if code in _PASSING or not (code in _REFUSALS or error.type in _REFUSALS):
            return ProviderError(self.access.provider, detail, retryable=True)
        return ProviderRefused(self.access.provider, detail)
