"""Adds up what reports read, behind those who wait: conversations by the hour, and the times of hours and days that are
over."""

from reception.core.clock import Clock
from reception.core.rounds import every
from reception.core.telemetry import ROLLUPS_NOT_MADE
from reception.db.database import Database
from reception.domains.analytics.hours import HOURS_AT_ONCE, add_up_hours, tenants_with_stale_hours
from reception.domains.analytics.spreads import SPANS_AT_ONCE, pack_times, tenants_with_loose_times

_EVERY_S = 60.0


class Rollups:
    """Every process may do it: of one tenant, one does at a time. Reports are right without it, and slower."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Add up what has changed, every minute, until cancelled."""
        await every(_EVERY_S, self.add_up, failed=ROLLUPS_NOT_MADE)

    async def add_up(self) -> None:
        """Add up all that can be.

        Raises:
            Unavailable: the database cannot be reached.
        """
        now = self._clock.now()
        async with self._database.unscoped_session() as session:
            changed = await tenants_with_stale_hours(session)
            loose = await tenants_with_loose_times(session, now)
        for tenant_id in changed:
            added = HOURS_AT_ONCE
            while added == HOURS_AT_ONCE:
                async with self._database.tenant_session(tenant_id) as session:
                    added = await add_up_hours(session, tenant_id)
        for tenant_id in loose:
            packed = SPANS_AT_ONCE
            while packed == SPANS_AT_ONCE:
                async with self._database.tenant_session(tenant_id) as session:
                    packed = await pack_times(session, tenant_id, now)
