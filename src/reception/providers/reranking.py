"""A reranker over HTTP, in the form that Cohere, Jina and most servers of one's own speak.

Wire format: https://docs.cohere.com/reference/rerank
"""

import asyncio
from collections.abc import Sequence

import httpx
from pydantic import BaseModel

from reception.providers.http import open_http
from reception.providers.wire import garbage, refusal, vendor_errors

_WITHIN_S = 1.0
"""A caller waits for it: later than this the order of before is as good."""
_LONGEST_PASSAGE = 2_000


class _Result(BaseModel):
    index: int
    relevance_score: float


class _Results(BaseModel):
    results: tuple[_Result, ...]


class HttpReranker:
    """Implements `ports.knowledge.Reranker`. `url` is the whole address of the endpoint; `key` is sent as a bearer."""

    def __init__(self, url: str, model: str, key: str, http: httpx.AsyncClient | None = None) -> None:
        self._url = url
        self._model = model
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = http or open_http(connect_s=_WITHIN_S)

    @property
    def model(self) -> str:
        return self._model

    async def rank(self, question: str, passages: Sequence[str]) -> Sequence[float]:
        asked = {
            "model": self._model,
            "query": question,
            "documents": [passage[:_LONGEST_PASSAGE] for passage in passages],
            "top_n": len(passages),
        }
        with vendor_errors(self._model):
            async with asyncio.timeout(_WITHIN_S):
                answer = await self._http.post(self._url, json=asked, headers=self._headers)
            if not answer.is_success:
                raise refusal(self._model, answer.status_code, answer.headers, answer.content)
            told = _Results.model_validate_json(answer.content)
        ranks = {result.index: result.relevance_score for result in told.results}
        if sorted(ranks) != list(range(len(passages))):
            raise garbage(self._model)
        return [ranks[at] for at in range(len(passages))]

    async def aclose(self) -> None:
        await self._http.aclose()
