"""Deletes what every tenant keeps for a time only, once that is over: answers to requests that may be sent again, and
answers to questions."""

import asyncio

import structlog

from reception.core.clock import Clock
from reception.core.errors import AppError
from reception.core.telemetry import EXPIRED_NOT_DELETED
from reception.db.database import Database
from reception.domains.knowledge import answers
from reception.domains.repeats import service as repeats
from reception.domains.tenants.service import list_tenants

_log = structlog.get_logger(__name__)
_EVERY_S = 3600.0
_AT_ONCE = 200


class Expiry:
    """For several processes to do at the same time, too."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Delete what is over now and every hour, until cancelled."""
        while True:
            try:
                await self.delete()
            except AppError as error:
                _log.warning(EXPIRED_NOT_DELETED, code=error.code)
            await asyncio.sleep(_EVERY_S)

    async def delete(self) -> None:
        """Delete what is over, tenant by tenant.

        Raises:
            Unavailable: the database cannot be reached; what was done stays.
        """
        now, after, more = self._clock.now(), None, True
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
            more = len(listed) == _AT_ONCE
