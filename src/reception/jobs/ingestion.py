"""The job that takes a document in: read it apart, embed its passages, and let them answer, all at once."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import numpy as np
import structlog
from numpy.typing import NDArray

from reception.core.errors import Unavailable
from reception.core.telemetry import DOCUMENT_FAILED, DOCUMENT_READ
from reception.db.database import Database
from reception.domains.knowledge import intake
from reception.domains.knowledge.chunking import DEFAULT_CHUNKING, Chunking
from reception.domains.knowledge.documents import DocumentState
from reception.domains.knowledge.intake import Order
from reception.domains.knowledge.reading.apart import DEFAULT_LIMITS, ReadingLimits, read_apart
from reception.domains.knowledge.reading.problems import Unreadable, damaged
from reception.domains.knowledge.reading.result import Reading, Source
from reception.domains.knowledge.service import embed_chunks
from reception.jobs.site.crawl import SiteReader
from reception.jobs.worker import JobTask
from reception.ports.speech import Embedder

_log = structlog.get_logger(__name__)

_READING_SHARE = 0.4
"""The part of the progress that stands for reading; embedding is the rest."""
_BATCH = 64
_REPORTS_EVERY_S = 1.0
_OUR_FAULT = (
    "This document could not be taken in, through no fault of its own. Upload it again; if that fails too, tell the "
    "operator of this installation."
)


@dataclass(slots=True)
class _Progress:
    state: DocumentState
    share: float = 0.0


class Ingestion:
    """Takes documents in, one a call of `run`.

    Args:
        embedder: what passages are embedded with; it gives way to callers' questions by itself.
        limits: what reading one file may take.
    """

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        *,
        chunking: Chunking = DEFAULT_CHUNKING,
        limits: ReadingLimits = DEFAULT_LIMITS,
        sites: SiteReader | None = None,
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._chunking = chunking
        self._limits = limits
        self._sites = sites or SiteReader()

    @property
    def task(self) -> JobTask:
        return JobTask(intake.INGEST, self.run, self.give_up)

    async def run(self, tenant_id: UUID, document_id: UUID) -> None:
        """Take in what the document waits for; nothing when it is there, or gone.

        Raises:
            ProviderError: the embedder failed; the job is tried again.
            Unavailable: the database cannot be reached.
        """
        async with self._database.tenant_session(tenant_id) as session:
            order = await intake.take_up(session, document_id)
        if order is None:
            return
        progress = _Progress(DocumentState.READING)
        try:
            async with self._reporting(tenant_id, order, progress):
                reading = await self._read(tenant_id, order, progress)
                vectors = await self._embed(order, reading, progress)
        except Unreadable as problem:
            _log.info(DOCUMENT_FAILED, document=str(document_id), reason=problem.reason)
            async with self._database.tenant_session(tenant_id) as session:
                await intake.fail(session, document_id, order.digest, problem.reason, problem.detail)
            return
        async with self._database.tenant_session(tenant_id) as session:
            stored = await intake.finish(session, order, reading, vectors, self._embedder.model)
        if stored:
            _log.info(DOCUMENT_READ, document=str(document_id), passages=len(reading.chunks))

    async def give_up(self, tenant_id: UUID, document_id: UUID) -> None:
        async with self._database.tenant_session(tenant_id) as session:
            await intake.fail(session, document_id, None, "internal_error", _OUR_FAULT)

    async def _read(self, tenant_id: UUID, order: Order, progress: _Progress) -> Reading:
        def on_read(share: float) -> None:
            progress.share = share * _READING_SHARE

        if order.source == "site":
            depth, pages = int(order.options.get("depth", 2)), int(order.options.get("pages", 50))
            return await self._sites.read(order.source_name, depth, pages, self._chunking, on_read)
        with tempfile.TemporaryDirectory(prefix="reception-reading-") as folder:
            path = Path(folder) / "file"
            if not await self._spool(tenant_id, order.document_id, path):
                raise damaged()
            return await read_apart(
                Source(str(path), order.source_name, chunking=self._chunking), on_read, self._limits
            )

    async def _spool(self, tenant_id: UUID, document_id: UUID, path: Path) -> int:
        """Write the file to `path`, piece by piece; its length."""
        written = 0
        with path.open("wb") as file:
            async with self._database.tenant_session(tenant_id) as session:
                async for piece in intake.pieces(session, document_id):
                    written += await asyncio.to_thread(file.write, piece)
        return written

    async def _embed(self, order: Order, reading: Reading, progress: _Progress) -> NDArray[np.float32]:
        progress.state = DocumentState.EMBEDDING
        vectors: list[NDArray[np.float32]] = []
        for start in range(0, len(reading.chunks), _BATCH):
            vectors.append(await embed_chunks(order.title, reading.chunks[start : start + _BATCH], self._embedder))
            done = min(1.0, (start + _BATCH) / len(reading.chunks))
            progress.share = _READING_SHARE + (1 - _READING_SHARE) * done
        return np.concatenate(vectors)

    @asynccontextmanager
    async def _reporting(self, tenant_id: UUID, order: Order, progress: _Progress) -> AsyncIterator[None]:
        reporting = asyncio.create_task(self._report(tenant_id, order, progress), name="document-progress")
        try:
            yield
        finally:
            reporting.cancel()
            with suppress(asyncio.CancelledError):
                await reporting

    async def _report(self, tenant_id: UUID, order: Order, progress: _Progress) -> None:
        told = replace(progress)
        while True:
            await asyncio.sleep(_REPORTS_EVERY_S)
            if progress != told:
                told = replace(progress)
                with suppress(Unavailable):
                    async with self._database.tenant_session(tenant_id) as session:
                        await intake.report(session, order.document_id, order.digest, told.state, told.share)
