"""Documents are read in the background: whole or not at all, once, and with a reason when they cannot be."""

import asyncio
import io
from uuid import UUID

import pytest
from sqlalchemy import text

from reception.core.errors import NotFound, ProviderError
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.knowledge import intake
from reception.domains.knowledge.chunking import DEFAULT_CHUNKING
from reception.domains.knowledge.documents import Document
from reception.domains.knowledge.reading.apart import DEFAULT_LIMITS, ReadingLimits
from reception.domains.knowledge.service import delete_document, get_document, list_documents, search
from reception.jobs.ingestion import Ingestion
from reception.jobs.worker import JobWorker
from reception.ports.business import Business
from reception.ports.knowledge import DocumentKind
from reception.runtime.uploads import Handed, IntakeDesk, Refusal
from tests.support import documents
from tests.support.embedders import HashEmbedder
from tests.support.postgres import make_business


class Office:
    """A business that hands files in, and the worker that reads them."""

    def __init__(
        self, database: Database, url: str, business: Business, limits: ReadingLimits = DEFAULT_LIMITS
    ) -> None:
        self.database = database
        self.tenant_id = business.tenant_id
        self.embedder = HashEmbedder()
        self.ingestion = Ingestion(database, self.embedder, limits=limits)
        self.worker = JobWorker(url, database, [self.ingestion.task])
        self.desk = IntakeDesk(database, self.embedder.model, DEFAULT_CHUNKING)

    async def hand_in(
        self, name: str, content: bytes, kind: DocumentKind = DocumentKind.GENERAL, agent_id: UUID | None = None
    ) -> Document | Refusal:
        file = io.BytesIO(content)
        handed = Handed(
            name,
            name,
            len(content),
            lambda size: asyncio.to_thread(file.read, size),
            lambda: asyncio.to_thread(file.seek, 0),
        )
        return await self.desk.take_file(self.tenant_id, handed, kind, agent_id)

    async def take_in(self, name: str, content: bytes) -> Document:
        """The document after the worker has done what waits."""
        came = await self.hand_in(name, content)
        assert isinstance(came, Document), came
        await self.worker.run_waiting()
        return await self.read(came.document_id)

    async def read(self, document_id: UUID) -> Document:
        async with self.database.tenant_session(self.tenant_id) as session:
            return await get_document(session, document_id)

    async def found(self, words: str) -> list[str]:
        async with self.database.tenant_session(self.tenant_id) as session:
            return [passage.text for passage in await search(session, words, None, limit=10)]

    async def count(self, table: str) -> int:
        async with self.database.tenant_session(self.tenant_id) as session:
            return int((await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())


@pytest.fixture
async def office(database: Database, postgres: EmbeddedPostgres) -> Office:
    return Office(database, postgres.runtime_url, await make_business(database))


RULES = documents.pdf([("h1", "Rules"), ("p", "Dogs are welcome on the terrace, on a lead.")])


async def test_a_file_is_queued_read_and_answers(office: Office) -> None:
    came = await office.hand_in("rules.pdf", RULES, DocumentKind.POLICY)
    assert isinstance(came, Document)
    assert (came.state.value, came.progress, came.chunk_count, came.size_bytes) == ("queued", 0.0, 0, len(RULES))
    assert await office.found("dogs") == []
    assert await office.count("knowledge_uploads") == 1

    await office.worker.run_waiting()

    ready = await office.read(came.document_id)
    assert (ready.state.value, ready.progress, ready.chunk_count, ready.page_count) == ("ready", 1.0, 1, 1)
    assert (ready.format, ready.kind, ready.source, ready.source_name) == ("pdf", "policy", "file", "rules.pdf")
    async with office.database.tenant_session(office.tenant_id) as session:
        (passage,) = await search(session, "dogs", None, limit=3)
    assert (passage.text, passage.place, passage.kind) == (
        "Dogs are welcome on the terrace, on a lead.",
        "page 1",
        DocumentKind.POLICY,
    )
    assert await office.count("knowledge_uploads") == 0, "the file itself is not kept"


async def test_the_same_content_is_recognised_and_a_changed_one_replaces(office: Office) -> None:
    first = await office.take_in("rules.txt", b"Dogs are welcome.")
    asked = office.embedder.asked
    for name in ("rules.txt", "copy of rules.txt"):
        again = await office.hand_in(name, b"Dogs are welcome.")
        assert isinstance(again, Document)
        assert (again.duplicate, again.document_id) == (True, first.document_id)
    await office.worker.run_waiting()
    assert office.embedder.asked == asked

    changed = await office.hand_in("rules.txt", b"Cats are welcome.")
    assert isinstance(changed, Document)
    assert changed.document_id == first.document_id
    assert await office.found("welcome") == ["Dogs are welcome."], "the former answers until the new one is read"
    await office.worker.run_waiting()
    assert await office.found("welcome") == ["Cats are welcome."]


async def test_what_fails_leaves_the_former_answering_and_says_why(office: Office) -> None:
    await office.take_in("rules.txt", b"Dogs are welcome.")
    failed = await office.take_in("rules.txt", b"%PDF-1.4 cut off")
    assert (failed.state.value, failed.problem_code) == ("failed", "damaged")
    assert "not uploaded whole" in failed.problem
    assert await office.found("welcome") == ["Dogs are welcome."]
    assert await office.count("knowledge_uploads") == 0
    # The former content is no duplicate of what failed: it is taken in anew.
    back = await office.take_in("rules.txt", b"Dogs are welcome.")
    assert (back.state.value, back.problem) == ("ready", "")


async def test_two_versions_at_once_end_with_the_last(office: Office) -> None:
    await office.hand_in("rules.txt", b"Dogs are welcome.")
    await office.hand_in("rules.txt", b"Cats are welcome.")
    await office.worker.run_waiting()
    assert await office.found("welcome") == ["Cats are welcome."]
    assert await office.count("knowledge_documents") == 1


async def test_a_file_that_cannot_be_read_does_not_take_the_right_one_with_it(office: Office) -> None:
    came = await office.hand_in("rules.txt", b"%PDF-1.4 cut off")
    assert isinstance(came, Document)
    async with office.database.tenant_session(office.tenant_id) as session:
        order = await intake.take_up(session, came.document_id)
    assert order is not None
    await office.hand_in("rules.txt", b"Dogs are welcome.")
    async with office.database.tenant_session(office.tenant_id) as session:
        await intake.fail(session, came.document_id, order.digest, "damaged", "It is cut off.")
        await intake.fail(session, came.document_id, None, "internal_error", "It fails.")
    await office.worker.run_waiting()
    assert (await office.read(came.document_id)).state.value == "ready"
    assert await office.found("welcome") == ["Dogs are welcome."]


async def test_an_embedder_that_is_down_delays_and_loses_nothing(office: Office) -> None:
    office.embedder.faults = [ProviderError("model", "down", retryable=True)]
    waiting = await office.take_in("rules.txt", b"Dogs are welcome.")
    assert waiting.state.value in ("reading", "embedding")
    async with office.database.tenant_session(office.tenant_id) as session:
        await session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'"))
    await office.worker.run_waiting()
    assert (await office.read(waiting.document_id)).state.value == "ready"


async def test_a_fault_of_ours_is_shown_as_one(office: Office) -> None:
    office.embedder.faults = [ZeroDivisionError()]
    failed = await office.take_in("rules.txt", b"Dogs are welcome.")
    assert (failed.state.value, failed.problem_code) == ("failed", "internal_error")
    assert "no fault of its own" in failed.problem


async def test_a_document_deleted_on_its_way_stays_deleted(office: Office) -> None:
    came = await office.hand_in("rules.txt", b"Dogs are welcome.")
    assert isinstance(came, Document)
    async with office.database.tenant_session(office.tenant_id) as session:
        await delete_document(session, came.document_id)
    assert await office.count("knowledge_uploads") == 0
    await office.worker.run_waiting()
    assert await office.count("knowledge_documents") == 0
    with pytest.raises(NotFound):
        await office.hand_in("rules.txt", b"Dogs are welcome.", agent_id=uuid7())


async def test_files_too_large_or_empty_are_refused_at_the_door(office: Office) -> None:
    for content, code in ((b"", "empty"), (b"x" * ((50 << 20) + 1), "too_large")):
        refused = await office.hand_in("big.txt", content)
        assert isinstance(refused, Refusal)
        assert refused.code == code
    assert await office.count("knowledge_documents") == 0


@pytest.mark.parametrize(
    ("limits", "content"),
    [
        (ReadingLimits(memory_bytes=300 << 20), "<html><body>" + "<p>room" * 400_000),
        (ReadingLimits(cpu_s=1), "<html><body>" + "<p>room with a view. " * 600_000),
        (ReadingLimits(wall_s=0.05), "<html><body><p>A room with a view."),
    ],
    ids=["memory", "processor", "clock"],
)
async def test_reading_is_stopped_at_its_limits(
    database: Database, postgres: EmbeddedPostgres, limits: ReadingLimits, content: str
) -> None:
    office = Office(database, postgres.runtime_url, await make_business(database), limits)
    failed = await office.take_in("heavy.html", content.encode())
    assert (failed.state.value, failed.problem_code) == ("failed", "too_heavy")
    assert await office.count("knowledge_chunks") == 0


async def test_tenants_and_agents_do_not_see_each_others_files(office: Office, database: Database) -> None:
    came = await office.hand_in("rules.txt", b"Dogs are welcome.")
    assert isinstance(came, Document)
    other = await make_business(database)
    async with database.tenant_session(other.tenant_id) as session:
        assert await list_documents(session) == []
        assert (await session.execute(text("SELECT count(*) FROM knowledge_uploads"))).scalar_one() == 0
        with pytest.raises(NotFound):
            await delete_document(session, came.document_id)
    await office.worker.run_waiting()
    async with database.tenant_session(other.tenant_id) as session:
        assert await search(session, "dogs", None, limit=3) == []
    assert await office.found("dogs") == ["Dogs are welcome."]
