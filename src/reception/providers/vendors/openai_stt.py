"""Transcription over the API that OpenAI, Groq and most servers of one's own speak: `POST /audio/transcriptions`.

By httpx and not by OpenAI's package: one multipart request needs neither its 20 MB nor the second it takes to import,
and the deadline, the retry and the connection pool are ours.
Wire format: https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

import math

from pydantic import BaseModel

from reception.core.audio import Pcm16
from reception.ports.speech import TranscriptionHints
from reception.providers.vendor_stt import UNSTATED_CONFIDENCE, Heard, VendorSpeechToText
from reception.providers.wire import refusal, wav_bytes

_LONGEST_PROMPT = 800
"""Characters; Whisper reads the last 224 tokens of a prompt."""
_NO_SPEECH = 0.5
_UNSURE_LOG_PROBABILITY = -0.7


class _Segment(BaseModel):
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    text: str = ""

    @property
    def is_speech(self) -> bool:
        """Whisper makes words of silence; it is then unsure of both."""
        return self.no_speech_prob <= _NO_SPEECH or self.avg_logprob >= _UNSURE_LOG_PROBABILITY


class _Transcription(BaseModel):
    text: str
    segments: tuple[_Segment, ...] | None = None


class OpenAiSpeechToText(VendorSpeechToText):
    """Models called whisper are asked for their probabilities too, which others do not tell."""

    async def _hear(self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints) -> Heard:
        access = self._access
        fields = {
            "model": access.model,
            "language": hints.locale.split("-")[0].lower(),
            "response_format": "verbose_json" if "whisper" in access.model.lower() else "json",
            "temperature": "0",
        }
        if prompt := _prompt(hints):
            fields["prompt"] = prompt
        request = access.http.build_request(
            "POST",
            f"{access.base_url}/audio/transcriptions",
            headers=access.bearer(),
            data=fields,
            files={"file": ("speech.wav", wav_bytes(samples, sample_rate_hz), "audio/wav")},
        )
        # As one piece: httpx writes a form to the socket part by part, which takes milliseconds.
        request.read()
        answer = await access.http.send(request)
        access.heed(answer.headers)
        if not answer.is_success:
            raise refusal(self.provider, answer.status_code, answer.headers, answer.content)
        return _heard(_Transcription.model_validate_json(answer.content))


class GroqSpeechToText(OpenAiSpeechToText):
    """Groq bills ten seconds for whatever is shorter: https://console.groq.com/docs/speech-to-text."""

    least_billed_s = 10.0


def _heard(told: _Transcription) -> Heard:
    if not told.segments:
        return Heard(told.text, UNSTATED_CONFIDENCE)
    spoken = [segment for segment in told.segments if segment.is_speech]
    if not spoken:
        return Heard("", 0.0)
    text = told.text if len(spoken) == len(told.segments) else " ".join(segment.text.strip() for segment in spoken)
    return Heard(text, math.exp(sum(segment.avg_logprob for segment in spoken) / len(spoken)))


def _prompt(hints: TranscriptionHints) -> str:
    names = ", ".join(hints.names)[:_LONGEST_PROMPT]
    return " ".join(part for part in (f"{names}." if names else "", hints.expected) if part)
