"""Files and sites that businesses hand in: kept in the database with the job that reads them, in one transaction."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from reception.core.errors import AppError, TooLarge
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.agents.service import get_agent
from reception.domains.knowledge import intake
from reception.domains.knowledge.chunking import Chunking
from reception.domains.knowledge.documents import Document
from reception.domains.knowledge.intake import LARGEST_FILE_BYTES, PIECE_BYTES, Wanted
from reception.domains.knowledge.reading import problems
from reception.ports.knowledge import DocumentKind


@dataclass(frozen=True, slots=True)
class Handed:
    """A file that was handed in. `read` gives up to so many bytes from where it stands; `rewind` goes to its start."""

    name: str
    title: str
    size_bytes: int
    read: Callable[[int], Awaitable[bytes]]
    rewind: Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file was not taken."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class IntakeDesk:
    """Takes files and sites from businesses. `model` embeds their passages, which are cut as `chunking` says."""

    database: Database
    model: str
    chunking: Chunking

    async def take_file(
        self, tenant_id: UUID, file: Handed, kind: DocumentKind, agent_id: UUID | None
    ) -> Document | Refusal:
        """Queue a file; content that is there already is recognised.

        Raises:
            NotFound: the tenant has no such agent.
            Unavailable: the database cannot be reached.
        """
        if file.size_bytes > LARGEST_FILE_BYTES:
            return Refusal(TooLarge.code, f"A file may have at most {LARGEST_FILE_BYTES >> 20} MB. Split it.")
        if not file.size_bytes:
            empty = problems.empty()
            return Refusal(empty.reason, empty.detail)
        content = hashlib.sha256()
        async for piece in _pieces(file):
            content.update(piece)
        digest = intake.digest_of(content.hexdigest(), self.model, kind, self._cut)
        wanted = Wanted(file.title, kind, agent_id, "file", file.name, digest, file.size_bytes)
        try:
            async with self.database.tenant_session(tenant_id) as session:
                document = await intake.want(session, tenant_id, wanted)
                if not document.duplicate:
                    number = 0
                    async for piece in _pieces(file):
                        await intake.put_piece(session, tenant_id, document.document_id, number, piece)
                        number += 1
                return document
        except AppError as error:
            if error.status >= 500 or not error.problems:
                raise
            return Refusal(error.code, error.detail)

    async def take_site(
        self,
        tenant_id: UUID,
        address: str,
        *,
        title: str,
        kind: DocumentKind,
        agent_id: UUID | None,
        depth: int,
        pages: int,
    ) -> Document:
        """Queue a site; it is read anew each time this is asked for.

        Raises:
            NotFound: the tenant has no such agent.
        """
        digest = hashlib.sha256(f"{address}\n{uuid7()}".encode()).hexdigest()
        options = {"depth": depth, "pages": pages}
        wanted = Wanted(title, kind, agent_id, "site", address, digest, 0, options)
        async with self.database.tenant_session(tenant_id) as session:
            if agent_id is not None:
                await get_agent(session, agent_id)
            return await intake.want(session, tenant_id, wanted)

    @property
    def _cut(self) -> str:
        return f"{self.chunking.target_chars} {self.chunking.overlap_chars}"


async def _pieces(file: Handed) -> AsyncIterator[bytes]:
    await file.rewind()
    while piece := await file.read(PIECE_BYTES):
        yield piece
