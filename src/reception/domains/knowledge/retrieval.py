"""From a question to passages: embedded where possible, searched, and put in order by a reranker if there is one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from reception.core.errors import ProviderError, Unavailable
from reception.core.requirements import requirements
from reception.core.telemetry import PROVIDER_FAILED
from reception.db.database import Database
from reception.domains.knowledge.filters import conditions_of
from reception.domains.knowledge.search import Scope, search
from reception.ports.knowledge import Passage, Reranker
from reception.ports.speech import Embedder

_log = structlog.get_logger(__name__)

THRESHOLD = 0.25
"""Cosine and weighted full-text rank together. Of the demo questions, one right passage in seventy is below it, and one
in four of the best found for what the documents do not speak of."""
WORDS_THRESHOLD = 0.02
_MOST_RERANKED = 24


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What was found, and how: `words_only` while the embedder fails; `filters` are the requirements that the question
    was read to make; `reranked_by` names the reranker, empty where the scores alone decide."""

    passages: tuple[Passage, ...]
    words_only: bool
    threshold: float
    filters: tuple[str, ...] = ()
    reranked_by: str = ""


@dataclass(frozen=True, slots=True)
class Retriever:
    """Finds passages. No connection is held while a model is waited for."""

    database: Database
    embedder: Embedder
    reranker: Reranker | None = None

    async def find(
        self, tenant_id: UUID, question: str, *, limit: int, scope: Scope, threshold: float | None = None
    ) -> Retrieval:
        """The passages for `question` that pass the threshold, best first; words alone decide while the embedder fails.

        Raises:
            Unavailable: the database cannot be reached.
        """
        vector = await self._embedded(question)
        least = threshold if threshold is not None else THRESHOLD if vector is not None else WORDS_THRESHOLD
        scope = replace(scope, model=self.embedder.model, threshold=least)
        pool = limit if self.reranker is None else max(limit, _MOST_RERANKED)
        found = await search(self.database.tenant_reader(tenant_id), question, vector, limit=pool, scope=scope)
        ordered, by = await reranked(question, found, self.reranker)
        conditions = conditions_of(requirements(question) if scope.wanted is None else scope.wanted)
        told = tuple(condition.told for condition in conditions)
        return Retrieval(tuple(ordered[:limit]), vector is None, least, told, by)

    async def _embedded(self, question: str) -> NDArray[np.float32] | None:
        try:
            vectors = await self.embedder.embed([question])
        except (ProviderError, Unavailable) as error:
            _log.warning(PROVIDER_FAILED, code=error.code, provider=self.embedder.model)
            return None
        vector: NDArray[np.float32] = vectors[0]
        return vector


async def reranked(question: str, passages: Sequence[Passage], reranker: Reranker | None) -> tuple[list[Passage], str]:
    """`passages` in the order that the reranker gives them, with its name; as they are when there is none, or it fails.
    Those that meet what is required stay first."""
    if reranker is None or len(passages) < 2:
        return list(passages), ""
    texts = [f"{each.document} > {each.heading}\n{each.text}" for each in passages]
    try:
        ranks = await reranker.rank(question, texts)
    except ProviderError as error:
        _log.warning(PROVIDER_FAILED, code=error.code, provider=reranker.model)
        return list(passages), ""
    order = sorted(range(len(passages)), key=lambda at: (not passages[at].matched, -ranks[at]))
    return [passages[at] for at in order], reranker.model
