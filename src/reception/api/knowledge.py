"""A tenant's documents: handed in, watched on their way, listed and deleted."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response, status
from pydantic import Field, model_validator

from reception.api.access import InTenant, in_tenant
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, text_and_id_after
from reception.api.schemas import Request, Text
from reception.api.schemas import Response as Body
from reception.api.services import ServicesDep
from reception.api.upload_form import DESCRIBED, Uploading
from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.knowledge import service as knowledge
from reception.domains.knowledge.documents import Document
from reception.ports.knowledge import DocumentKind
from reception.runtime.documents import take_in
from reception.runtime.principal import Scope
from reception.runtime.uploads import Handed, Refusal

router = APIRouter(prefix="/knowledge", tags=["knowledge"])

Reader = Annotated[InTenant, Depends(in_tenant(Scope.KNOWLEDGE_READ))]
Writer = Annotated[InTenant, Depends(in_tenant(Scope.KNOWLEDGE_WRITE))]


class NewDocument(Request):
    """`text` is plain text or Markdown; a document of the same title is replaced. Or `url` is where a site begins that
    is to be read, over at most `depth` links and `pages` pages."""

    title: Annotated[Text, Field(max_length=200)] = ""
    text: Annotated[Text, Field(max_length=knowledge.LONGEST_TEXT)] = ""
    url: Annotated[Text, Field(max_length=2000)] = ""
    kind: DocumentKind = DocumentKind.GENERAL
    agent_id: UUID | None = None
    depth: int = Field(default=2, ge=0, le=5)
    pages: int = Field(default=50, ge=1, le=300)

    @model_validator(mode="after")
    def _one_source(self) -> "NewDocument":
        if bool(self.text) == bool(self.url):
            raise ValueError("give either text or url")
        if self.text and not self.title:
            raise ValueError("a text needs a title")
        return self


class DocumentProblem(Body):
    code: str
    detail: str


class DocumentRead(Body):
    """`state` goes from queued over reading and embedding to ready or failed, `progress` from 0 to 1. Until a document
    is ready, what was read of it before goes on answering: `chunks` of it."""

    id: UUID
    title: str
    kind: DocumentKind
    agent_id: UUID | None
    state: str
    progress: float
    chunks: int
    pages: int
    source: str
    source_name: str
    format: str
    size_bytes: int
    problem: DocumentProblem | None
    notes: list[str]
    duplicate: bool = Field(description="The same content was there already, or is on its way")
    updated_at: datetime

    @classmethod
    def of(cls, document: Document) -> "DocumentRead":
        problem = DocumentProblem(code=document.problem_code, detail=document.problem) if document.problem else None
        return cls(
            id=document.document_id,
            title=document.title,
            kind=DocumentKind(document.kind),
            agent_id=document.agent_id,
            state=document.state.value,
            progress=round(document.progress, 3),
            chunks=document.chunk_count,
            pages=document.page_count,
            source=document.source,
            source_name=document.source_name,
            format=document.format,
            size_bytes=document.size_bytes,
            problem=problem,
            notes=list(document.notes),
            duplicate=document.duplicate,
            updated_at=document.updated_at,
        )


class UploadedFile(Body):
    """A file with the document that it becomes, or with what is wrong with it."""

    file: str
    document: DocumentRead | None = None
    problem: DocumentProblem | None = None


class Uploaded(Body):
    files: list[UploadedFile]


@router.post(
    "/upload",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Hand in files, which are read in the background",
    openapi_extra=DESCRIBED,
)
@done_once
async def upload(services: ServicesDep, where: Writer, body: Uploading, answer: Response) -> Uploaded:
    """Up to 50 files of 50 MB each: PDF, Word, Excel, CSV, HTML, Markdown, JSON or text. A file replaces the document
    of its title; the same content is recognised. Watch it under `/knowledge/documents/{id}`."""
    taken = []
    for file in body.files:
        name = (file.filename or "document").replace("\\", "/").rpartition("/")[2]
        handed = Handed(name, body.title or name, file.size or 0, file.read, partial(file.seek, 0))
        taken.append((name, await services.intake.take_file(where.tenant_id, handed, body.kind, body.agent_id)))
    if all(isinstance(came, Refusal) for _, came in taken):
        refused = [came for _, came in taken if isinstance(came, Refusal)]
        raise Unprocessable(
            refused[0].detail,
            problems=tuple(FieldProblem(f"/files/{at}", each.detail) for at, each in enumerate(refused)),
        )
    return Uploaded(files=[_uploaded(name, came) for name, came in taken])


@router.post("/ingest", status_code=status.HTTP_201_CREATED, summary="Add or replace a document, or read a site")
@done_once
async def ingest(body: NewDocument, services: ServicesDep, where: Writer, answer: Response) -> DocumentRead:
    """A text is there at once (201); a site is read in the background (202)."""
    if body.url:
        answer.status_code = status.HTTP_202_ACCEPTED
        site = await services.intake.take_site(
            where.tenant_id,
            body.url,
            title=body.title or body.url[:200],
            kind=body.kind,
            agent_id=body.agent_id,
            depth=body.depth,
            pages=body.pages,
        )
        return DocumentRead.of(site)
    async with services.provider_keys.in_use(where.tenant_id):
        document = await take_in(
            services.database,
            services.embedder,
            where.tenant_id,
            title=body.title,
            text=body.text,
            kind=body.kind,
            agent_id=body.agent_id,
            chunking=services.intake.chunking,
        )
    return DocumentRead.of(document)


@router.get("/list", summary="List the tenant's documents")
async def list_all(services: ServicesDep, where: Reader, limit: Limit = 50, cursor: Cursor = "") -> Page[DocumentRead]:
    """By title."""
    after = text_and_id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await knowledge.list_documents(session, limit=limit + 1, after=after)
    items = found[:limit]
    more = cursor_of(items[-1].title, str(items[-1].document_id)) if len(found) > limit else None
    return Page[DocumentRead](items=tuple(DocumentRead.of(document) for document in items), next_cursor=more)


@router.get("/documents/{document_id}", summary="How far a document is, or why it failed")
async def read_one(document_id: UUID, services: ServicesDep, where: Reader) -> DocumentRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        return DocumentRead.of(await knowledge.get_document(session, document_id))


@router.delete("/{document_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a document")
async def delete(document_id: UUID, services: ServicesDep, where: Writer) -> None:
    async with services.database.tenant_session(where.tenant_id) as session:
        await knowledge.delete_document(session, document_id)


def _uploaded(name: str, came: Document | Refusal) -> UploadedFile:
    if isinstance(came, Refusal):
        return UploadedFile(file=name, problem=DocumentProblem(code=came.code, detail=came.detail))
    return UploadedFile(file=name, document=DocumentRead.of(came))
