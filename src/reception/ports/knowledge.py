"""Passages of a business's own documents, and all of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias
from uuid import UUID


class DocumentKind(StrEnum):
    """What a document is about; searches can be narrowed to some."""

    MENU = "menu"
    FAQ = "faq"
    POLICY = "policy"
    LISTING = "listing"
    PRICE_LIST = "price_list"
    GENERAL = "general"


Fields: TypeAlias = Mapping[str, str | float]
"""What a row states, by the name of its column in small letters; amounts, counts and sizes are numbers."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One retrieved chunk. `heading` is its path of headings, outermost first, joined by " > "; `place` says where in
    the document it stands ("page 3", "row 12", an address), empty where there is nothing to say.

    `score` weighs similarity and keyword rank together; `similarity` is the cosine with the question, -1 to 1, None
    where only words matched; `keyword_rank` is the full-text rank, None where only meaning matched; `matched` names
    the requirements of the question that its `fields` were found to meet.
    """

    chunk_id: UUID
    document_id: UUID
    document: str
    heading: str
    text: str
    score: float
    similarity: float | None
    keyword_rank: float | None
    place: str = ""
    kind: DocumentKind = DocumentKind.GENERAL
    fields: Fields = field(default_factory=dict)
    matched: tuple[str, ...] = ()


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
    """Everything that an agent knows, in an order that stays the same until a document changes.

    `passages` have no score. `tokens` is an estimate from above. `version` is `Versions.knowledge` when it was read.
    """

    passages: tuple[Passage, ...]
    tokens: int
    version: int


class WholeKnowledge(Protocol):
    """What one agent knows, where it is little enough to be given to a language model whole.

    A model's prompt begins with it, before anything that differs from turn to turn, so that vendors' prompt caches take
    effect; then nothing has to be retrieved.
    """

    async def whole(self) -> KnowledgePrefix | None:
        """None when it exceeds the budget, or there is nothing. Raises `Unavailable`."""
        ...


class Reranker(Protocol):
    """Reads a question with each of a few passages, which orders them better than vectors do, and takes longer."""

    @property
    def model(self) -> str: ...

    async def rank(self, question: str, passages: Sequence[str]) -> Sequence[float]:
        """How well each of `passages` answers, 0 to 1, in their order.

        Raises:
            ProviderError: the model failed, or took too long.
        """
        ...
