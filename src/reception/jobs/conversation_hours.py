"""Adds up conversations by the hour, behind those who have them."""

import asyncio

import structlog

from reception.core.errors import AppError
from reception.core.telemetry import HOURS_NOT_ADDED_UP
from reception.db.database import Database
from reception.domains.analytics.hours import HOURS_AT_ONCE, add_up_hours, tenants_with_stale_hours

_log = structlog.get_logger(__name__)
_EVERY_S = 60.0


class ConversationHours:
    """Every process may do it: of one tenant, one does at a time. Reports are right without it, and slower."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Add up what has changed, every minute, until cancelled."""
        while True:
            try:
                await self.add_up()
            except AppError as error:
                _log.warning(HOURS_NOT_ADDED_UP, code=error.code)
            await asyncio.sleep(_EVERY_S)

    async def add_up(self) -> None:
        """Add up every hour in which something has changed.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with self._database.unscoped_session() as session:
            tenants = await tenants_with_stale_hours(session)
        for tenant_id in tenants:
            added = HOURS_AT_ONCE
            while added == HOURS_AT_ONCE:
                async with self._database.tenant_session(tenant_id) as session:
                    added = await add_up_hours(session, tenant_id)
