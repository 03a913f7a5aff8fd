"""Take in documents, list and delete them, and search their passages."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import delete, func, or_, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.db.violations import is_violation
from reception.domains.knowledge.chunking import Chunk, chunk
from reception.domains.knowledge.models import DIMENSIONS, ChunkRow, DocumentRow
from reception.domains.knowledge.search import search
from reception.ports.speech import Embedder

__all__ = [
    "LONGEST_TEXT",
    "Document",
    "Draft",
    "delete_document",
    "draft",
    "embed_draft",
    "find_same",
    "ingest",
    "list_documents",
    "search",
    "store",
]

LONGEST_TEXT = 900_000
"""Characters of a document; what a request may hold is not much more."""
_LONGEST_HEADING = 600
_LONGEST_CONTEXT = 900
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document. `duplicate` says that the same content was there already and nothing was changed."""

    document_id: UUID
    title: str
    kind: str
    agent_id: UUID | None
    chunk_count: int
    updated_at: datetime
    duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that is fit to be stored, cut into passages but not embedded. `digest` names its content."""

    title: str
    kind: str
    digest: str
    chunks: tuple[Chunk, ...]


def draft(*, title: str, text: str, kind: str, embedder: Embedder) -> Draft:
    """Cut `text` into passages, which takes a while for a long one.

    Raises:
        Unprocessable: a field is too long, or the text holds nothing.
    """
    title = bounded(title, "/title", shortest=1, longest=200)
    kind = bounded(kind, "/kind", shortest=1, longest=40)
    text = bounded(text, "/text", shortest=1, longest=LONGEST_TEXT)
    if embedder.dimensions != DIMENSIONS:
        raise ValueError(f"the schema holds vectors of {DIMENSIONS} numbers, not of {embedder.dimensions}")
    digest = hashlib.sha256(f"{embedder.model}\n{kind}\n{text}".encode()).hexdigest()
    chunks = chunk(text)
    if not chunks:
        raise refuse("/text", "holds nothing but headings")
    return Draft(title, kind, digest, tuple(chunks))


async def embed_draft(document: Draft, embedder: Embedder) -> list[list[float]]:
    """A vector for each passage, with its title and headings. Takes seconds to minutes: for no transaction to wait on.

    Raises:
        ProviderError: the embedder failed.
    """
    texts = [f"{_context(document.title, piece)}\n{piece.text}" for piece in document.chunks]
    vectors: list[list[float]] = []
    for start in range(0, len(texts), _BATCH):
        vectors.extend((await embedder.embed(texts[start : start + _BATCH])).tolist())
    return vectors


async def find_same(session: AsyncSession, document: Draft, agent_id: UUID | None = None) -> Document | None:
    """The document that holds this content already, unless another one bears the title and is to be replaced."""
    rows = await session.execute(
        select(DocumentRow)
        .where(
            DocumentRow.agent_id.is_not_distinct_from(agent_id),
            or_(DocumentRow.title == document.title, DocumentRow.content_hash == document.digest),
        )
        .order_by((DocumentRow.title == document.title).desc(), DocumentRow.id)
        .execution_options(populate_existing=True)
    )
    nearest = rows.scalars().first()
    if nearest is None or nearest.content_hash != document.digest:
        return None
    return _document(nearest, duplicate=True)


async def store(
    session: AsyncSession,
    tenant_id: UUID,
    document: Draft,
    vectors: Sequence[Sequence[float]],
    agent_id: UUID | None = None,
) -> Document:
    """Store a draft with a vector for each of its passages.

    A document of the same title is replaced, in one transaction, under the same id. Content that is there already,
    under this title or, when the title is new, under another, is left alone.

    Raises:
        NotFound: the tenant has no such agent.
    """
    known = await find_same(session, document, agent_id)
    if known is not None:
        return known
    document_id = await _put_document(session, tenant_id, document, agent_id)
    await session.execute(
        delete(ChunkRow).where(ChunkRow.document_id == document_id).execution_options(synchronize_session=False)
    )
    rows = [
        {
            "id": uuid7(),
            "tenant_id": tenant_id,
            "document_id": document_id,
            "position": position,
            "heading": piece.heading[:_LONGEST_HEADING],
            "text": piece.text,
            "context": _context(document.title, piece),
            "embedding": vector,
        }
        for position, (piece, vector) in enumerate(zip(document.chunks, vectors, strict=True))
    ]
    await session.execute(plain_insert(ChunkRow), rows)
    found = await session.execute(
        select(DocumentRow).where(DocumentRow.id == document_id).execution_options(populate_existing=True)
    )
    return _document(found.scalars().one())


async def ingest(
    session: AsyncSession,
    tenant_id: UUID,
    *,
    title: str,
    text: str,
    kind: str,
    embedder: Embedder,
    agent_id: UUID | None = None,
) -> Document:
    """`draft`, `embed_draft` and `store` in one transaction: for short documents only."""
    document = draft(title=title, text=text, kind=kind, embedder=embedder)
    known = await find_same(session, document, agent_id)
    if known is not None:
        return known
    return await store(session, tenant_id, document, await embed_draft(document, embedder), agent_id)


async def list_documents(session: AsyncSession) -> list[Document]:
    """The tenant's documents by title."""
    rows = await session.execute(
        select(DocumentRow).order_by(DocumentRow.title, DocumentRow.id).execution_options(populate_existing=True)
    )
    return [_document(row) for row in rows.scalars()]


async def delete_document(session: AsyncSession, document_id: UUID) -> None:
    """Delete a document with its passages.

    Raises:
        NotFound: the tenant has no such document.
    """
    deleted = await session.execute(
        delete(DocumentRow)
        .where(DocumentRow.id == document_id)
        .returning(DocumentRow.id)
        .execution_options(synchronize_session=False)
    )
    if deleted.first() is None:
        raise NotFound("There is no such document")


async def _put_document(session: AsyncSession, tenant_id: UUID, document: Draft, agent_id: UUID | None) -> UUID:
    """Store the document or replace the one of its title; the row stays locked, so that two never mix."""
    content = {"kind": document.kind, "content_hash": document.digest, "chunk_count": len(document.chunks)}
    row = insert(DocumentRow).values(
        id=uuid7(), tenant_id=tenant_id, agent_id=agent_id, title=document.title, **content
    )
    statement = row.on_conflict_do_update(
        constraint="knowledge_documents_title",
        set_={**content, "updated_at": func.now()},
    ).returning(DocumentRow.id)
    try:
        async with session.begin_nested():
            return (await session.execute(statement)).scalar_one()
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such agent") from error
        raise


def _context(title: str, piece: Chunk) -> str:
    return (f"{title} > {piece.heading}" if piece.heading else title)[:_LONGEST_CONTEXT]


def _document(row: DocumentRow, *, duplicate: bool = False) -> Document:
    return Document(row.id, row.title, row.kind, row.agent_id, row.chunk_count, row.updated_at, duplicate)
