"""Puts questions that were not answered to those of the same meaning."""

from uuid import UUID

from reception.db.database import Database
from reception.domains.knowledge import unanswered
from reception.jobs.worker import JobTask
from reception.ports.speech import Embedder


class Placement:
    """One question a call of `run`."""

    def __init__(self, database: Database, embedder: Embedder) -> None:
        self._database = database
        self._embedder = embedder

    @property
    def task(self) -> JobTask:
        return JobTask(unanswered.PLACE, self.run)

    async def run(self, tenant_id: UUID, question_id: UUID) -> None:
        """Group a question by its meaning.

        Raises:
            ProviderError: the embedder failed; until it is tried again the question stands alone.
        """
        async with self._database.tenant_session(tenant_id) as session:
            question = await unanswered.read_unplaced(session, question_id)
        if question is None:
            return
        (vector,) = await self._embedder.embed([question])
        async with self._database.tenant_session(tenant_id) as session:
            await unanswered.place(session, question_id, vector, self._embedder.model)
