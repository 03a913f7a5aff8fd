"""Documents on their way in: asked for, kept until they are read, and put in the place of what they replace."""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import func, or_, select, update
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, clipped
from reception.db.queue import enqueue
from reception.db.violations import is_violation
from reception.domains.knowledge.documents import (
    Document,
    DocumentState,
    document_of,
    document_row,
    forget_upload,
    get_document,
    replace_chunks,
)
from reception.domains.knowledge.models import DocumentRow, UploadRow
from reception.domains.knowledge.reading.result import Reading
from reception.ports.knowledge import DocumentKind

INGEST = "knowledge.ingest"
"""The name of the job that takes a document in."""
PIECE_BYTES = 1 << 20
LARGEST_FILE_BYTES = 50 << 20
_LONGEST_NOTE = 300
_MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """A document that is asked for. `source` is `file` or `site`, `source_name` the file's name or the site's address;
    `digest` names the content, or the asking where the content is not known yet."""

    title: str
    kind: DocumentKind
    agent_id: UUID | None
    source: str
    source_name: str
    digest: str
    size_bytes: int = 0
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """What the job is to take in. `answered_by` names the content that answers now."""

    document_id: UUID
    title: str
    source: str
    source_name: str
    digest: str
    answered_by: str
    options: Mapping[str, Any]


async def want(session: AsyncSession, tenant_id: UUID, wanted: Wanted) -> Document:
    """Queue a document, in the place of the one of its title, which goes on answering until this one is read.

    Content that is there already, or on its way, is left alone and comes back as a duplicate. A file's pieces are to be
    added with `put_piece` in the same transaction.

    Raises:
        NotFound: the tenant has no such agent.
        Unprocessable: the title or the name is too long.
    """
    title = bounded(wanted.title, "/title", shortest=1, longest=200)
    known = await _find_wanted(session, title, wanted)
    if known is not None:
        return known
    asked = {
        "source": wanted.source,
        "source_name": clipped(wanted.source_name, 2000),
        "state": DocumentState.QUEUED.value,
        "progress": 0.0,
        "problem_code": "",
        "problem": "",
        "notes": [],
        "size_bytes": wanted.size_bytes,
        "options": {**wanted.options, "kind": wanted.kind.value},
        "wanted_hash": wanted.digest,
    }
    row = insert(DocumentRow).values(
        id=uuid7(),
        tenant_id=tenant_id,
        agent_id=wanted.agent_id,
        title=title,
        kind=wanted.kind.value,
        content_hash="",
        chunk_count=0,
        embedding_model="",
        **asked,
    )
    statement = row.on_conflict_do_update(
        constraint="knowledge_documents_title", set_={**asked, "updated_at": func.now()}
    ).returning(DocumentRow.id)
    try:
        async with session.begin_nested():
            document_id = (await session.execute(statement)).scalar_one()
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such agent") from error
        raise
    await forget_upload(session, document_id)
    await enqueue(session, INGEST, {"tenant_id": tenant_id, "document_id": document_id}, lock=f"document:{document_id}")
    return await get_document(session, document_id)


async def put_piece(session: AsyncSession, tenant_id: UUID, document_id: UUID, number: int, content: bytes) -> None:
    """Keep a piece of a file, at most `PIECE_BYTES` long, until the file is read."""
    piece = {"document_id": document_id, "piece": number, "tenant_id": tenant_id, "content": content}
    await session.execute(plain_insert(UploadRow), [piece])


async def pieces(session: AsyncSession, document_id: UUID) -> AsyncIterator[bytes]:
    """The file's pieces, in order, one in memory at a time."""
    number = 0
    while True:
        found = await session.execute(
            select(UploadRow.content).where(UploadRow.document_id == document_id, UploadRow.piece == number)
        )
        content = found.scalar_one_or_none()
        if content is None:
            return
        yield content
        number += 1


async def take_up(session: AsyncSession, document_id: UUID) -> Order | None:
    """What is to be done for a document that waits; None when there is nothing to do any more."""
    try:
        row = await document_row(session, document_id, lock=True)
    except NotFound:
        return None
    if row.state in (DocumentState.READY, DocumentState.FAILED):
        return None
    await report(session, document_id, row.wanted_hash, DocumentState.READING, 0.0)
    return Order(row.id, row.title, row.source, row.source_name, row.wanted_hash, row.content_hash, row.options)


async def report(session: AsyncSession, document_id: UUID, digest: str, state: DocumentState, progress: float) -> None:
    """Show how far a document is, unless something else has been asked for in its place meanwhile."""
    await session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id, DocumentRow.wanted_hash == digest)
        .values(state=state.value, progress=min(max(progress, 0.0), 1.0))
        .execution_options(synchronize_session=False)
    )


async def finish(
    session: AsyncSession, order: Order, reading: Reading, vectors: NDArray[np.float32], model: str
) -> bool:
    """Let what was read answer in the place of what answered before; False when something else is wanted by now, or the
    document is gone."""
    try:
        row = await document_row(session, order.document_id, lock=True)
    except NotFound:
        return False
    if row.wanted_hash != order.digest:
        return False
    await session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == order.document_id)
        .values(
            kind=row.options.get("kind", row.kind),
            state=DocumentState.READY.value,
            progress=1.0,
            content_hash=order.digest,
            format=reading.format,
            page_count=reading.page_count,
            notes=[clipped(note, _LONGEST_NOTE) for note in reading.notes[:_MOST_NOTES]],
            problem_code="",
            problem="",
        )
        .execution_options(synchronize_session=False)
    )
    await replace_chunks(session, order.document_id, reading.chunks, vectors, model)
    await forget_upload(session, order.document_id)
    return True


async def fail(session: AsyncSession, document_id: UUID, digest: str | None, reason: str, detail: str) -> None:
    """Say why a document could not be taken in. What answered before goes on answering; the file is forgotten.

    Nothing when something else than `digest` is wanted by now, or, where what was tried is not known, when what is
    wanted has not been begun.
    """
    begun = DocumentRow.state.in_([DocumentState.READING.value, DocumentState.EMBEDDING.value])
    failed = await session.execute(
        update(DocumentRow)
        .where(
            DocumentRow.id == document_id,
            DocumentRow.state != DocumentState.READY.value,
            begun if digest is None else DocumentRow.wanted_hash == digest,
        )
        .values(state=DocumentState.FAILED.value, problem_code=clipped(reason, 40), problem=clipped(detail, 500))
        .returning(DocumentRow.id)
        .execution_options(synchronize_session=False)
    )
    if failed.first() is not None:
        await forget_upload(session, document_id)


def digest_of(content: str, model: str, kind: DocumentKind, cut: str) -> str:
    """The name of a content, given by its own hash, that is embedded by `model` and cut as `cut` says."""
    return hashlib.sha256(f"{model}\n{kind}\n{cut}\n{content}".encode()).hexdigest()


async def _find_wanted(session: AsyncSession, title: str, wanted: Wanted) -> Document | None:
    rows = await session.execute(
        select(DocumentRow)
        .where(
            DocumentRow.agent_id.is_not_distinct_from(wanted.agent_id),
            or_(DocumentRow.title == title, DocumentRow.wanted_hash == wanted.digest),
        )
        .order_by((DocumentRow.title == title).desc(), DocumentRow.id)
        .execution_options(populate_existing=True)
    )
    nearest = rows.scalars().first()
    if nearest is None or nearest.wanted_hash != wanted.digest or nearest.state == DocumentState.FAILED:
        return None
    return document_of(nearest, duplicate=True)
