"""Google Cloud Speech-to-Text, a whole stretch at a time.

By REST with an API key, and not the streaming call: that one is gRPC only (59 MB of packages), and gives its final word
only when its stream is closed, so that every utterance would need a new one anyway.
Wire format: https://cloud.google.com/speech-to-text/docs/reference/rest/v1/speech/recognize
"""

import base64

from pydantic import BaseModel

from reception.core.audio import Pcm16
from reception.ports.speech import TranscriptionHints
from reception.providers.vendor_stt import UNSTATED_CONFIDENCE, Heard, VendorSpeechToText
from reception.providers.wire import refusal

MOST_NAMES = 100


class _Alternative(BaseModel):
    transcript: str = ""
    confidence: float = UNSTATED_CONFIDENCE


class _Result(BaseModel):
    alternatives: tuple[_Alternative, ...] = ()


class _Recognition(BaseModel):
    results: tuple[_Result, ...] = ()


class GoogleSpeechToText(VendorSpeechToText):
    async def _hear(self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints) -> Heard:
        access = self._access
        config: dict[str, object] = {
            "encoding": "LINEAR16",
            "sampleRateHertz": sample_rate_hz,
            "languageCode": hints.locale,
            "model": access.model,
            "enableAutomaticPunctuation": True,
        }
        if hints.names:
            config["speechContexts"] = [{"phrases": list(hints.names[:MOST_NAMES])}]
        content = base64.b64encode(samples.astype("<i2", copy=False).tobytes()).decode()
        answer = await access.http.post(
            f"{access.base_url}/v1/speech:recognize",
            headers={"X-Goog-Api-Key": access.api_key},
            json={"config": config, "audio": {"content": content}},
        )
        if not answer.is_success:
            raise refusal(self.provider, answer.status_code, answer.headers, answer.content)
        told = _Recognition.model_validate_json(answer.content)
        best = [result.alternatives[0] for result in told.results if result.alternatives]
        if not best:
            return Heard("", 0.0)
        text = " ".join(one.transcript.strip() for one in best)
        return Heard(text, sum(one.confidence for one in best) / len(best))
