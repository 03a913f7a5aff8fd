"""Leads: kept once for one caller, found again, and taken further by people."""

import asyncio
from typing import Any

import pytest

from reception.core.errors import NotFound, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.leads.service import LeadFilter, Stage, create_lead, get_lead, list_leads, update_lead
from reception.ports.business import Business
from reception.ports.tools import CreateLead
from tests.support.postgres import make_business

PHONE = "+12125550101"


async def leave(database: Database, business: Business, lead: CreateLead, conversation_id: Any = None) -> Any:
    async with database.tenant_session(business.tenant_id) as session:
        return await create_lead(session, business.tenant_id, conversation_id, lead)


async def test_one_callers_open_lead_is_brought_up_to_date(database: Database) -> None:
    business, first, second = await make_business(database), uuid7(), uuid7()
    party = CreateLead("large_party", "Ann", PHONE, "Twelve on Friday", {"party_size": 12, "budget": "500"})
    lead_id = await leave(database, business, party, first)
    corrected = CreateLead("large_party", "Ann Example", "", "Fourteen on Friday", {"party_size": 14, "budget": ""})
    assert await leave(database, business, corrected, first) == lead_id
    again = CreateLead("large_party", "", PHONE, "Fourteen on Friday", {"menu": "set"})
    assert await leave(database, business, again, second) == lead_id
    async with database.tenant_session(business.tenant_id) as session:
        lead = await get_lead(session, lead_id)
        assert (lead.name, lead.phone, lead.times, lead.conversation_id) == ("Ann Example", PHONE, 2, second)
        assert lead.summary == "Twelve on Friday\nFourteen on Friday"
        assert lead.details == {"party_size": 14, "budget": "500", "menu": "set"}
        await update_lead(session, lead_id, stage=Stage.WON)
    assert await leave(database, business, again, second) != lead_id, "what is won is over: this is a new one"


async def test_messages_for_different_people_stay_apart_and_none_is_lost(database: Database) -> None:
    business, conversation_id = await make_business(database), uuid7()
    laura = CreateLead("message", "Ann", PHONE, "Call me about Saturday", {}, "Laura Bennett")
    susan = CreateLead("message", "Ann", PHONE, "The oysters were wonderful", {}, "Susan Keller")
    more = CreateLead("message", "Ann", PHONE, "After six, please", {}, "laura bennett")
    ids = [await leave(database, business, lead, conversation_id) for lead in (laura, susan, more)]
    assert ids[0] == ids[2] != ids[1]
    other = CreateLead("callback", "Ann", PHONE, "Call me", {})
    assert await leave(database, business, other, conversation_id) not in ids
    for said in ("Ring me", "Ring me soon"):
        await leave(database, business, CreateLead("message", "Ann", PHONE, said, {}, "İpek"), conversation_id)
    async with database.tenant_session(business.tenant_id) as session:
        assert (await get_lead(session, ids[0])).summary == "Call me about Saturday\nAfter six, please"
        assert len(await list_leads(session, LeadFilter(recipient="İpek"))) == 1
        for_laura = await list_leads(session, LeadFilter(recipient="Laura Bennett"))
        assert [lead.lead_id for lead in for_laura] == [ids[0]]


async def test_a_message_that_does_not_fit_beside_the_first_is_one_of_its_own(database: Database) -> None:
    business = await make_business(database)
    first = "x" * 1500 + " gate code 4711"
    for said in (first, "y" * 1990, "And bring the key"):
        await leave(database, business, CreateLead("message", "Ann", PHONE, said, {}), uuid7())
    wide = {"note": "z" * 15_000}
    await leave(database, business, CreateLead("viewing", "Ann", PHONE, "", wide), uuid7())
    await leave(database, business, CreateLead("viewing", "Ann", PHONE, "", {"more": "w" * 15_000}), uuid7())
    async with database.tenant_session(business.tenant_id) as session:
        kept = await list_leads(session, LeadFilter(kind="message"))
        assert [one.summary for one in kept] == ["And bring the key", "y" * 1990, first]
        assert wide in [one.details for one in await list_leads(session, LeadFilter(kind="viewing"))]


async def test_who_gives_anothers_number_changes_nothing_of_what_they_left(database: Database) -> None:
    business, call = await make_business(database), uuid7()
    lead_id = await leave(database, business, CreateLead("callback", "Ann", PHONE, "Ring me", {"day": "Monday"}), call)
    other = CreateLead("callback", "Mallory", PHONE, "Never mind", {"day": "never"})
    assert await leave(database, business, other, uuid7()) != lead_id
    husband = CreateLead("callback", "Ben", "+12125550102", "Ring me too", {})
    assert await leave(database, business, husband, call) != lead_id
    async with database.tenant_session(business.tenant_id) as session:
        lead = await get_lead(session, lead_id)
        assert (lead.name, lead.summary, lead.details, lead.times) == ("Ann", "Ring me", {"day": "Monday"}, 1)
    assert await leave(database, business, CreateLead("callback", "ann", PHONE, "At six", {}), uuid7()) == lead_id


async def test_who_is_nobody_in_particular_is_never_taken_for_another(database: Database) -> None:
    business = await make_business(database)
    lead = CreateLead("message", "", "", "Anonymous", {})
    assert await leave(database, business, lead) != await leave(database, business, lead)
    assert await leave(database, business, lead, uuid7()) != await leave(database, business, lead, uuid7())


async def test_calls_at_the_same_moment_leave_one_lead(database: Database) -> None:
    business = await make_business(database)
    lead = CreateLead("callback", "Ann", PHONE, "Call me", {})
    ids = await asyncio.gather(*(leave(database, business, lead, uuid7()) for _ in range(8)))
    assert len(set(ids)) == 1
    async with database.tenant_session(business.tenant_id) as session:
        assert [one.times for one in await list_leads(session)] == [8]


async def test_people_take_leads_further(database: Database) -> None:
    business, stranger = await make_business(database), await make_business(database)
    ids = [await leave(database, business, CreateLead("viewing", f"Guest {n}", "", "", {}), uuid7()) for n in range(3)]
    async with database.tenant_session(business.tenant_id) as session:
        changed = await update_lead(session, ids[0], stage=Stage.QUALIFIED, assignee=" Dana ", notes="Has a mortgage")
        assert (changed.stage, changed.assignee, changed.notes) == (Stage.QUALIFIED, "Dana", "Has a mortgage")
        assert (await update_lead(session, ids[0], notes="")).stage is Stage.QUALIFIED
        assert [one.lead_id for one in await list_leads(session, limit=2)] == [ids[2], ids[1]]
        assert [one.lead_id for one in await list_leads(session, before=ids[1])] == [ids[0]]
        assert [one.lead_id for one in await list_leads(session, LeadFilter(assignee="dana"))] == [ids[0]]
        assert len(await list_leads(session, LeadFilter(kind="viewing", stages=(Stage.NEW,)))) == 2
        with pytest.raises(Unprocessable):
            await update_lead(session, ids[0], notes="x" * 4001)
    async with database.tenant_session(stranger.tenant_id) as session:
        with pytest.raises(NotFound):
            await update_lead(session, ids[0], stage=Stage.LOST)
        assert await list_leads(session) == []
