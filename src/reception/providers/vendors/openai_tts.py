"""Speech over the API that OpenAI, Groq and most servers of one's own speak: `POST /audio/speech`.

By httpx, for the same reasons as the transcription.
Wire format: https://platform.openai.com/docs/api-reference/audio/createSpeech
"""

import struct
from collections.abc import AsyncGenerator, AsyncIterator
from typing import ClassVar

from reception.core.audio import Pcm16
from reception.ports.speech import Voice
from reception.providers.vendor_tts import VendorTextToSpeech
from reception.providers.wire import SampleReader, garbage, refusal

_RATE_HZ = 24_000


class OpenAiTextToSpeech(VendorTextToSpeech):
    """Asks for bare samples, which OpenAI's wire has at 24 kHz, and plays them as they come."""

    default_voice = "alloy"

    def _rate_hz(self, wanted_hz: int) -> int:
        return _RATE_HZ

    async def _speak(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        access = self._access
        asked = {
            "model": access.model,
            "input": text,
            "voice": self._voice(voice),
            "response_format": self._response_format,
            "speed": voice.speed,
        }
        async with access.http.stream(
            "POST", f"{access.base_url}/audio/speech", headers=access.bearer(), json=asked
        ) as answer:
            access.heed(answer.headers)
            if not answer.is_success:
                raise refusal(self.provider, answer.status_code, answer.headers, await answer.aread())
            if answer.headers.get("content-type", "").startswith(("text/", "application/json")):
                raise garbage(self.provider)
            async for samples in self._samples(answer.aiter_raw()):
                yield samples

    _response_format: ClassVar[str] = "pcm"

    async def _samples(self, data: AsyncIterator[bytes]) -> AsyncGenerator[Pcm16]:
        reader = SampleReader("pcm_s16le")
        async for piece in data:
            yield reader.read(piece)


class GroqTextToSpeech(OpenAiTextToSpeech):
    """Orpheus on Groq: 200 characters a request, and WAV only, at 48 kHz as its header says."""

    default_voice = "hannah"
    longest_chars = 200
    _response_format = "wav"

    def _rate_hz(self, wanted_hz: int) -> int:
        return 48_000

    async def _samples(self, data: AsyncIterator[bytes]) -> AsyncGenerator[Pcm16]:
        reader = SampleReader("pcm_s16le")
        head = b""
        started = False
        async for piece in data:
            if started:
                yield reader.read(piece)
                continue
            head += piece
            body = _after_header(head, 48_000)
            if body is not None:
                started = True
                yield reader.read(body)
            elif len(head) > _LONGEST_HEADER:
                raise garbage(self.provider)
        if head and not started:
            raise garbage(self.provider)


_LONGEST_HEADER = 4096


def _after_header(head: bytes, rate_hz: int) -> bytes | None:
    """What follows the header of a RIFF file of 16-bit mono at `rate_hz`; None until the header is whole.

    A header of something else is never whole. The length in a streamed file's header is not to be trusted.
    """
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at = 12
    fits = False
    while at + 8 <= len(head):
        name, size = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"data":
            return head[at + 8 :] if fits else None
        if name == b"fmt " and at + 24 <= len(head):
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at + 8)
            fits = (channels, rate, bits) == (1, rate_hz, 16) and kind in (1, 0xFFFE)
        at += 8 + size + size % 2
    return None
