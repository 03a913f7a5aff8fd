"""What a voice remembers of when it said which word."""

import math
from collections import OrderedDict
from collections.abc import Sequence

from reception.core.speakable import speakable
from reception.core.speakable.alignment import word_ends, words_needed
from reception.ports.speech import WordEnd

_TEXTS_REMEMBERED = 1024

Voicing = tuple[str, float]
"""A voice's name and speed."""


def as_written(text: str, spoken_ends: Sequence[int]) -> tuple[WordEnd, ...]:
    """The words of `text` that have been said, when those of its spoken form have been by these samples."""
    needed = words_needed(text, speakable(text)) if spoken_ends else ()
    return tuple(
        WordEnd(chars, spoken_ends[count - 1] if count else 0)
        for chars, count in zip(word_ends(text), needed, strict=False)
        if count <= len(spoken_ends)
    )


class SaidWords:
    """Of the texts said latest, the milliseconds by which each word of their spoken form had been said."""

    def __init__(self) -> None:
        self._said: OrderedDict[tuple[str, Voicing], tuple[float, ...]] = OrderedDict()

    def note(self, text: str, voicing: Voicing, ends_ms: Sequence[float]) -> None:
        """More words of `text` are known. Of the same text said twice, the one further on is kept."""
        key = (text, voicing)
        if len(ends_ms) > len(self._said.get(key, ())):
            self._said[key] = tuple(ends_ms)
        if len(self._said) > _TEXTS_REMEMBERED:
            self._said.popitem(last=False)

    def of(self, text: str, voicing: Voicing, sample_rate_hz: int) -> tuple[WordEnd, ...]:
        ends_ms = self._said.get((text, voicing), ())
        return as_written(text, [math.ceil(end_ms * sample_rate_hz / 1000) for end_ms in ends_ms])
