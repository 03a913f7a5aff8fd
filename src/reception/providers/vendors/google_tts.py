"""Google Cloud Text-to-Speech. The model is the voice, such as `en-US-Chirp3-HD-Aoede`.

By REST with an API key: Google's package brings gRPC and 19 others, 56 MB, for one request and one answer.
Wire format: https://cloud.google.com/text-to-speech/docs/reference/rest/v1/text/synthesize
"""

import base64
import binascii
import io
import wave
from collections.abc import AsyncGenerator

from pydantic import BaseModel

from reception.core.audio import Pcm16, decode
from reception.ports.speech import Voice
from reception.providers.vendor_tts import VendorTextToSpeech
from reception.providers.wire import garbage, refusal


class _Speech(BaseModel):
    audioContent: str  # noqa: N815  the vendor's name


class GoogleTextToSpeech(VendorTextToSpeech):
    """Makes a clause in one piece, at the rate that is wanted."""

    default_voice = ""
    longest_chars = 1500

    async def _speak(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        access = self._access
        name = self._voice(voice) or access.model
        asked = {
            "input": {"text": text},
            "voice": {"languageCode": "-".join(name.split("-")[:2]), "name": name},
            "audioConfig": {
                "audioEncoding": "LINEAR16",
                "sampleRateHertz": sample_rate_hz,
                "speakingRate": voice.speed,
            },
        }
        answer = await access.http.post(
            f"{access.base_url}/v1/text:synthesize", headers={"X-Goog-Api-Key": access.api_key}, json=asked
        )
        if not answer.is_success:
            raise refusal(self.provider, answer.status_code, answer.headers, answer.content)
        yield self._samples(_Speech.model_validate_json(answer.content).audioContent)

    def _samples(self, content: str) -> Pcm16:
        try:
            with wave.open(io.BytesIO(base64.b64decode(content, validate=True))) as file:
                return decode(file.readframes(file.getnframes()), "pcm_s16le")
        except (binascii.Error, wave.Error, EOFError):
            raise garbage(self.provider) from None
