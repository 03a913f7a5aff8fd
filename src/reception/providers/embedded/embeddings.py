"""Sentence embeddings: all-MiniLM-L6-v2 with int8 weights."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import BertWordPieceTokenizer

from reception.providers.embedded.lane import Lane
from reception.providers.embedded.sessions import open_session
from reception.providers.embedded.weights import MINILM, Weights

_VOCABULARY = Path(__file__).parent / "data" / "bert-base-uncased-vocab.txt"
_MAX_TOKENS = 256
_MAX_BATCH = 8
_MAX_BATCH_CHARS = 640
"""Padding included. Short texts gain by being run together; long ones cost a third more."""


class MiniLmEmbedder:
    """Embeds documents in one thread, in batches of similar length, for padding costs as much as words do.

    A single text is a caller's question, and has a thread of its own: no document keeps it waiting. Text beyond 256
    word pieces is not seen. An empty text gets the vector of an empty sentence.
    """

    def __init__(self, *, weights: Weights | None = None) -> None:
        (path,) = (weights or Weights()).require(MINILM)
        self._session = open_session(path)
        self._tokenizer = BertWordPieceTokenizer(str(_VOCABULARY), lowercase=True)
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._questions = Lane(self.model)
        self._documents = Lane(self.model)

    @property
    def model(self) -> str:
        return "all-MiniLM-L6-v2-int8"

    @property
    def dimensions(self) -> int:
        return 384

    @property
    def waiting(self) -> int:
        """Work that has not begun."""
        return self._questions.waiting + self._documents.waiting

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text. A long list gives way to others between its batches."""
        vectors: NDArray[np.float32] = np.zeros((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        lane = self._questions if len(texts) == 1 else self._documents
        for rows in _batches(order, [len(text) for text in texts]):
            batch = partial(self._run, [texts[row] for row in rows])
            vectors[rows] = await lane.run(batch)
        return vectors

    def _run(self, texts: Sequence[str]) -> NDArray[np.float32]:
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        width = max(len(row) for row in ids)
        tokens = np.zeros((len(ids), width), np.int64)
        mask = np.zeros((len(ids), width), np.int64)
        for row, values in enumerate(ids):
            tokens[row, : len(values)] = values
            mask[row, : len(values)] = 1
        inputs = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        states: NDArray[np.float32] = self._session.run(None, inputs)[0]
        mean = (states * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        unit: NDArray[np.float32] = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
        return unit


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Runs of `order`, which is by length, the shortest first; each holds at least one."""
    batch: list[int] = []
    for row in order:
        if batch and (len(batch) == _MAX_BATCH or (len(batch) + 1) * lengths[row] > _MAX_BATCH_CHARS):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
