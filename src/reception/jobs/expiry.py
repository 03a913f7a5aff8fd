"""Deletes what is kept for a time only, once that is over: answers to requests that may be sent again, answers to
questions, and jobs that have come to their end. Calls that nobody has any more are closed."""

from datetime import datetime, timedelta

import structlog

from reception.core.clock import Clock
from reception.core.rounds import every
from reception.core.telemetry import EXPIRED_NOT_DELETED, JOBS_DELETED
from reception.db.database import Database
from reception.db.queue import forget_finished
from reception.domains.conversations.abandoned import close_abandoned
from reception.domains.knowledge import answers
from reception.domains.repeats import service as repeats
from reception.domains.tenants.service import list_tenants

_log = structlog.get_logger(__name__)
_EVERY_S = 3600.0
_AT_ONCE = 200
_JOBS_AT_ONCE = 1000


class Expiry:
    """For several processes to do at the same time, too. `jobs_kept` is how long a job stays after it has failed."""

    def __init__(self, database: Database, clock: Clock, jobs_kept: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._jobs_kept = jobs_kept

    async def run(self) -> None:
        """Delete what is over now and every hour, until cancelled."""
        await every(_EVERY_S, self.delete, failed=EXPIRED_NOT_DELETED)

    async def delete(self) -> None:
        """Delete what is over, and close what was abandoned, tenant by tenant.

        Raises:
            Unavailable: the database cannot be reached; what was done stays.
        """
        now, after, more = self._clock.now(), None, True
        await self._delete_jobs(now - self._jobs_kept)
        async with self._database.unscoped_session() as session:
            await repeats.forget_expired(session, now)
        while more:
            async with self._database.unscoped_session() as session:
                listed = await list_tenants(session, limit=_AT_ONCE, after=after)
            for tenant in listed:
                after = tenant.tenant_id
                async with self._database.tenant_session(after) as session:
                    await repeats.forget_expired(session, now)
                    await answers.forget_expired(session, now)
                    await close_abandoned(session, now)
            more = len(listed) == _AT_ONCE

    async def _delete_jobs(self, before: datetime) -> None:
        deleted = _JOBS_AT_ONCE
        while deleted == _JOBS_AT_ONCE:
            async with self._database.unscoped_session() as session:
                deleted = await forget_finished(session, before, most=_JOBS_AT_ONCE)
            if deleted:
                _log.info(JOBS_DELETED, count=deleted)
