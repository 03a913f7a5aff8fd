"""A restaurant with tables and its callers, for tests of reservations on real rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.ports.booking import (
    Guest,
    Refusal,
    Reservation,
    Slot,
    SlotQuery,
)
from reception.ports.business import Bookable, Business, OpeningHours, OpenSpan
from tests.support.postgres import make_business

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)
EVENING = datetime(2027, 3, 12, 19, 30, tzinfo=NEW_YORK)
ANN = Guest("Ann Example", "+12125550101", "ann@example.com", "window seat")
BOB = Guest("Bob Sample", "+12125550102")
ALWAYS = OpeningHours(weekly=((OpenSpan(time(0), time(0)),),) * 7)


async def restaurant(database: Database, *capacities: int) -> Business:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        for index, capacity in enumerate(capacities):
            await service.create_resource(
                session, business.tenant_id, kind=Bookable.TABLE, name=f"T{index}", place="", capacity=capacity
            )
    return business


async def ask(
    database: Database,
    business: Business,
    starts_at: datetime = EVENING,
    party: int = 2,
    now: datetime = NOW,
    *,
    conversation_id: UUID | None = None,
) -> Slot:
    async with database.tenant_session(business.tenant_id) as session:
        found = await service.availability(
            session, business, SlotQuery(starts_at, party), now, conversation_id=conversation_id
        )
    assert found.exact is not None, found
    return found.exact


async def book(
    database: Database, business: Business, slot: Slot, guest: Guest = ANN, now: datetime = NOW
) -> Reservation:
    async with database.tenant_session(business.tenant_id) as session:
        return await service.commit_reservation(session, business, slot, guest, uuid7(), now)


async def refusal(
    database: Database,
    business: Business,
    query: SlotQuery,
    now: datetime = NOW,
    *,
    conversation_id: UUID | None = None,
) -> tuple[Refusal | None, Sequence[Slot]]:
    async with database.tenant_session(business.tenant_id) as session:
        found = await service.availability(session, business, query, now, conversation_id=conversation_id)
    assert found.exact is None
    return found.refusal, found.alternatives


async def counts(database: Database, business: Business) -> dict[str, int]:
    async with database.tenant_session(business.tenant_id) as session:
        rows = await session.execute(text("SELECT status, count(*) FROM reservations GROUP BY status"))
        found = {str(status): int(number) for status, number in rows}
        blocking = await session.execute(text("SELECT count(*) FROM allocations WHERE blocking"))
        return {**found, "blocking": blocking.scalar_one()}
