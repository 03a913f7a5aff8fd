"""The installation's own models for other programs, in the form of OpenAI's API: `/v1/audio/transcriptions`,
`/v1/audio/speech` and `/v1/embeddings`.

Wire format: https://platform.openai.com/docs/api-reference/audio
"""

import base64
import hmac
import io
import wave
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any, Literal

import numpy as np
import orjson
from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from fastapi.responses import PlainTextResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field

from reception.api.schemas import Request, Text
from reception.core.audio import Pcm16, decode, encode
from reception.core.errors import InvalidInput, Unauthenticated
from reception.ports.speech import TranscriptionHints, Voice
from reception.providers.bundle import Speech

_SPEECH_HZ = 24_000
_LOWEST_HZ, _HIGHEST_HZ = 8000, 48_000
_MOST_TEXTS = 256
_bearer = HTTPBearer(auto_error=False, description="The key of RECEPTION_SPEECH_API_KEY")


class SpeechRequest(Request):
    """`voice` and `instructions` are taken and have no effect where there is one voice only."""

    model: str = Field(default="", max_length=120)
    input: Annotated[Text, Field(min_length=1, max_length=4096)]
    voice: str = Field(default="heart", max_length=60)
    instructions: str = Field(default="", max_length=4096)
    response_format: Literal["pcm", "wav"] = Field(default="wav", description="16-bit, one channel, 24 kHz")
    speed: float = Field(default=1.0, ge=0.5, le=2.0, allow_inf_nan=False)
    stream_format: Literal["audio"] = "audio"


_EmbeddedText = Annotated[str, Field(max_length=8192)]


class EmbeddingsRequest(Request):
    model: str = Field(default="", max_length=120)
    input: _EmbeddedText | Annotated[list[_EmbeddedText], Field(min_length=1, max_length=_MOST_TEXTS)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str = Field(default="", max_length=120)


def speech_router(speech: Speech, key: str) -> APIRouter:
    """The routes, for bearers of `key`."""

    def check(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if credentials is None or not hmac.compare_digest(credentials.credentials.encode(), key.encode()):
            raise Unauthenticated("Send `Authorization: Bearer <the key of RECEPTION_SPEECH_API_KEY>`.")

    router = APIRouter(prefix="/v1", tags=["speech"], dependencies=[Depends(check)])

    @router.post("/audio/transcriptions", summary="Transcribe a WAV file")
    async def transcribe(
        file: Annotated[UploadFile, File(description="WAV, 16 bits, one or two channels, 8 to 48 kHz")],
        model: Annotated[str, Form(max_length=120)] = "",
        language: Annotated[str, Form(max_length=35)] = "en",
        prompt: Annotated[str, Form(max_length=2000)] = "",
        response_format: Annotated[Literal["json", "verbose_json", "text"], Form()] = "json",
        temperature: Annotated[float, Form(ge=0, le=1)] = 0.0,
    ) -> Response:
        samples, rate_hz = _samples_of(await file.read())
        stream = speech.recognizer.open(rate_hz)
        try:
            stream.feed(samples)
            length_ms = samples.size * 1000 // rate_hz
            hints = TranscriptionHints(expected=prompt, locale=language)
            heard = await stream.transcribe(0, length_ms, hints, partial=False)
        finally:
            await stream.aclose()
        if response_format == "text":
            return PlainTextResponse(heard.text + "\n")
        told: dict[str, Any] = {"text": heard.text}
        if response_format == "verbose_json":
            log_probability = float(np.log(max(heard.confidence, 1e-6)))
            length_s = samples.size / rate_hz
            segment = {"id": 0, "start": 0.0, "end": length_s, "text": heard.text, "avg_logprob": log_probability}
            told |= {"task": "transcribe", "language": "english", "duration": length_s}
            told |= {"segments": [segment | {"no_speech_prob": 0.0}] if heard.text else []}
        return _json(told)

    @router.post("/audio/speech", summary="Speak a text")
    async def speak(body: SpeechRequest) -> StreamingResponse:
        chunks = speech.tts.stream(body.input, Voice(body.voice, body.speed), _SPEECH_HZ)
        first = await anext(chunks, None)
        kind = "audio/pcm" if body.response_format == "pcm" else "audio/wav"
        return StreamingResponse(_bytes(first, chunks, wav=body.response_format == "wav"), media_type=kind)

    @router.post("/embeddings", summary="Embed texts")
    async def embed(body: EmbeddingsRequest) -> Response:
        if body.dimensions not in (None, speech.embedder.dimensions):
            raise InvalidInput(f"This model's vectors have {speech.embedder.dimensions} dimensions.")
        texts = [body.input] if isinstance(body.input, str) else body.input
        rows = await speech.embedder.embed(texts)
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": row.tolist()
                if body.encoding_format == "float"
                else base64.b64encode(row.astype("<f4").tobytes()).decode(),
            }
            for index, row in enumerate(rows)
        ]
        usage = {"prompt_tokens": sum(len(text) for text in texts) // 4}
        usage["total_tokens"] = usage["prompt_tokens"]
        return _json({"object": "list", "data": data, "model": speech.embedder.model, "usage": usage})

    return router


def _samples_of(data: bytes) -> tuple[Pcm16, int]:
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate_hz, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError):
        raise InvalidInput("`file` must be a WAV file of uncompressed samples.") from None
    if width != 2 or channels not in (1, 2) or not _LOWEST_HZ <= rate_hz <= _HIGHEST_HZ:
        raise InvalidInput("`file` must have 16-bit samples, one or two channels, and 8 to 48 kHz.")
    samples = decode(frames[: len(frames) // (2 * channels) * 2 * channels], "pcm_s16le")
    if channels == 2:
        samples = samples.reshape(-1, 2).mean(axis=1).astype(np.int16)
    return samples, rate_hz


async def _bytes(first: Pcm16 | None, chunks: AsyncGenerator[Pcm16], *, wav: bool) -> AsyncGenerator[bytes]:
    async with aclosing(chunks):
        if wav:
            yield _header()
        if first is not None:
            yield encode(first, "pcm_s16le")
        async for chunk in chunks:
            yield encode(chunk, "pcm_s16le")


def _header() -> bytes:
    """Of a file that goes on until it ends: its lengths are the largest there are."""
    head = io.BytesIO()
    with wave.open(head, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_SPEECH_HZ)
        file.writeframes(b"")
    written = head.getvalue()
    return written[:4] + b"\xff\xff\xff\xff" + written[8:-4] + b"\xff\xff\xff\xff"


def _json(told: dict[str, Any]) -> Response:
    return Response(orjson.dumps(told), media_type="application/json")
