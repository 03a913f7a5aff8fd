"""Who is about to move counts for the kitchen, and never twice for the same quarter of an hour."""

from dataclasses import replace
from datetime import UTC, timedelta

import pytest

from reception.core.errors import SlotTaken
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.reservations import service
from reception.domains.reservations.allocation import load_taken
from reception.domains.reservations.availability import Span
from reception.ports.booking import SlotQuery
from reception.ports.business import BookingRules, Business
from tests.integration.test_business_rules import table, try_to_book, with_rules
from tests.support.reservations import ANN, BOB, EVENING, NOW, ask, book, counts


async def _begins(database: Database, business: Business, minutes: int) -> int:
    """How many guests begin that long after `EVENING`, to the kitchen, and to whoever looks for a table that day."""
    at = (EVENING + timedelta(minutes=minutes)).astimezone(UTC)
    async with database.tenant_session(business.tenant_id) as session:
        kitchen = await load_taken(session, Span(at, at + timedelta(minutes=15)), NOW)
        day = await load_taken(session, Span(at - timedelta(hours=6), at + timedelta(hours=6)), NOW)
    assert kitchen.covers.get(at, 0) == day.covers.get(at, 0)
    return day.covers.get(at, 0)


@pytest.mark.parametrize(
    ("minutes", "party_size", "tables", "begin"),
    [
        (30, 2, 1, (2, 2)),
        (0, 4, 1, (4, 4)),
        (0, 4, 2, (4, 4)),
        (30, 4, 2, (2, 4)),
    ],
)
async def test_who_is_about_to_move_begins_once_where_they_are_and_once_where_they_go(
    database: Database, minutes: int, party_size: int, tables: int, begin: tuple[int, int]
) -> None:
    """At the same table or at another, in the same quarter of an hour or another one."""
    rules = BookingRules(covers_per_quarter=8, lead_time=timedelta())
    sizes = (4,) if tables == 1 else (2, 4)
    business = await with_rules(database, *(table(f"T{size}", size) for size in sizes), rules=rules)
    first, ours = await book(database, business, await ask(database, business)), uuid7()
    wanted = SlotQuery(EVENING + timedelta(minutes=minutes), party_size, moving=first.reservation_id)
    async with database.tenant_session(business.tenant_id) as session:
        offered = (await service.availability(session, business, wanted, NOW)).exact
        assert offered is not None
        await service.hold(session, business, offered, ours, NOW, moving=first.reservation_id)
    assert (await _begins(database, business, 0), await _begins(database, business, minutes)) == begin
    async with database.tenant_session(business.tenant_id) as session:
        await service.move(session, business, first.reservation_id, offered, ANN, NOW, conversation_id=ours)
    assert await _begins(database, business, minutes) == party_size
    assert await _begins(database, business, 0) == (0 if minutes else party_size)


async def test_who_waits_to_move_to_the_same_table_is_counted_by_the_kitchen(database: Database) -> None:
    rules = BookingRules(covers_per_quarter=2, lead_time=timedelta())
    business = await with_rules(database, table("T1", 2), table("T2", 2), rules=rules)
    first, ours = await book(database, business, await ask(database, business)), uuid7()
    half_past = SlotQuery(EVENING + timedelta(minutes=30), 2)
    others = await ask(database, business, half_past.starts_at)
    async with database.tenant_session(business.tenant_id) as session:
        wanted = replace(half_past, moving=first.reservation_id)
        offered = (await service.availability(session, business, wanted, NOW)).exact
        assert offered is not None
        await service.hold(session, business, offered, ours, NOW, moving=first.reservation_id)
    assert isinstance(await try_to_book(database, business, others, BOB), SlotTaken)
    async with database.tenant_session(business.tenant_id) as session:
        await service.move(session, business, first.reservation_id, offered, ANN, NOW, conversation_id=ours)
    assert (await counts(database, business))["confirmed"] == 1
