"""Vectors of another model, replaced document by document; until then words alone find those passages."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.db.queue import enqueue
from reception.domains.knowledge.documents import document_row
from reception.domains.knowledge.models import ChunkRow, DocumentRow

REEMBED = "knowledge.reembed"
"""The name of the job that embeds a tenant's passages anew."""
_TENANTS = text("SELECT tenants_embedded_otherwise(:model)")


@dataclass(frozen=True, slots=True)
class Stale:
    """A document whose passages have vectors of another model. `texts` are what is to be embedded, by chunk."""

    document_id: UUID
    revision: int
    chunk_ids: tuple[UUID, ...]
    texts: tuple[str, ...]


async def tenants_embedded_otherwise(session: AsyncSession, model: str) -> Sequence[UUID]:
    """The tenants of whom some passages were not embedded by `model`: ids, across all tenants."""
    return list((await session.execute(_TENANTS, {"model": model})).scalars())


async def schedule(session: AsyncSession, tenant_id: UUID) -> bool:
    """Have a tenant's passages embedded anew; False when that waits already."""
    return await enqueue(session, REEMBED, {"tenant_id": tenant_id}, once=f"reembed:{tenant_id}")


async def next_stale(session: AsyncSession, model: str) -> Stale | None:
    """A document of the tenant that `model` has not embedded."""
    found = await session.execute(
        select(DocumentRow.id, DocumentRow.revision)
        .where(DocumentRow.embedding_model != model, DocumentRow.chunk_count > 0)
        .order_by(DocumentRow.id)
        .limit(1)
    )
    row = found.one_or_none()
    if row is None:
        return None
    chunks = (
        await session.execute(
            select(ChunkRow.id, ChunkRow.context, ChunkRow.text)
            .where(ChunkRow.document_id == row.id)
            .order_by(ChunkRow.position)
        )
    ).all()
    texts = tuple(f"{chunk.context}\n{chunk.text}" for chunk in chunks)
    return Stale(row.id, row.revision, tuple(chunk.id for chunk in chunks), texts)


async def put_vectors(session: AsyncSession, stale: Stale, vectors: NDArray[np.float32], model: str) -> None:
    """Give the passages their new vectors, all at once; nothing where the document has changed meanwhile."""
    try:
        row = await document_row(session, stale.document_id, lock=True)
    except NotFound:
        return
    if row.revision != stale.revision:
        return
    connection = await session.connection()
    table = ChunkRow.__table__
    await connection.execute(
        update(ChunkRow)
        .where(table.c.id == bindparam("chunk_id"))
        .values(embedding=bindparam("vector"), embedding_model=model),
        [{"chunk_id": chunk, "vector": vector} for chunk, vector in zip(stale.chunk_ids, vectors, strict=True)],
    )
    await session.execute(
        update(DocumentRow)
        .where(DocumentRow.id == stale.document_id)
        .values(embedding_model=model, revision=DocumentRow.revision + 1)
        .execution_options(synchronize_session=False)
    )
