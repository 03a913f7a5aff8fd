"""What the documents answer to a question, with the scores and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from reception.api.knowledge import Reader
from reception.api.schemas import Response
from reception.api.services import ServicesDep
from reception.domains.knowledge import service as knowledge
from reception.ports.knowledge import Passage

router = APIRouter(prefix="/knowledge", tags=["knowledge"])


class PassageRead(Response):
    chunk_id: UUID
    document_id: UUID
    document: str
    heading: str
    text: str
    score: float
    similarity: float | None
    keyword_rank: float | None

    @classmethod
    def of(cls, passage: Passage) -> "PassageRead":
        return cls(**{name: getattr(passage, name) for name in cls.model_fields})


@router.get("/search", summary="Find passages by meaning and by words")
async def search(
    services: ServicesDep,
    where: Reader,
    q: Annotated[str, Query(description="A question, or words", min_length=1, max_length=500)],
    limit: Annotated[int, Query(ge=1, le=20)] = 4,
) -> list[PassageRead]:
    vector = (await services.embedder.embed([q]))[0]
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await knowledge.search(session, q, vector, limit=limit)
    return [PassageRead.of(passage) for passage in found]
