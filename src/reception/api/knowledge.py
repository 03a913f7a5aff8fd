"""A tenant's documents, and the passages found in them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.knowledge import service as knowledge
from reception.ports.knowledge import DocumentKind, Passage
from reception.runtime.documents import take_in
from reception.runtime.principal import Scope

router = APIRouter(prefix="/knowledge", tags=["knowledge"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.KNOWLEDGE_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.KNOWLEDGE_WRITE))]


class NewDocument(Request):
    """`text` is plain text or Markdown; a document of the same title is replaced."""

    title: Annotated[Text, Field(min_length=1, max_length=200)]
    text: Annotated[Text, Field(min_length=1, max_length=knowledge.LONGEST_TEXT)]
    kind: DocumentKind = DocumentKind.GENERAL
    agent_id: UUID | None = None


class DocumentRead(Response):
    id: UUID
    title: str
    kind: str
    chunks: int

    @classmethod
    def of(cls, document: knowledge.Document) -> "DocumentRead":
        return cls(id=document.document_id, title=document.title, kind=document.kind, chunks=document.chunk_count)


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


@router.post("/ingest", status_code=status.HTTP_201_CREATED, summary="Add or replace a document")
async def ingest(body: NewDocument, services: ServicesDep, where: _Writer) -> DocumentRead:
    document = await take_in(
        services.database,
        services.embedder,
        where.tenant_id,
        title=body.title,
        text=body.text,
        kind=body.kind,
        agent_id=body.agent_id,
    )
    return DocumentRead.of(document)


@router.get("/search", summary="Find passages by meaning and by words")
async def search(
    services: ServicesDep,
    where: _Reader,
    q: Annotated[str, Query(description="A question, or words", min_length=1, max_length=500)],
    limit: Annotated[int, Query(ge=1, le=20)] = 4,
) -> list[PassageRead]:
    vector = (await services.embedder.embed([q]))[0]
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await knowledge.search(session, q, vector, limit=limit)
    return [PassageRead.of(passage) for passage in found]


@router.get("/list", summary="List the tenant's documents")
async def list_all(services: ServicesDep, where: _Reader) -> list[DocumentRead]:
    async with services.database.tenant_session(where.tenant_id) as session:
        return [DocumentRead.of(document) for document in await knowledge.list_documents(session)]


@router.delete("/{document_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a document")
async def delete(document_id: UUID, services: ServicesDep, where: _Writer) -> None:
    async with services.database.tenant_session(where.tenant_id) as session:
        await knowledge.delete_document(session, document_id)
