"""Turns are stored once, taken up again, and effects run once."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from reception.core.errors import Conflict, NotFound, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.domains.agents.service import create_agent, delete_agent
from reception.domains.conversations import service
from reception.domains.leads.service import create_lead, list_leads
from reception.ports.business import AgentKind, AgentSettings
from reception.ports.tools import CreateLead, TurnRecord
from tests.support.postgres import make_business

NOW = datetime(2027, 3, 10, 18, 0, tzinfo=UTC)


async def begin(database: Database) -> tuple[UUID, UUID, UUID]:
    """A tenant, its agent, and a conversation that has begun."""
    business = await make_business(database)
    conversation_id = uuid7()
    async with database.tenant_session(business.tenant_id) as session:
        agent = await create_agent(
            session, business.tenant_id, name="Ada", kind=AgentKind.RECEPTIONIST, settings=AgentSettings()
        )
        for _ in range(2):
            await service.start(
                session, business.tenant_id, agent.agent_id, conversation_id=conversation_id, channel="voice"
            )
    return business.tenant_id, agent.agent_id, conversation_id


def record(turn: int, said: str = "Hello", heard: str = "Hi") -> TurnRecord:
    return TurnRecord(turn, heard, ["Confirm"], said, [uuid7()], {"flow": None, "turn": turn})


async def test_a_turn_that_is_stored_again_replaces_itself(database: Database) -> None:
    tenant_id, _, conversation_id = await begin(database)
    async with database.tenant_session(tenant_id) as session:
        assert await service.load_state(session, conversation_id) == (0, {})
        await service.record_turn(session, tenant_id, conversation_id, record(0, "Welcome", ""))
        await service.record_turn(session, tenant_id, conversation_id, record(1))
        await service.mark_heard(session, conversation_id, 1, "Hel", interrupted=True)
        await service.record_metrics(session, conversation_id, 1, {"voice_to_voice_ms": 412.5})
        await service.record_turn(session, tenant_id, conversation_id, record(2))
        await service.record_turn(session, tenant_id, conversation_id, record(1, "Hello there"))
    async with database.tenant_session(tenant_id) as session:
        assert await service.load_state(session, conversation_id) == (2, {"flow": None, "turn": 2})
        messages = await service.list_messages(session, conversation_id)
    assert [(m.turn, m.speaker, m.text) for m in messages] == [
        (0, "agent", "Welcome"),
        (1, "caller", "Hi"),
        (1, "agent", "Hello there"),
        (2, "caller", "Hi"),
        (2, "agent", "Hello"),
    ]
    assert (messages[2].heard, messages[2].interrupted) == ("Hel", True)
    assert messages[2].metrics == {"voice_to_voice_ms": 412.5}
    assert len(messages[2].citations) == 1
    assert messages[1].commands == ["Confirm"]


async def test_what_was_heard_may_come_before_the_turn_is_stored(database: Database) -> None:
    tenant_id, _, conversation_id = await begin(database)
    async with database.tenant_session(tenant_id) as session:
        await service.record_metrics(session, conversation_id, 1, {"stt_ms": 90})
        await service.mark_heard(session, conversation_id, 1, "Hello", interrupted=False)
        await service.record_turn(session, tenant_id, conversation_id, record(1))
        messages = await service.list_messages(session, conversation_id)
    assert [(m.text, m.heard, m.metrics) for m in messages if m.speaker == "agent"] == [
        ("Hello", "Hello", {"stt_ms": 90})
    ]


async def test_odd_text_is_stored_as_far_as_it_can_be(database: Database) -> None:
    tenant_id, _, conversation_id = await begin(database)
    odd = TurnRecord(1, "nul \x00 byte", ["a" * 500], "x" * 30_000, [], {"name\x00": ["\x00", {"a": "\x00b"}]})
    async with database.tenant_session(tenant_id) as session:
        await service.record_turn(session, tenant_id, conversation_id, odd)
        assert await service.load_state(session, conversation_id) == (1, {"name": ["", {"a": "b"}]})
        caller, agent = await service.list_messages(session, conversation_id)
        assert caller.text == "nul  byte"
        assert len(agent.text) == service.LONGEST_MESSAGE
        huge = TurnRecord(2, "", [], "", [], {"x": "y" * 300_000})
        with pytest.raises(Unprocessable):
            await service.record_turn(session, tenant_id, conversation_id, huge)


async def test_a_conversation_ends_once_and_outlives_its_agent(database: Database) -> None:
    tenant_id, agent_id, conversation_id = await begin(database)
    async with database.tenant_session(tenant_id) as session:
        await service.close(session, conversation_id, "caller_left", NOW)
        await service.close(session, conversation_id, "drained", NOW.replace(hour=20))
        await delete_agent(session, agent_id)
        ended = await service.get(session, conversation_id)
    assert (ended.agent_id, ended.ended_at, ended.end_reason) == (None, NOW, "caller_left")


async def test_unknown_things_are_not_found(database: Database) -> None:
    tenant_id, _, _ = await begin(database)
    async with database.tenant_session(tenant_id) as session:
        assert await service.load_state(session, uuid7()) is None
        with pytest.raises(NotFound):
            await service.get(session, uuid7())
        with pytest.raises(NotFound):
            await service.record_turn(session, tenant_id, uuid7(), record(1))
        with pytest.raises(NotFound):
            await service.mark_heard(session, uuid7(), 1, "", interrupted=False)
        with pytest.raises(NotFound):
            await service.start(session, tenant_id, uuid7(), conversation_id=uuid7(), channel="chat")


async def test_an_effect_has_one_outcome(database: Database) -> None:
    tenant_id, _, conversation_id = await begin(database)
    async with database.tenant_session(tenant_id) as session:
        assert await service.find_outcome(session, conversation_id, 1, 0) is None
        await service.record_outcome(session, tenant_id, conversation_id, 1, 0, {"kind": "done"})
        assert await service.find_outcome(session, conversation_id, 1, 0) == {"kind": "done"}
        assert await service.find_outcome(session, conversation_id, 1, 1) is None
    with pytest.raises(Conflict):
        async with database.tenant_session(tenant_id) as session:
            await service.record_outcome(session, tenant_id, conversation_id, 1, 0, {"kind": "again"})
    async with database.tenant_session(tenant_id) as session:
        assert await service.find_outcome(session, conversation_id, 1, 0) == {"kind": "done"}


async def test_an_effect_run_by_many_at_once_runs_once(database: Database) -> None:
    tenant_id, _, conversation_id = await begin(database)

    async def run() -> bool:
        async with database.tenant_session(tenant_id) as session:
            if await service.find_outcome(session, conversation_id, 1, 0) is not None:
                return False
            await create_lead(session, tenant_id, conversation_id, CreateLead("message", "Ann", "", "Hi", {}))
            await service.record_outcome(session, tenant_id, conversation_id, 1, 0, {"kind": "done"})
            return True

    assert sum(await asyncio.gather(*(run() for _ in range(8)))) == 1
    async with database.tenant_session(tenant_id) as session:
        assert len(await list_leads(session)) == 1


async def test_an_effect_that_fails_leaves_neither_row_nor_outcome(database: Database) -> None:
    tenant_id, _, conversation_id = await begin(database)

    async def crash() -> None:
        async with database.tenant_session(tenant_id) as session:
            await create_lead(session, tenant_id, conversation_id, CreateLead("message", "Ann", "", "Hi", {}))
            await service.record_outcome(session, tenant_id, conversation_id, 1, 0, {"kind": "done"})
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await crash()
    async with database.tenant_session(tenant_id) as session:
        assert await list_leads(session) == []
        assert await service.find_outcome(session, conversation_id, 1, 0) is None
