"""Tables of documents, their chunks, and files that wait to be read."""

from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import FetchedValue, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from reception.db.model import JsonArray, JsonObject, Model

DIMENSIONS = 384


class DocumentRow(Model):
    """`wanted_hash` names the content that was asked for last, `content_hash` the one that is answered from; they
    differ while a document is being taken in, and after that failed. `options` are those of what was asked for."""

    __tablename__ = "knowledge_documents"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    agent_id: Mapped[UUID | None]
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    content_hash: Mapped[str] = mapped_column(String(64))
    chunk_count: Mapped[int]
    source: Mapped[str] = mapped_column(String(16))
    source_name: Mapped[str] = mapped_column(String(2000), server_default=FetchedValue())
    format: Mapped[str] = mapped_column(String(16), server_default=FetchedValue())
    state: Mapped[str] = mapped_column(String(16))
    progress: Mapped[float] = mapped_column(server_default=FetchedValue())
    problem_code: Mapped[str] = mapped_column(String(40), server_default=FetchedValue())
    problem: Mapped[str] = mapped_column(String(500), server_default=FetchedValue())
    notes: Mapped[JsonArray] = mapped_column(server_default=FetchedValue())
    page_count: Mapped[int] = mapped_column(server_default=FetchedValue())
    size_bytes: Mapped[int] = mapped_column(server_default=FetchedValue())
    options: Mapped[JsonObject] = mapped_column(server_default=FetchedValue())
    wanted_hash: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(server_default=FetchedValue())
    embedding_model: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())
    updated_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class ChunkRow(Model):
    """`context` is the document's title and the path of headings, which words are looked for in as well."""

    __tablename__ = "knowledge_chunks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    document_id: Mapped[UUID]
    agent_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(String(600))
    text: Mapped[str] = mapped_column(Text)
    context: Mapped[str] = mapped_column(String(900))
    place: Mapped[str] = mapped_column(String(300))
    fields: Mapped[JsonObject]
    embedding: Mapped[NDArray[np.float32] | Any] = mapped_column(HALFVEC(DIMENSIONS))
    embedding_model: Mapped[str] = mapped_column(String(100))


class UploadRow(Model):
    """A piece of a file until it has been read; any worker can read it, wherever it runs."""

    __tablename__ = "knowledge_uploads"

    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    piece: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    content: Mapped[bytes] = mapped_column(LargeBinary)
