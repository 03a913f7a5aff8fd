"""Advances a tenant's waitlist when something that was held may be free."""

from uuid import UUID

from reception.core.clock import Clock
from reception.core.errors import NotFound
from reception.db.database import Database
from reception.domains.reservations import service as reservations
from reception.domains.tenants.service import get_business
from reception.jobs.worker import JobTask


class WaitlistAdvance:
    """One tenant's line a call of `run`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @property
    def task(self) -> JobTask:
        return JobTask(reservations.ADVANCE, self.run)

    async def run(self, tenant_id: UUID) -> None:
        """Offer what is free to the first in line whom it fits; nothing for a tenant that is gone.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with self._database.tenant_session(tenant_id) as session:
            try:
                business = await get_business(session)
            except NotFound:
                return
            await reservations.advance(session, business, self._clock.now())
