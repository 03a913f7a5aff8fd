"""The answers kept for callers who ask the same: what they are worth, and how to forget them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, status
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.schemas import Response
from reception.api.services import ServicesDep
from reception.runtime.principal import Scope

router = APIRouter(prefix="/knowledge/cache", tags=["knowledge"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.KNOWLEDGE_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.KNOWLEDGE_WRITE))]


class CacheHits(Response):
    process: int = Field(description="Found in the memory of the process that answered")
    database: int = Field(description="Found in the database, under the same words")
    semantic: int = Field(description="Found under other words for the same question")


class CacheStatsRead(Response):
    """Counted over the questions of turns that were carried out, since `since`."""

    hits: CacheHits
    misses: int
    stale_prevented: int = Field(description="Answers not given because a document, the agent or the hours had changed")
    saved_ms: float
    saved_tokens: int
    entries: int
    since: datetime | None


@router.get("/stats", summary="What the answer cache has saved")
async def stats(services: ServicesDep, where: _Reader) -> CacheStatsRead:
    found = await services.answers.stats(where.tenant_id)
    counts = found.counts
    return CacheStatsRead(
        hits=CacheHits(process=counts.process_hits, database=counts.database_hits, semantic=counts.semantic_hits),
        misses=counts.misses,
        stale_prevented=counts.stale_prevented,
        saved_ms=round(counts.saved_ms, 1),
        saved_tokens=counts.saved_tokens,
        entries=found.entries,
        since=found.since,
    )


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, summary="Forget every answer kept")
async def clear(services: ServicesDep, where: _Writer) -> None:
    await services.answers.clear(where.tenant_id)
