"""AssemblyAI's Universal Streaming, version 3.

By websockets and not by AssemblyAI's package, whose goodbye a cancelled call waits 15 s for when the vendor has stopped
reading, and which connects again by itself.
Wire format: https://www.assemblyai.com/docs/streaming/message-sequence
"""

from collections.abc import Iterable
from urllib.parse import urlencode

import orjson
from pydantic import BaseModel

from reception.core.audio import Pcm16, encode
from reception.providers.dialect import Dialect, News, Piece
from reception.providers.vendor_tts import TELEPHONE_HZ
from reception.providers.wire import closed

_MOST_NAMES, _LONGEST_NAME = 50, 50


class _Word(BaseModel):
    text: str
    start: float
    end: float
    confidence: float = 0.0


class _Message(BaseModel):
    type: str
    turn_order: int = 0
    turn_is_formatted: bool = False
    end_of_turn: bool = False
    words: tuple[_Word, ...] = ()
    error_code: int | None = None
    error: str = ""


class AssemblyAiDialect(Dialect):
    """A turn comes twice when it ends: as it was heard, and then with its numbers and its punctuation, which replaces
    the first and settles it."""

    shortest_ms = 50

    def url(self) -> str:
        asked = {
            "speech_model": self.access.model,
            "sample_rate": str(self.rate_hz),
            "encoding": "pcm_mulaw" if self.rate_hz == TELEPHONE_HZ else "pcm_s16le",
            "format_turns": "true",
        }
        names = [name for name in self.hints.names if len(name) <= _LONGEST_NAME][:_MOST_NAMES]
        if names:
            asked["keyterms_prompt"] = orjson.dumps(names).decode()
        return f"{self.access.base_url}/v3/ws?{urlencode(asked)}"

    def headers(self) -> dict[str, str]:
        return {"Authorization": self.access.api_key}

    def audio(self, samples: Pcm16) -> bytes:
        return encode(samples, "mulaw" if self.rate_hz == TELEPHONE_HZ else "pcm_s16le")

    def flush(self, at_ms: float) -> str:
        return '{"type":"ForceEndpoint"}'

    def goodbye(self) -> str:
        return '{"type":"Terminate"}'

    def read(self, message: bytes | str) -> Iterable[News]:
        told = _Message.model_validate_json(message)
        if told.type == "Error":
            raise closed(self.access.provider, told.error_code or 0, told.error)
        if told.type != "Turn":
            return
        pieces = tuple(Piece(word.start, word.end, word.text, word.confidence) for word in told.words)
        final = told.end_of_turn and told.turn_is_formatted
        yield News(told.turn_order, pieces, final, pieces[-1].end_ms if final and pieces else 0.0, final)
