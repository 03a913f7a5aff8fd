"""Take in documents, list and delete them, and search their passages."""

import hashlib
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

__all__ = ["Document", "delete_document", "ingest", "list_documents", "search"]

LONGEST_TEXT = 2_000_000
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
    """Cut `text` into passages, embed each with its title and headings, and store them.

    A document of the same title is replaced, in one transaction, under the same id. Content that is there already,
    under this title or, when the title is new, under another, is left alone.

    Raises:
        Unprocessable: a field is too long, or the text holds nothing.
        NotFound: the tenant has no such agent.
        ProviderError: the embedder failed.
    """
    title = bounded(title, "/title", shortest=1, longest=200)
    kind = bounded(kind, "/kind", shortest=1, longest=40)
    text = bounded(text, "/text", shortest=1, longest=LONGEST_TEXT)
    if embedder.dimensions != DIMENSIONS:
        raise ValueError(f"the schema holds vectors of {DIMENSIONS} numbers, not of {embedder.dimensions}")
    digest = hashlib.sha256(f"{embedder.model}\n{kind}\n{text}".encode()).hexdigest()
    known = await _known(session, title, digest, agent_id)
    if known is not None:
        return known
    chunks = chunk(text)
    if not chunks:
        raise refuse("/text", "holds nothing but headings")
    vectors = await _embedded(embedder, title, chunks)
    document_id = await _put_document(session, tenant_id, title, kind, digest, len(chunks), agent_id)
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
            "context": _context(title, piece),
            "embedding": vector,
        }
        for position, (piece, vector) in enumerate(zip(chunks, vectors, strict=True))
    ]
    await session.execute(plain_insert(ChunkRow), rows)
    found = await session.execute(
        select(DocumentRow).where(DocumentRow.id == document_id).execution_options(populate_existing=True)
    )
    return _document(found.scalars().one())


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


async def _known(session: AsyncSession, title: str, digest: str, agent_id: UUID | None) -> Document | None:
    """The document that holds this content already, unless another one bears the title and is to be replaced."""
    rows = await session.execute(
        select(DocumentRow)
        .where(
            DocumentRow.agent_id.is_not_distinct_from(agent_id),
            or_(DocumentRow.title == title, DocumentRow.content_hash == digest),
        )
        .order_by((DocumentRow.title == title).desc(), DocumentRow.id)
        .execution_options(populate_existing=True)
    )
    nearest = rows.scalars().first()
    if nearest is None or nearest.content_hash != digest:
        return None
    return _document(nearest, duplicate=True)


async def _put_document(
    session: AsyncSession,
    tenant_id: UUID,
    title: str,
    kind: str,
    digest: str,
    chunk_count: int,
    agent_id: UUID | None,
) -> UUID:
    """Store the document or replace the one of its title; the row stays locked, so that two never mix."""
    row = insert(DocumentRow).values(
        id=uuid7(),
        tenant_id=tenant_id,
        agent_id=agent_id,
        title=title,
        kind=kind,
        content_hash=digest,
        chunk_count=chunk_count,
    )
    statement = row.on_conflict_do_update(
        constraint="knowledge_documents_title",
        set_={"kind": kind, "content_hash": digest, "chunk_count": chunk_count, "updated_at": func.now()},
    ).returning(DocumentRow.id)
    try:
        async with session.begin_nested():
            return (await session.execute(statement)).scalar_one()
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such agent") from error
        raise


async def _embedded(embedder: Embedder, title: str, chunks: list[Chunk]) -> list[list[float]]:
    texts = [f"{_context(title, piece)}\n{piece.text}" for piece in chunks]
    vectors: list[list[float]] = []
    for start in range(0, len(texts), _BATCH):
        vectors.extend((await embedder.embed(texts[start : start + _BATCH])).tolist())
    return vectors


def _context(title: str, piece: Chunk) -> str:
    return (f"{title} > {piece.heading}" if piece.heading else title)[:_LONGEST_CONTEXT]


def _document(row: DocumentRow, *, duplicate: bool = False) -> Document:
    return Document(row.id, row.title, row.kind, row.agent_id, row.chunk_count, row.updated_at, duplicate)
