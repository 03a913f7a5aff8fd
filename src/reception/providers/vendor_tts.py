"""What every vendor's voice has in common."""

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import ClassVar

import numpy as np

from reception.core.audio import Pcm16, Resampler
from reception.core.speakable import speakable
from reception.ports.speech import Voice, WordEnd
from reception.providers.access import Access
from reception.providers.clauses import pieces
from reception.providers.said_words import SaidWords, Voicing
from reception.providers.warm_sockets import Standby

_WORD = re.compile(r"\w")
_OUR_VOICES = frozenset({"", "heart"})
"""Names that stand for the usual voice of whoever speaks."""
TELEPHONE_HZ = 8000
_NOTHING: Pcm16 = np.zeros(0, np.int16)


class VendorTextToSpeech(ABC):
    """A `TextToSpeech` over a vendor. The public call owns deadlines, measuring, the vendor's limit of text, and the
    sample rate."""

    default_voice: ClassVar[str]
    longest_chars: ClassVar[int] = 4000

    def __init__(self, access: Access) -> None:
        self._access = access
        self._said = SaidWords()

    @property
    def provider(self) -> str:
        return self._access.provider

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        """Speak `text` at `sample_rate_hz`, as the audio comes. Nothing comes of text without words.

        Raises:
            ProviderError: the vendor failed, refused, or paused for longer than the limits allow.
        """
        for piece in pieces(speakable(text), self.longest_chars):
            if _WORD.search(piece):
                async with aclosing(self._timed(piece, voice, sample_rate_hz)) as chunks:
                    async for chunk in chunks:
                        yield chunk

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """See `TellsWords`: of texts that were one request, where the vendor tells."""
        return self._said.of(text, self._voicing(voice), sample_rate_hz)

    def standby(self, voice: Voice, sample_rate_hz: int) -> Standby:
        """What a call in this voice may do to find a connection open; nothing where those of HTTP are kept anyway."""
        return Standby()

    def _voicing(self, voice: Voice) -> Voicing:
        return self._voice(voice), voice.speed

    async def _timed(self, text: str, voice: Voice, wanted_hz: int) -> AsyncGenerator[Pcm16]:
        await self._loaded()
        limits = self._access.limits
        made_hz = self._rate_hz(wanted_hz)
        resampler = Resampler(made_hz, wanted_hz)
        with self._access.request("tts", len(text)) as request:
            async with aclosing(self._speak(text, voice, made_hz)) as source:
                while True:
                    async with asyncio.timeout(limits.first_s if request.first_s is None else limits.between_s):
                        chunk = await anext(source, None)
                    if chunk is None:
                        break
                    if not chunk.size:
                        continue
                    request.begun()
                    converted = resampler.process(chunk)
                    if converted.size:
                        yield converted
        if made_hz != wanted_hz:
            rest = resampler.process(_NOTHING, last=True)
            if rest.size:
                yield rest

    def _voice(self, voice: Voice) -> str:
        return self.default_voice if voice.name in _OUR_VOICES else voice.name

    def _rate_hz(self, wanted_hz: int) -> int:
        """The rate to ask the vendor for; the nearest to `wanted_hz` that it has."""
        return wanted_hz

    async def _loaded(self) -> None:
        """Wait until the vendor's package is there, where there is one.

        Raises:
            ProviderLoading: that takes longer than the limits allow.
        """
        return

    @abstractmethod
    def _speak(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        """Ask the vendor once. What httpx, websockets and pydantic raise may be let through."""
