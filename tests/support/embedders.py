"""Embedders for tests in which the model does not matter."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class HashEmbedder:
    """Texts of the same words are near: quick, and right enough where the ranking is not what is tested."""

    dimensions = 384

    def __init__(self, model: str = "words") -> None:
        self.model = model
        self.faults: list[BaseException] = []
        self.asked = 0

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.faults:
            raise self.faults.pop(0)
        self.asked += len(texts)
        return vectors_of(texts)


def vectors_of(texts: Sequence[str]) -> NDArray[np.float32]:
    """Unit rows of 384 numbers; texts of the same words have the same."""
    vectors: NDArray[np.float32] = np.full((len(texts), 384), 0.01, np.float32)
    for row, words in enumerate(texts):
        for word in words.lower().split():
            vectors[row, sum(word.encode()) % 384] += 1
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
