"""What every vendor that transcribes whole stretches of audio has in common."""

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from reception.core.audio import Pcm16, level_dbfs
from reception.core.errors import ProviderError
from reception.ports.speech import Transcript, TranscriptionHints
from reception.providers.access import Access

UNSTATED_CONFIDENCE = 0.9
"""For vendors that do not say how sure they are."""
SHORTEST_S = 0.1
QUIETEST_DBFS = -65.0


@dataclass(frozen=True, slots=True)
class Heard:
    text: str
    confidence: float = UNSTATED_CONFIDENCE


class VendorSpeechToText(ABC):
    """A `SpeechToText` over a vendor. The public call owns the deadline, the measuring and what is not worth asking.

    Partial transcripts are refused (retryable): every one would be a paid request for what is only shown, and another
    in the chain that streams or runs here gives them for nothing. A vendor may bill no less than `least_billed_s` for
    a request.
    """

    least_billed_s = 0.0

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def provider(self) -> str:
        return self._access.provider

    async def transcribe(
        self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints, *, partial: bool
    ) -> Transcript:
        """What was said in `samples`; too short or quiet to hold a word, nothing, without a request.

        Raises:
            ProviderError: the vendor failed, refused, or took longer than the limits allow.
        """
        if partial:
            raise ProviderError(self.provider, "this vendor gives no partial transcripts", retryable=True)
        audio_s = samples.size / sample_rate_hz
        started_s = time.perf_counter()
        heard = Heard("", 0.0)
        if audio_s >= SHORTEST_S and level_dbfs(samples) >= QUIETEST_DBFS:
            limits = self._access.limits
            with self._access.request("stt", max(audio_s, self.least_billed_s)):
                async with asyncio.timeout(limits.answer_s + limits.answer_s_per_audio_s * audio_s):
                    heard = await self._hear(samples, sample_rate_hz, hints)
        text = heard.text.strip()
        return Transcript(
            text=text,
            confidence=min(max(heard.confidence, 0.0), 1.0) if text else 0.0,
            audio_ms=round(1000 * audio_s),
            elapsed_ms=1000 * (time.perf_counter() - started_s),
            provider=self.provider,
        )

    @abstractmethod
    async def _hear(self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints) -> Heard:
        """Ask the vendor once. What httpx, websockets and pydantic raise may be let through."""
