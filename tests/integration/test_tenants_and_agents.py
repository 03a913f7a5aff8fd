"""Businesses and agents come back as they were stored, and only valid ones are stored."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from reception.core.errors import Conflict, NotFound, Unavailable, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.agents.service import create_agent, delete_agent, get_agent, list_agents, update_agent
from reception.domains.leads.service import create_lead
from reception.domains.tenants.service import create_tenant, get_business, update_tenant
from reception.ports.business import (
    AgentKind,
    AgentSettings,
    Bookable,
    BookingRules,
    BusinessKind,
    OpeningHours,
    OpenSpan,
)
from reception.ports.tools import CreateLead
from tests.support.postgres import EVENINGS, business_spec, make_business

RULES = BookingRules(
    bookable=Bookable.ROOM,
    slot_minutes=20,
    turn_times=((2, timedelta(minutes=75)), (6, timedelta(hours=2))),
    lead_time=timedelta(0),
    check_in=time(14, 30),
    longest_stay_nights=21,
)
SPLIT = OpeningHours(
    weekly=((OpenSpan(time(11), time(14)), OpenSpan(time(18), time(1))), *(((OpenSpan(time(18), time(0))),),) * 6),
    exceptions=((date(2027, 12, 25), ()), (date(2027, 12, 31), (OpenSpan(time(20), time(3)),))),
)


async def test_a_business_comes_back_as_it_was_stored(database: Database) -> None:
    stored = await make_business(database, rules=RULES, hours=SPLIT, kind=BusinessKind.HOTEL, name=" The Inn ")
    async with database.tenant_session(stored.tenant_id) as session:
        assert await get_business(session) == stored
    assert (stored.rules, stored.hours, stored.name) == (RULES, SPLIT, "The Inn")


async def test_a_slug_is_taken_once(database: Database) -> None:
    first, second = await make_business(database), await make_business(database)
    own = uuid7()
    async with database.tenant_session(own) as session:
        with pytest.raises(Conflict):
            await create_tenant(session, own, business_spec(slug=first.slug))
        with pytest.raises(NotFound):
            await get_business(session)
    async with database.tenant_session(second.tenant_id) as session:
        with pytest.raises(Conflict):
            await update_tenant(session, slug=first.slug)
        assert (await update_tenant(session, name="Renamed", slug=second.slug)).name == "Renamed"


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"slug": "Not A Slug"}, "/slug"),
        ({"name": ""}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "../etc/passwd"}, "/timezone"),
        ({"region": "usa"}, "/region"),
        ({"locale": "?"}, "/locale"),
        ({"hours": OpeningHours(weekly=())}, "/hours/weekly"),
        (
            {"hours": replace(EVENINGS, exceptions=((date(2027, 1, 1), (OpenSpan(time(9), time(12)),) * 2),))},
            "/hours/exceptions/0",
        ),
        ({"rules": BookingRules(slot_minutes=0)}, "/rules/slot_minutes"),
        ({"rules": BookingRules(turn_times=())}, "/rules/turn_times"),
        ({"rules": BookingRules(turn_times=((4, timedelta(hours=1)), (2, timedelta(hours=1))))}, "/rules/turn_times"),
        ({"rules": BookingRules(hold=timedelta())}, "/rules/hold"),
        ({"rules": BookingRules(offer=timedelta())}, "/rules/offer"),
        ({"rules": BookingRules(late_minutes=-1)}, "/rules/late_minutes"),
        ({"nonsense": 1}, "/nonsense"),
    ],
)
async def test_bad_businesses_are_refused_with_a_pointer(
    database: Database, changes: dict[str, Any], pointer: str
) -> None:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        with pytest.raises(Unprocessable) as refused:
            await update_tenant(session, **changes)
        assert await get_business(session) == business
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


async def test_an_agents_version_counts_its_changes(database: Database) -> None:
    business = await make_business(database)
    settings = AgentSettings(greeting="Good evening", vocabulary=("Orecchiette", "Vermentino"), patience=1.5)
    async with database.tenant_session(business.tenant_id) as session:
        agent = await create_agent(
            session, business.tenant_id, name="Ada", kind=AgentKind.RECEPTIONIST, settings=settings
        )
        assert await get_agent(session, agent.agent_id) == agent
        assert (agent.settings, agent.version) == (settings, 1)
        changed = await update_agent(session, agent.agent_id, settings=replace(settings, patience=2.0))
        assert (changed.name, changed.settings.patience, changed.version) == ("Ada", 2.0, 2)
        assert await list_agents(session) == [changed]
        for bad in (replace(settings, patience=9), replace(settings, vocabulary=("x" * 81,))):
            with pytest.raises(Unprocessable):
                await update_agent(session, agent.agent_id, settings=bad)
        with pytest.raises(Conflict):
            await create_agent(
                session,
                business.tenant_id,
                name="Eve",
                kind=AgentKind.CUSTOM,
                settings=settings,
                agent_id=agent.agent_id,
            )
        await delete_agent(session, agent.agent_id)
        for missing in (get_agent, delete_agent, update_agent):
            with pytest.raises(NotFound):
                await missing(session, agent.agent_id)


async def test_leads_are_bounded(database: Database) -> None:
    business = await make_business(database)
    async with database.tenant_session(business.tenant_id) as session:
        for lead in (
            CreateLead("", "Ann", "", "", {}),
            CreateLead("message", "Ann", "", "x" * 2001, {}),
            CreateLead("message", "Ann", "", "", {"note": "x" * 20_001}),
        ):
            with pytest.raises(Unprocessable):
                await create_lead(session, business.tenant_id, None, lead)


async def test_a_database_that_is_away_is_unavailable() -> None:
    database = Database("postgresql://nobody@/none?host=/nonexistent", pool_size=1)
    with pytest.raises(Unavailable):
        await database.ping()
    await database.dispose()
