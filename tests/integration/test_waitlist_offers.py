"""Who waited is to be rung up: staff see it among their messages, with number and deadline, until it is done."""

from datetime import timedelta

import pytest

from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.domains.leads.service import MESSAGES, OPEN, Lead, LeadFilter, Stage, list_leads
from reception.domains.reservations import service
from reception.jobs.waitlist import WaitlistOffers
from reception.jobs.worker import JobWorker
from reception.ports.booking import Guest, SlotQuery, WaitlistEntry
from reception.ports.business import Business
from tests.support.reservations import BOB, EVENING, NOW, ask, book, restaurant

CAT = Guest("Cat Instance", "+12125550103")
OFFER = timedelta(minutes=15)


class House:
    """A restaurant with one table that is taken, and a line for it."""

    def __init__(self, database: Database, business: Business, worker: JobWorker) -> None:
        self.database = database
        self.business = business
        self._worker = worker

    async def join(self, guest: Guest) -> WaitlistEntry:
        async with self.database.tenant_session(self.business.tenant_id) as session:
            query = SlotQuery(EVENING, 2)
            return await service.join_waitlist(session, self.business, query, EVENING, EVENING, guest, NOW)

    async def to_ring_up(self) -> list[Lead]:
        return await self.seen(LeadFilter(kinds=MESSAGES, stages=OPEN, read=False))

    async def seen(self, wanted: LeadFilter) -> list[Lead]:
        await self._worker.run_waiting()
        async with self.database.tenant_session(self.business.tenant_id) as session:
            return await list_leads(session, wanted)


@pytest.fixture
async def house(database: Database, postgres: EmbeddedPostgres) -> House:
    business = await restaurant(database, 2)
    return House(database, business, JobWorker(postgres.runtime_url, database, (WaitlistOffers(database).task,)))


async def test_staff_see_whom_to_ring_up_and_until_when(house: House) -> None:
    made = await book(house.database, house.business, await ask(house.database, house.business))
    first, second = await house.join(BOB), await house.join(CAT)
    assert await house.to_ring_up() == []

    async with house.database.tenant_session(house.business.tenant_id) as session:
        await service.cancel(session, house.business, made.reservation_id, NOW)
    call = (await house.to_ring_up())[0]
    assert (call.kind, call.name, call.phone) == ("waitlist_offer", BOB.name, BOB.phone)
    assert call.summary == (
        "Ring up Bob Sample by 1:15 PM on Wednesday, March 10th: what they waited for is kept for them until then. "
        "Table for 2, Friday, March 12th at 7:30 PM."
    )
    assert call.details["call_by"] == "2027-03-10T13:15:00-05:00"
    assert call.details["starts_at"] == EVENING.isoformat()

    async with house.database.tenant_session(house.business.tenant_id) as session:
        await service.advance(session, house.business, NOW + OFFER)
    calls = await house.to_ring_up()
    assert [(one.name, one.phone) for one in calls] == [(CAT.name, CAT.phone)], "Bob's has lapsed, and Cat is next"
    lapsed = await house.seen(LeadFilter(stages=(Stage.LOST,)))
    assert [one.name for one in lapsed] == [BOB.name]

    async with house.database.tenant_session(house.business.tenant_id) as session:
        await service.accept_offer(session, house.business, second.entry_id, NOW + OFFER, conversation_id=uuid7())
    assert await house.to_ring_up() == []
    assert [one.name for one in await house.seen(LeadFilter(stages=(Stage.WON,)))] == [CAT.name]
    assert first.guest == BOB


async def test_who_declines_or_was_rung_up_is_not_rung_up_again(house: House) -> None:
    offered = await house.join(BOB)
    assert [one.phone for one in await house.to_ring_up()] == [BOB.phone], "what is free is offered at once"
    async with house.database.tenant_session(house.business.tenant_id) as session:
        await service.leave_waitlist(session, house.business, offered.entry_id, NOW)
    assert await house.to_ring_up() == []
    assert [one.stage for one in await house.seen(LeadFilter(kind="waitlist_offer"))] == [Stage.LOST]
