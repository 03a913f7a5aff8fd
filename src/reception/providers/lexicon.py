"""How a business wants its words said."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence

from reception.core.audio import Pcm16
from reception.core.speakable.alignment import word_ends, words_needed
from reception.ports.speech import TellsWords, TextToSpeech, Voice, WordEnd


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
        return self._inner.stream(self._as_said(text), voice, sample_rate_hz)

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """See `TellsWords`."""
        if not isinstance(self._inner, TellsWords):
            return ()
        said = self._as_said(text)
        ends = self._inner.word_ends(said, voice, sample_rate_hz)
        return tuple(
            WordEnd(chars, ends[count - 1].sample if count else 0)
            for chars, count in zip(word_ends(text), words_needed(text, said), strict=True)
            if count <= len(ends)
        )

    def _as_said(self, text: str) -> str:
        return self._written.sub(lambda match: self._spoken[match[0].lower()], text)
