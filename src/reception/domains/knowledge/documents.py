"""Stored documents: what there is of them, how far each is taken in, and the passages that answer for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.core.requirements import stated
from reception.db.bounds import clipped
from reception.domains.knowledge.chunking import Chunk
from reception.domains.knowledge.models import ChunkRow, DocumentRow, UploadRow
from reception.ports.knowledge import DocumentKind, Passage

_LONGEST_HEADING = 600
_LONGEST_CONTEXT = 900
_LONGEST_PLACE = 300
_ROWS_AT_ONCE = 200


class DocumentState(StrEnum):
    """How far a document is. While it is not `ready`, what was read of it before goes on answering."""

    QUEUED = "queued"
    READING = "reading"
    EMBEDDING = "embedding"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Document:
    """A stored document. `progress` goes from 0 to 1; `problem` says why it failed, in words for its owner; `notes` are
    what was left out. `duplicate` says that the same content was there already and nothing was changed."""

    document_id: UUID
    title: str
    kind: str
    agent_id: UUID | None
    chunk_count: int
    updated_at: datetime
    source: str = "text"
    source_name: str = ""
    format: str = ""
    state: DocumentState = DocumentState.READY
    progress: float = 1.0
    problem_code: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    page_count: int = 0
    size_bytes: int = 0
    duplicate: bool = field(default=False)


def document_of(row: DocumentRow, *, duplicate: bool = False) -> Document:
    return Document(
        document_id=row.id,
        title=row.title,
        kind=row.kind,
        agent_id=row.agent_id,
        chunk_count=row.chunk_count,
        updated_at=row.updated_at,
        source=row.source,
        source_name=row.source_name,
        format=row.format,
        state=DocumentState(row.state),
        progress=row.progress,
        problem_code=row.problem_code,
        problem=row.problem,
        notes=tuple(str(note) for note in row.notes),
        page_count=row.page_count,
        size_bytes=row.size_bytes,
        duplicate=duplicate,
    )


async def list_documents(
    session: AsyncSession, *, limit: int | None = None, after: tuple[str, UUID] | None = None
) -> list[Document]:
    """The tenant's documents by title; `after` are title and id of the last of the page before."""
    place = tuple_(DocumentRow.title, DocumentRow.id)
    wanted = select(DocumentRow).order_by(*place).limit(limit).execution_options(populate_existing=True)
    if after is not None:
        wanted = wanted.where(place > tuple_(*after))
    return [document_of(row) for row in (await session.execute(wanted)).scalars()]


async def get_document(session: AsyncSession, document_id: UUID) -> Document:
    """One document of the tenant.

    Raises:
        NotFound: the tenant has no such document.
    """
    return document_of(await document_row(session, document_id))


async def delete_document(session: AsyncSession, document_id: UUID) -> None:
    """Delete a document with its passages, and the file when it still waits.

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


async def get_passage(session: AsyncSession, chunk_id: UUID) -> Passage:
    """One passage of the tenant, without scores.

    Raises:
        NotFound: there is none, or the document has been replaced since.
    """
    found = await session.execute(
        select(ChunkRow, DocumentRow.title)
        .join(DocumentRow, DocumentRow.id == ChunkRow.document_id)
        .where(ChunkRow.id == chunk_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("There is no such passage; its document may have been replaced since")
    chunk, title = row
    kind, fields = DocumentKind(chunk.kind), chunk.fields
    return Passage(
        chunk.id, chunk.document_id, title, chunk.heading, chunk.text, 0.0, None, None, chunk.place, kind, fields
    )


async def document_row(session: AsyncSession, document_id: UUID, *, lock: bool = False) -> DocumentRow:
    """The row of a document, locked for change where `lock` says so.

    Raises:
        NotFound: the tenant has no such document.
    """
    query = select(DocumentRow).where(DocumentRow.id == document_id).execution_options(populate_existing=True)
    row = (await session.execute(query.with_for_update() if lock else query)).scalars().one_or_none()
    if row is None:
        raise NotFound("There is no such document")
    return row


async def replace_chunks(
    session: AsyncSession, document_id: UUID, chunks: Sequence[Chunk], vectors: NDArray[np.float32], model: str
) -> None:
    """Put `chunks` in the place of the document's former ones, which answer until the transaction commits. Listings
    that are told in sentences can be filtered by what those state, as rows of tables can."""
    row = await document_row(session, document_id, lock=True)
    listing = row.kind == DocumentKind.LISTING
    await session.execute(
        delete(ChunkRow).where(ChunkRow.document_id == document_id).execution_options(synchronize_session=False)
    )
    rows = [
        {
            "id": uuid7(),
            "tenant_id": row.tenant_id,
            "document_id": document_id,
            "agent_id": row.agent_id,
            "kind": row.kind,
            "position": position,
            "heading": clipped(piece.heading, _LONGEST_HEADING),
            "text": piece.text,
            "context": context_of(row.title, piece.heading),
            "place": clipped(piece.place, _LONGEST_PLACE),
            "fields": dict(piece.fields) or (stated(piece.text) if listing else {}),
            "embedding": vector,
            "embedding_model": model,
        }
        for position, (piece, vector) in enumerate(zip(chunks, vectors, strict=True))
    ]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        await session.execute(insert(ChunkRow), rows[start : start + _ROWS_AT_ONCE])
    await session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id)
        .values(
            chunk_count=len(rows),
            embedding_model=model,
            revision=DocumentRow.revision + 1,
            updated_at=func.now(),
        )
        .execution_options(synchronize_session=False)
    )


async def forget_upload(session: AsyncSession, document_id: UUID) -> None:
    """Delete what is kept of the file itself."""
    await session.execute(
        delete(UploadRow).where(UploadRow.document_id == document_id).execution_options(synchronize_session=False)
    )


def context_of(title: str, heading: str) -> str:
    """What a passage is read under, when it is embedded and when its words are looked for."""
    return clipped(f"{title} > {heading}" if heading else title, _LONGEST_CONTEXT)
