"""Passages of a business's own documents, and all of them together."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Passage:
    """One retrieved chunk. `heading` is its path of headings, outermost first, joined by " > ".

    `score` weighs similarity and keyword rank together; `similarity` is the cosine with the question, -1 to 1, None
    where only words matched; `keyword_rank` is the full-text rank, None where only meaning matched.
    """

    chunk_id: UUID
    document_id: UUID
    document: str
    heading: str
    text: str
    score: float
    similarity: float | None
    keyword_rank: float | None


@dataclass(frozen=True, slots=True)
class Versions:
    """What an answer depends on, each counted up with every change of it.

    `agent` counts the changes of the agent, `business` those of the profile (hours, address, places), `knowledge` those
    of the tenant's documents.
    """

    agent: int
    business: int
    knowledge: int


@dataclass(frozen=True, slots=True)
class KnowledgePrefix:
    """Everything that an agent knows, as a text that stays the same to the byte until a document changes.

    Passages are numbered from 1 in `text`; `passages[number - 1]` is the one meant, without a score. `tokens` is an
    estimate from above. `version` is `Versions.knowledge` when it was read.
    """

    text: str
    passages: tuple[Passage, ...]
    tokens: int
    version: int

    @property
    def chunk_ids(self) -> tuple[UUID, ...]:
        return tuple(passage.chunk_id for passage in self.passages)


class WholeKnowledge(Protocol):
    """What one agent knows, where it is little enough to be given to a language model whole.

    A model's prompt begins with it, before anything that differs from turn to turn, so that vendors' prompt caches take
    effect; then nothing has to be retrieved.
    """

    async def whole(self) -> KnowledgePrefix | None:
        """None when it exceeds the budget, or there is nothing. Raises `Unavailable`."""
        ...
