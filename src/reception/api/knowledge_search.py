"""What the documents answer to a question, with the scores and why."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from reception.api.knowledge import Reader
from reception.api.schemas import Response
from reception.api.services import ServicesDep
from reception.domains.knowledge.documents import get_passage
from reception.domains.knowledge.retrieval import Retrieval, Retriever
from reception.domains.knowledge.search import Scope
from reception.ports.knowledge import DocumentKind, Passage

router = APIRouter(prefix="/knowledge", tags=["knowledge"])


class PassageRead(Response):
    """`score` is `vector_score` (cosine) plus twice `text_score` (full-text rank), plus 1 where the passage states all
    that the question requires, which `matched_filters` then names."""

    chunk_id: UUID
    document_id: UUID
    document: str
    kind: DocumentKind
    heading: str
    place: str
    text: str
    fields: dict[str, str | float]
    score: float
    vector_score: float | None
    text_score: float | None
    matched_filters: list[str]

    @classmethod
    def of(cls, passage: Passage) -> "PassageRead":
        return cls(
            chunk_id=passage.chunk_id,
            document_id=passage.document_id,
            document=passage.document,
            kind=passage.kind,
            heading=passage.heading,
            place=passage.place,
            text=passage.text,
            fields=dict(passage.fields),
            score=passage.score,
            vector_score=passage.similarity,
            text_score=passage.keyword_rank,
            matched_filters=list(passage.matched),
        )


class Found(Response):
    """`mode` is `words` while the embedding model is down. What scores below `threshold` is left out: nothing left
    means that the documents do not say. `filters` were read from the question; rows that state otherwise are left
    out."""

    mode: Literal["hybrid", "words"]
    threshold: float
    filters: list[str]
    reranked_by: str
    passages: list[PassageRead]

    @classmethod
    def of(cls, found: Retrieval) -> "Found":
        return cls(
            mode="words" if found.words_only else "hybrid",
            threshold=found.threshold,
            filters=list(found.filters),
            reranked_by=found.reranked_by,
            passages=[PassageRead.of(passage) for passage in found.passages],
        )


class CitedPassage(Response):
    chunk_id: UUID
    document_id: UUID
    document: str
    kind: DocumentKind
    heading: str
    place: str
    text: str

    @classmethod
    def of(cls, passage: Passage) -> "CitedPassage":
        return cls(**{name: getattr(passage, name) for name in cls.model_fields})


@router.get("/passages/{chunk_id}", summary="A passage that an answer cites")
async def read_passage(chunk_id: UUID, services: ServicesDep, where: Reader) -> CitedPassage:
    """404 where the document has been replaced since."""
    async with services.database.tenant_session(where.tenant_id) as session:
        return CitedPassage.of(await get_passage(session, chunk_id))


@router.get("/search", summary="Find passages by meaning, words and what rows state")
async def search(
    services: ServicesDep,
    where: Reader,
    q: Annotated[str, Query(description="A question, or words", min_length=1, max_length=500)],
    limit: Annotated[int, Query(ge=1, le=20)] = 4,
    agent_id: Annotated[UUID | None, Query(description="What this agent may answer from")] = None,
    kind: Annotated[list[DocumentKind] | None, Query(description="Documents of these kinds alone")] = None,
    threshold: Annotated[float | None, Query(ge=0.0, le=4.0, description="Instead of the usual one")] = None,
) -> Found:
    retriever = Retriever(services.database, services.embedder, services.reranker)
    scope = Scope(agent_id=agent_id, kinds=frozenset(kind or ()))
    async with services.provider_keys.in_use(where.tenant_id):
        found = await retriever.find(where.tenant_id, q, limit=limit, scope=scope, threshold=threshold)
    return Found.of(found)
