"""Embeddings over the API that OpenAI and most servers of one's own speak: `POST /embeddings`.

Wire format: https://platform.openai.com/docs/api-reference/embeddings/create
"""

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from reception.core.errors import ProviderError, ProviderRefused
from reception.providers.access import Access
from reception.providers.wire import garbage, refusal

DIMENSIONS = 384
"""What the database stores for a passage. Models of the third generation shorten their vectors on request."""
_MOST_AT_ONCE = 64
_CHARS_PER_TOKEN = 4


class _Row(BaseModel):
    index: int
    embedding: tuple[float, ...]


class _Usage(BaseModel):
    total_tokens: int = 0


class _Embeddings(BaseModel):
    data: tuple[_Row, ...]
    usage: _Usage = _Usage()


class OpenAiEmbedder:
    """An `Embedder` over a vendor, `DIMENSIONS` numbers a text, in requests of up to 64 texts."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def model(self) -> str:
        return self._access.provider

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit row for each text.

        Raises:
            ProviderError: the vendor failed, refused, took too long, or its model has vectors of another length.
        """
        vectors: NDArray[np.float32] = np.zeros((len(texts), DIMENSIONS), np.float32)
        for start in range(0, len(texts), _MOST_AT_ONCE):
            part = texts[start : start + _MOST_AT_ONCE]
            vectors[start : start + len(part)] = await self._embed(part)
        return vectors

    async def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        access = self._access
        asked: dict[str, object] = {
            "model": access.model,
            "input": [text or " " for text in texts],
            "encoding_format": "float",
        }
        if "text-embedding-3" in access.model:
            asked["dimensions"] = DIMENSIONS
        with access.request("embeddings", sum(len(text) for text in texts) / _CHARS_PER_TOKEN) as request:
            async with asyncio.timeout(access.limits.embed_s * (1 + len(texts) / _MOST_AT_ONCE)):
                answer = await access.http.post(f"{access.base_url}/embeddings", headers=access.bearer(), json=asked)
            access.heed(answer.headers)
            if not answer.is_success:
                raise refusal(self.model, answer.status_code, answer.headers, answer.content)
            told = _Embeddings.model_validate_json(answer.content)
            request.units = told.usage.total_tokens or request.units
            return self._unit_rows(told, len(texts))

    def _unit_rows(self, told: _Embeddings, wanted: int) -> NDArray[np.float32]:
        rows = sorted(told.data, key=lambda row: row.index)
        if [row.index for row in rows] != list(range(wanted)):
            raise garbage(self.model)
        lengths = {len(row.embedding) for row in rows}
        if lengths != {DIMENSIONS}:
            detail = f"{self.model} has vectors of {max(lengths)} numbers, and the database keeps {DIMENSIONS}"
            raise ProviderRefused(self.model, detail)
        vectors = np.array([row.embedding for row in rows], np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(np.isfinite(norms)) or not np.all(norms > 0):
            raise ProviderError(self.model, f"{self.model} answered with an empty vector", retryable=True)
        unit: NDArray[np.float32] = (vectors / norms).astype(np.float32)
        return unit
