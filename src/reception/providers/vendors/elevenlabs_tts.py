"""ElevenLabs over its WebSocket for text that is streamed in.

By websockets and not by ElevenLabs's package, which is 38 MB, most of it for other things, and whose realtime client
blocks a thread.
Wire format: https://elevenlabs.io/docs/api-reference/text-to-speech/v-1-text-to-speech-voice-id-stream-input
"""

import base64
import binascii
from collections.abc import AsyncGenerator
from urllib.parse import quote, urlencode

import orjson
from pydantic import AliasChoices, BaseModel, Field

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.ports.speech import Voice
from reception.providers.vendor_tts import TELEPHONE_HZ, VendorTextToSpeech
from reception.providers.warm_sockets import Standby
from reception.providers.wire import SampleReader, garbage, judged

_PCM_HZ = (16_000, 22_050, 24_000, 44_100)
_MULTILINGUAL = ("eleven_flash_v2_5", "eleven_turbo_v2_5")
_SLOWEST, _FASTEST = 0.7, 1.2


class _Alignment(BaseModel):
    """Of the characters in one message's audio, counted from its beginning. The vendor has two names for each."""

    chars: list[str]
    starts_ms: list[float] = Field(validation_alias=AliasChoices("charStartTimesMs", "charsStartTimesMs"))
    lengths_ms: list[float] = Field(validation_alias=AliasChoices("charDurationsMs", "charsDurationsMs"))


class _Message(BaseModel):
    audio: str | None = None
    alignment: _Alignment | None = None
    isFinal: bool | None = None  # noqa: N815  the vendor's name
    error: str | None = None
    message: str | None = None


class _Words:
    """The words whose last character, and the space after it, have come."""

    def __init__(self) -> None:
        self.ends_ms: list[float] = []
        self._end_ms: float | None = None

    def take(self, alignment: _Alignment, before_ms: float) -> None:
        timed = zip(alignment.chars, alignment.starts_ms, alignment.lengths_ms, strict=False)
        for char, start_ms, lasts_ms in timed:
            if char.isspace():
                self.end()
            else:
                self._end_ms = before_ms + start_ms + lasts_ms

    def end(self) -> None:
        if self._end_ms is not None:
            self.ends_ms.append(self._end_ms)
            self._end_ms = None


class ElevenLabsTextToSpeech(VendorTextToSpeech):
    """One connection a clause, opened while the one before is spoken. Telephones get µ-law as it is made, so that
    nothing is resampled."""

    default_voice = "21m00Tcm4TlvDq8ikWAM"

    def _rate_hz(self, wanted_hz: int) -> int:
        if wanted_hz == TELEPHONE_HZ:
            return TELEPHONE_HZ
        return next((rate for rate in _PCM_HZ if rate >= wanted_hz), _PCM_HZ[-1])

    async def _speak(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        access = self._access
        by_phone = sample_rate_hz == TELEPHONE_HZ
        url, headers = self._url(voice, sample_rate_hz), self._headers()
        reader = SampleReader("mulaw" if by_phone else "pcm_s16le")
        words, made = _Words(), 0
        socket = await access.sockets.take(url, headers)
        try:
            speed = min(max(voice.speed, _SLOWEST), _FASTEST)
            await socket.send(orjson.dumps({"text": " ", "voice_settings": {"speed": speed}}).decode())
            await socket.send(orjson.dumps({"text": f"{text} ", "flush": True}).decode())
            await socket.send('{"text":""}')
            access.sockets.prepare(url, headers)
            while True:
                told = _Message.model_validate_json(await socket.recv())
                if told.error is not None:
                    raise self._failure(told.error, told.message or "")
                if told.alignment is not None:
                    words.take(told.alignment, 1000 * made / sample_rate_hz)
                    self._said.note(text, self._voicing(voice), words.ends_ms)
                if told.audio:
                    audio = reader.read(self._decoded(told.audio))
                    made += audio.size
                    yield audio
                if told.isFinal:
                    words.end()
                    self._said.note(text, self._voicing(voice), words.ends_ms)
                    return
        finally:
            socket.transport.abort()

    def standby(self, voice: Voice, sample_rate_hz: int) -> Standby:
        """See `VendorTextToSpeech.standby`."""
        return self._access.sockets.standby(self._url(voice, self._rate_hz(sample_rate_hz)), self._headers())

    def _headers(self) -> dict[str, str]:
        return {"xi-api-key": self._access.api_key}

    def _url(self, voice: Voice, sample_rate_hz: int) -> str:
        access = self._access
        asked = {
            "model_id": access.model,
            "output_format": "ulaw_8000" if sample_rate_hz == TELEPHONE_HZ else f"pcm_{sample_rate_hz}",
            "auto_mode": "true",
            "sync_alignment": "true",
        }
        if access.model in _MULTILINGUAL:
            asked["language_code"] = voice.locale.split("-")[0].lower()
        return f"{access.base_url}/v1/text-to-speech/{quote(self._voice(voice))}/stream-input?{urlencode(asked)}"

    def _decoded(self, audio: str) -> bytes:
        try:
            return base64.b64decode(audio, validate=True)
        except binascii.Error:
            raise garbage(self.provider) from None

    def _failure(self, code: str, message: str) -> ProviderError:
        known = code if code.replace("_", "").isalnum() else "error"
        return judged(self.provider, f"{self.provider} failed ({known})", f"{code} {message}")
