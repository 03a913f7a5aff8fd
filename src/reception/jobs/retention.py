"""Deletes what was said in conversations once it has been kept for as long as the business wants."""

from datetime import timedelta
from uuid import UUID

import structlog

from reception.core.clock import Clock
from reception.core.errors import NotFound
from reception.core.rounds import every
from reception.core.telemetry import RETENTION_NOT_SCHEDULED, TRANSCRIPTS_DELETED
from reception.db.database import Database
from reception.db.queue import enqueue
from reception.domains.conversations.erasure import find_old, forget
from reception.domains.leads.service import leave_conversations
from reception.domains.tenants.service import get_business, tenants_with_retention
from reception.jobs.worker import JobTask
from reception.runtime.recording.service import Recordings

RETAIN = "conversations.retain"
"""The name of the job that deletes one tenant's old transcripts."""
_log = structlog.get_logger(__name__)
_EVERY_S = 3600.0
_AT_ONCE = 200


class TranscriptRetention:
    """One tenant a call of `run`, by its `transcript_retention_days`."""

    def __init__(self, database: Database, recordings: Recordings, clock: Clock) -> None:
        self._database = database
        self._recordings = recordings
        self._clock = clock

    @property
    def task(self) -> JobTask:
        return JobTask(RETAIN, self.run)

    async def keep_scheduling(self) -> None:
        """Put every tenant that has it into the queue, every hour, until cancelled."""
        await every(_EVERY_S, self.schedule, failed=RETENTION_NOT_SCHEDULED)

    async def schedule(self) -> None:
        """Put every tenant into the queue that does not keep its transcripts for good.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with self._database.unscoped_session() as session:
            for tenant_id in await tenants_with_retention(session):
                await enqueue(session, RETAIN, {"tenant_id": tenant_id}, once=f"{RETAIN}:{tenant_id}")

    async def run(self, tenant_id: UUID) -> None:
        """Delete what the tenant keeps no longer, some hundred conversations at a time; nothing for one that is gone.

        Raises:
            Unavailable: the database, or where recordings are kept, cannot be reached; what was done stays.
        """
        deleted = _AT_ONCE
        while deleted == _AT_ONCE:
            deleted = await self._delete_some(tenant_id)
            if deleted:
                _log.info(TRANSCRIPTS_DELETED, tenant_id=str(tenant_id), conversations=deleted)

    async def _delete_some(self, tenant_id: UUID) -> int:
        async with self._database.tenant_session(tenant_id) as session:
            try:
                days = (await get_business(session)).transcript_retention_days
            except NotFound:
                return 0
            if days is None:
                return 0
            old = await find_old(session, self._clock.now() - timedelta(days=days), most=_AT_ONCE)
            await leave_conversations(session, old, delete_leads=False)
            await forget(session, old)
            # Where the recordings cannot be deleted now, the rows stay too, and the job is done again.
            await self._recordings.delete(tenant_id, old)
        return len(old)
