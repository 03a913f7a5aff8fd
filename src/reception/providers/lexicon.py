"""How a business wants its words said."""

import re
from collections.abc import AsyncIterator, Mapping

from reception.core.audio import Pcm16
from reception.ports.speech import TextToSpeech, Voice


class PronouncingTextToSpeech:
    """A `TextToSpeech` that is given other words for some: whole words, in any case, the longest first. Applied to the
    text as written, before numbers and codes are written out."""

    def __init__(self, inner: TextToSpeech, pronunciations: Mapping[str, str]) -> None:
        self._inner = inner
        self._spoken = {written.lower(): spoken for written, spoken in pronunciations.items()}
        longest_first = sorted(self._spoken, key=len, reverse=True)
        self._written = re.compile(
            r"(?<!\w)(?:" + "|".join(re.escape(word) for word in longest_first) + r")(?!\w)", re.IGNORECASE
        )

    @property
    def provider(self) -> str:
        return self._inner.provider

    def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncIterator[Pcm16]:
        """As `TextToSpeech.stream`."""
        said = self._written.sub(lambda match: self._spoken[match[0].lower()], text)
        return self._inner.stream(said, voice, sample_rate_hz)
