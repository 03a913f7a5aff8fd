"""When hibari says which word, to the 25 ms in which it counts.

Its network gives every phoneme a number of frames, and makes the sound from them. The published graph keeps these
numbers to itself; here their running sum is one more output. Punctuation is a phoneme too, whose frames are a rest.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reception.providers.embedded.onnx_part import parse_model

FRAME_SAMPLES = 600
"""At 24 kHz."""
_REST = frozenset(',.;:!?—…"“”()')
_WORDS_REMEMBERED = 8192


def telling(model: bytes) -> bytes:
    """`model`, hibari's, with the frames by which each phoneme has ended as its last output, shape (phonemes,).

    Raises:
        ValueError: it is not that model.
    """
    edited = parse_model(model)
    sums = [node.output[0] for node in edited.graph.node if node.op_type == "CumSum"]
    if len(sums) != 1:
        raise ValueError("this is not the graph of hibari as published")
    edited.graph.output.add(name=sums[0])
    result: bytes = edited.SerializeToString()
    return result


class WordClock:
    """Tells when the words of a clause have been said, from the frames of its phonemes."""

    def __init__(self, phonemes_of: Any) -> None:
        @lru_cache(_WORDS_REMEMBERED)
        def parts(word: str) -> int:
            return len(phonemes_of(word).split())

        self._parts = parts

    def ends(self, text: str, spoken: Sequence[int]) -> list[int]:
        """The sample at which each word of `text` has been said; `spoken` is that of each word of its phonemes, of
        which a number or an abbreviation has several."""
        words = text.split()
        if len(words) == len(spoken) or not spoken:
            return list(spoken)
        upto = np.cumsum([self._parts(word) for word in words])
        if upto[-1] != len(spoken):
            upto = np.ceil(np.arange(1, len(words) + 1) * len(spoken) / len(words)).astype(np.int64)
        return [spoken[count - 1] if count else 0 for count in upto]


def phoneme_words(phonemes: str, ended: NDArray[np.int64]) -> list[int]:
    """The sample by which each word of `phonemes` has been said; `ended` begins with the frames of the silence before
    them."""
    ends: list[int] = []
    last = 0
    for place, phoneme in enumerate(f"{phonemes} ", 1):
        if phoneme == " " and last:
            ends.append(int(ended[last]) * FRAME_SAMPLES)
            last = 0
        elif phoneme != " " and phoneme not in _REST:
            last = place
    return ends
