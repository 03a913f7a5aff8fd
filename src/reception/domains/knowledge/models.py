"""Tables of documents and their chunks."""

from datetime import datetime
from uuid import UUID

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import FetchedValue, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import Model

DIMENSIONS = 384


class DocumentRow(Model):
    __tablename__ = "knowledge_documents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    agent_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    content_hash: Mapped[str] = mapped_column(String(64))
    chunk_count: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class ChunkRow(Model):
    """`context` is the document's title and the path of headings, which words are looked for in as well."""

    __tablename__ = "knowledge_chunks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    document_id: Mapped[UUID]
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(String(600))
    text: Mapped[str] = mapped_column(Text)
    context: Mapped[str] = mapped_column(String(900))
    embedding: Mapped[list[float]] = mapped_column(VECTOR(DIMENSIONS))
