"""Deepgram Aura. The model is the voice.

Wire format: https://developers.deepgram.com/reference/text-to-speech/speak-request
"""

from collections.abc import AsyncGenerator

from reception.core.audio import Pcm16
from reception.ports.speech import Voice
from reception.providers.vendor_tts import TELEPHONE_HZ, VendorTextToSpeech
from reception.providers.wire import SampleReader, garbage, refusal

_RATES_HZ = (8000, 16_000, 24_000, 32_000, 48_000)


class DeepgramTextToSpeech(VendorTextToSpeech):
    """Telephones get µ-law as it is made. Aura has no speed."""

    default_voice = ""
    longest_chars = 2000

    def _rate_hz(self, wanted_hz: int) -> int:
        return next((rate for rate in _RATES_HZ if rate >= wanted_hz), _RATES_HZ[-1])

    async def _speak(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        access = self._access
        by_phone = sample_rate_hz == TELEPHONE_HZ
        asked = {
            "model": self._voice(voice) or access.model,
            "encoding": "mulaw" if by_phone else "linear16",
            "sample_rate": str(sample_rate_hz),
            "container": "none",
        }
        async with access.http.stream(
            "POST",
            f"{access.base_url}/v1/speak",
            params=asked,
            headers={"Authorization": f"Token {access.api_key}"},
            json={"text": text},
        ) as answer:
            if not answer.is_success:
                raise refusal(self.provider, answer.status_code, answer.headers, await answer.aread())
            if not answer.headers.get("content-type", "").startswith("audio/"):
                raise garbage(self.provider)
            reader = SampleReader("mulaw" if by_phone else "pcm_s16le")
            async for piece in answer.aiter_raw():
                yield reader.read(piece)
