"""Take in texts, list and delete documents, and search their passages."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, refuse
from reception.db.violations import is_violation
from reception.domains.knowledge.chunking import DEFAULT_CHUNKING, Chunk, Chunking, chunk
from reception.domains.knowledge.documents import (
    Document,
    DocumentState,
    context_of,
    delete_document,
    document_of,
    get_document,
    list_documents,
    replace_chunks,
)
from reception.domains.knowledge.models import DIMENSIONS, DocumentRow
from reception.domains.knowledge.search import search
from reception.ports.knowledge import DocumentKind
from reception.ports.speech import Embedder

__all__ = [
    "LONGEST_TEXT",
    "Document",
    "DocumentState",
    "Draft",
    "delete_document",
    "draft",
    "embed_chunks",
    "find_same",
    "get_document",
    "ingest",
    "kind_of",
    "list_documents",
    "search",
    "store",
]

LONGEST_TEXT = 900_000
"""Characters of a document; what a request may hold is not much more."""
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that is fit to be stored, cut into passages but not embedded. `digest` names its content."""

    title: str
    kind: DocumentKind
    digest: str
    chunks: tuple[Chunk, ...]


def draft(*, title: str, text: str, kind: str, embedder: Embedder, chunking: Chunking = DEFAULT_CHUNKING) -> Draft:
    """Cut `text` into passages, which takes a while for a long one.

    Raises:
        Unprocessable: a field is too long, or the text holds nothing.
    """
    title = bounded(title, "/title", shortest=1, longest=200)
    text = bounded(text, "/text", shortest=1, longest=LONGEST_TEXT)
    if embedder.dimensions != DIMENSIONS:
        raise ValueError(f"the schema holds vectors of {DIMENSIONS} numbers, not of {embedder.dimensions}")
    of_kind = kind_of(kind)
    named = f"{embedder.model}\n{chunking.target_chars} {chunking.overlap_chars}\n{of_kind}\n{text}"
    chunks = chunk(text, chunking)
    if not chunks:
        raise refuse("/text", "holds nothing but headings")
    return Draft(title, of_kind, hashlib.sha256(named.encode()).hexdigest(), tuple(chunks))


def kind_of(name: str) -> DocumentKind:
    """The kind called `name`.

    Raises:
        Unprocessable: there is no such kind.
    """
    try:
        return DocumentKind(name)
    except ValueError:
        raise refuse("/kind", f"must be one of {', '.join(DocumentKind)}") from None


async def embed_chunks(title: str, chunks: Sequence[Chunk], embedder: Embedder) -> NDArray[np.float32]:
    """A vector for each passage, with its title and headings, shape (len(chunks), 384). Takes seconds to minutes: for
    no transaction to wait on.

    Raises:
        ProviderError: the embedder failed.
    """
    texts = [f"{context_of(title, piece.heading)}\n{piece.text}" for piece in chunks]
    batches = [await embedder.embed(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
    return np.concatenate(batches) if batches else np.zeros((0, DIMENSIONS), np.float32)


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
    if nearest is None or nearest.content_hash != document.digest or nearest.wanted_hash != document.digest:
        return None
    return document_of(nearest, duplicate=True)


async def store(
    session: AsyncSession,
    tenant_id: UUID,
    document: Draft,
    vectors: NDArray[np.float32],
    agent_id: UUID | None = None,
    *,
    model: str,
    source: str = "text",
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
    document_id = await _put_document(session, tenant_id, document, agent_id, model=model, source=source)
    await replace_chunks(session, document_id, document.chunks, vectors, model)
    return await get_document(session, document_id)


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
    """`draft`, `embed_chunks` and `store` in one transaction: for short documents only."""
    document = draft(title=title, text=text, kind=kind, embedder=embedder)
    known = await find_same(session, document, agent_id)
    if known is not None:
        return known
    vectors = await embed_chunks(document.title, document.chunks, embedder)
    return await store(session, tenant_id, document, vectors, agent_id, model=embedder.model)


async def _put_document(
    session: AsyncSession, tenant_id: UUID, document: Draft, agent_id: UUID | None, *, model: str, source: str
) -> UUID:
    """Store the document or replace the one of its title; the row stays locked, so that two never mix."""
    content: dict[str, object] = {
        "kind": document.kind.value,
        "content_hash": document.digest,
        "wanted_hash": document.digest,
        "chunk_count": len(document.chunks),
        "embedding_model": model,
        "source": source,
        "source_name": "",
        "format": "text",
        "state": DocumentState.READY.value,
        "progress": 1.0,
        "problem_code": "",
        "problem": "",
        "notes": [],
        "page_count": 0,
        "size_bytes": 0,
        "options": {},
    }
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
