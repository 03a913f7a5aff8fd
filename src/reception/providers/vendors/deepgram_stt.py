"""Deepgram's live transcription.

By websockets and not by Deepgram's package: that is 11 MB around the very same library, and closes its connection with
a handshake for which a cancelled call waits longer than 20 s when the vendor has stopped reading.
Wire format: https://developers.deepgram.com/reference/speech-to-text/listen-streaming
"""

from collections.abc import Iterable
from itertools import accumulate
from urllib.parse import urlencode

from pydantic import BaseModel

from reception.core.audio import Pcm16, encode
from reception.core.errors import ProviderError
from reception.providers.dialect import Dialect, News, Piece
from reception.providers.vendor_tts import TELEPHONE_HZ

_ENDPOINTING_MS = 200
_MOST_NAMES = 50
_MOST_BYTES = 1000
"""Of names in all. Beyond 500 tokens the connection is refused, and hardly a token is shorter than two bytes."""


class _Word(BaseModel):
    word: str
    start: float
    end: float
    confidence: float = 0.0
    punctuated_word: str | None = None


class _Alternative(BaseModel):
    transcript: str
    confidence: float = 0.0
    words: tuple[_Word, ...] = ()


class _Channel(BaseModel):
    alternatives: tuple[_Alternative, ...]


class _Message(BaseModel):
    type: str
    start: float = 0.0
    duration: float = 0.0
    is_final: bool = False
    from_finalize: bool = False
    channel: _Channel | None = None
    err_code: str | None = None


class DeepgramDialect(Dialect):
    """Asks for its own endpointing too: what it has settled by itself needs no flush. Telephone audio is sent as it
    came over the line."""

    keep_alive = '{"type":"KeepAlive"}'

    def url(self) -> str:
        sizes = accumulate(len(name.encode()) for name in self.hints.names[:_MOST_NAMES])
        names = [("keyterm", name) for name, size in zip(self.hints.names, sizes, strict=False) if size <= _MOST_BYTES]
        asked = [
            ("model", self.access.model),
            ("language", self.hints.locale),
            ("encoding", "mulaw" if self.rate_hz == TELEPHONE_HZ else "linear16"),
            ("sample_rate", str(self.rate_hz)),
            ("channels", "1"),
            ("interim_results", "true"),
            ("endpointing", str(_ENDPOINTING_MS)),
            ("smart_format", "true"),
            ("no_delay", "true"),
            *(names if self.access.model.startswith("nova-3") else []),
        ]
        return f"{self.access.base_url}/v1/listen?{urlencode(asked)}"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Token {self.access.api_key}"}

    def audio(self, samples: Pcm16) -> bytes:
        return encode(samples, "mulaw" if self.rate_hz == TELEPHONE_HZ else "pcm_s16le")

    def flush(self, at_ms: float) -> str:
        return '{"type":"Finalize"}'

    def goodbye(self) -> str:
        return '{"type":"CloseStream"}'

    def read(self, message: bytes | str) -> Iterable[News]:
        told = _Message.model_validate_json(message)
        if told.type == "Error":
            raise ProviderError(
                self.access.provider, f"{self.access.provider} failed ({told.err_code})", retryable=True
            )
        if told.type != "Results" or told.channel is None or not told.channel.alternatives:
            return
        best = told.channel.alternatives[0]
        pieces = tuple(
            Piece(word.start * 1000, word.end * 1000, word.punctuated_word or word.word, word.confidence)
            for word in best.words
        )
        covered_ms = (told.start + told.duration) * 1000
        yield News(told.start, pieces, told.is_final, covered_ms if told.is_final else 0.0, told.from_finalize)
