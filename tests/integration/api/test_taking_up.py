"""A call whose connection breaks goes on over another one."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from reception.core.clock import FixedClock
from reception.core.errors import NotFound, Unavailable
from reception.domains.conversations.service import get, list_messages
from reception.jobs.expiry import Expiry
from reception.ports.dialogue import CallerTurn, Say
from reception.ports.leg import CONNECTION_LOST
from reception.runtime.conversations import ConversationFactory
from reception.runtime.returning import LostCallers
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.typing_caller import dial, start

pytestmark = pytest.mark.asyncio(loop_scope="session")

WISH = "I'd like a table for two tomorrow at 7 pm"


async def _closing(installation: Installation, token: str, agent_id: UUID, **resuming: object) -> tuple[int, str]:
    async with dial(installation, token) as socket:
        audio = {"encoding": "pcm_s16le", "sample_rate": 16000}
        await socket.send(json.dumps({"type": "start", "agent_id": str(agent_id), "audio": audio, **resuming}))
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(10):
                await socket.recv()
        return socket.close_code or 0, socket.close_reason or ""


async def _reservations(installation: Installation, shop: Shop) -> list[str]:
    """The states of the shop's reservations."""
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        connection = await session.connection()
        rows = await connection.exec_driver_sql("SELECT status FROM reservations ORDER BY created_at")
        return [str(row[0]) for row in rows]


async def _ended(installation: Installation, shop: Shop, conversation_id: str) -> bool:
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        return (await get(session, UUID(conversation_id))).ended_at is not None


async def _until_ended(installation: Installation, shop: Shop, conversation_id: str) -> None:
    async with asyncio.timeout(10):
        while not await _ended(installation, shop, conversation_id):
            pass


async def test_a_broken_call_goes_on_and_books_once(installation: Installation, shop: Shop) -> None:
    async with dial(installation, shop.token) as socket:
        first = await start(socket, shop.agent_id)
        await first.type(WISH)
        await first.until_said("name")
        assert await _reservations(installation, shop) == ["held"]
        first.lose()
    async with dial(installation, shop.token) as socket:
        again = {"conversation_id": first.conversation_id, "resume_after_seq": first.seq}
        second = await start(socket, shop.agent_id, **again)
        assert second.messages[0]["resumed"] is True
        assert second.conversation_id == first.conversation_id
        assert "cut off" in await second.until_said("cut off")
        assert "name" in await second.until_said("name")
        assert not any("Thank you for calling" in text for text in second.replies())
        assert await _reservations(installation, shop) == ["held"]
        await second.type("Maria Santos")
        await second.until_said("number")
        await second.type("212 555 0142")
        await second.until_said("?")
        await second.type("yes")
        assert (await second.until("action"))["name"] == "reservation.created"
        seqs = [message["seq"] for message in second.messages]
        assert seqs == sorted(set(seqs))
        assert seqs[0] > first.seq
        second.lose()
    async with dial(installation, shop.token) as socket:
        third = await start(
            socket, shop.agent_id, conversation_id=first.conversation_id, resume_after_seq=second.seq - 1
        )
        missed = await third.until("action")
        assert missed["name"] == "reservation.created"
        assert missed["seq"] > third.messages[0]["seq"]
        await third.until_said("cut off")
        await third.type("yes")
        await third.until("turn_metrics")
        assert await _reservations(installation, shop) == ["confirmed"]
        await third.stop()


@pytest.mark.parametrize("how", ["stop", "1000", "1001", "no code"])
async def test_hanging_up_releases_at_once_and_for_good(installation: Installation, shop: Shop, how: str) -> None:
    async with dial(installation, shop.token) as socket:
        caller = await start(socket, shop.agent_id)
        await caller.type(WISH)
        await caller.until_said("name")
        match how:
            case "stop":
                await caller.stop()
            case "no code":
                socket.protocol.send_close()
                socket.send_data()
            case code:
                await socket.close(int(code))
        await _until_ended(installation, shop, caller.conversation_id)
    assert await _reservations(installation, shop) == []
    code_, reason = await _closing(installation, shop.token, shop.agent_id, conversation_id=caller.conversation_id)
    assert code_ == 4404
    assert "ended" in reason


async def test_a_polite_goodbye_is_the_end(installation: Installation, shop: Shop) -> None:
    async with dial(installation, shop.token) as socket:
        caller = await start(socket, shop.agent_id)
        await caller.type("goodbye")
        await caller.until_said("oodbye")
        caller.lose()
    code, _ = await _closing(installation, shop.token, shop.agent_id, conversation_id=caller.conversation_id)
    assert code == 4404


async def test_a_live_call_moves_to_the_new_connection(installation: Installation, shop: Shop) -> None:
    async with dial(installation, shop.token) as old_socket, dial(installation, shop.token) as new_socket:
        old = await start(old_socket, shop.agent_id)
        await old.type(WISH)
        await old.until_said("name")
        new = await start(new_socket, shop.agent_id, conversation_id=old.conversation_id, resume_after_seq=old.seq)
        assert (await old.until("ended"))["reason"] == "taken_over"
        await old_socket.wait_closed()
        assert (old_socket.close_code, old_socket.close_reason) == (1000, "taken_over")
        await new.until_said("name")
        assert await _reservations(installation, shop) == ["held"]
        assert not await _ended(installation, shop, old.conversation_id)
        await new.stop()
    assert await _reservations(installation, shop) == []


async def test_nobody_else_takes_a_call_up(installation: Installation, shop: Shop) -> None:
    other = await installation.open_shop()
    made = await installation.http.post("/agents", json={"name": "Bo"}, headers=shop.headers)
    colleague = UUID(made.json()["id"])
    async with dial(installation, shop.token) as socket:
        caller = await start(socket, shop.agent_id)
        for token, agent_id, conversation_id in (
            (other.token, other.agent_id, caller.conversation_id),
            (shop.token, colleague, caller.conversation_id),
            (shop.token, shop.agent_id, str(uuid4())),
            (shop.token, shop.agent_id, "the one before"),
        ):
            code, _ = await _closing(installation, token, agent_id, conversation_id=conversation_id)
            assert code == 4404
        assert (await _closing(installation, shop.token, shop.agent_id, resume_after_seq=3))[0] == 4400
        await caller.type("What are your opening hours?")
        await caller.until("reply")
        await caller.stop()


async def test_a_worker_that_ends_leaves_a_lost_call_to_another(installation: Installation, shop: Shop) -> None:
    """Two factories stand for two workers: neither knows who waits in the other."""
    services, lost = installation.services, LostCallers()
    here = services.chat.conversations
    there = ConversationFactory(services.database, here.understanding, services.embedder, services.clock, lost)
    wired = await here.find_agent(shop.tenant_id, shop.agent_id)
    left = await there.start(wired, "voice")
    await left.open()
    await left.close(CONNECTION_LOST)
    await lost.give_up()
    assert not await _ended(installation, shop, str(left.conversation_id)), "the caller is on their way back"
    taken_up = await here.take_up(wired, left.conversation_id)
    assert not await _ended(installation, shop, str(left.conversation_id))
    await taken_up.close("goodbye")
    assert await _ended(installation, shop, str(left.conversation_id))
    with pytest.raises(NotFound):
        await there.take_up(wired, left.conversation_id)


async def test_a_call_that_broke_before_a_slow_turn_was_answered_keeps_what_was_said_in_it(
    installation: Installation, shop: Shop
) -> None:
    factory, database = installation.services.chat.conversations, installation.services.database
    wired = await factory.find_agent(shop.tenant_id, shop.agent_id)
    left = await factory.start(wired, "voice")
    greeting = [part.text for part in await left.open() if isinstance(part, Say)]
    await left.heard(0, " ".join(greeting), interrupted=False)
    left.left_unanswered(CallerTurn(1, WISH, "voice"))
    await left.heard(1, "", interrupted=True)
    await left.close(CONNECTION_LOST)
    again = await factory.take_up(wired, left.conversation_id)
    async with database.tenant_session(shop.tenant_id) as session:
        stored = [
            (one.turn, one.speaker, one.text, one.heard) for one in await list_messages(session, left.conversation_id)
        ]
    assert stored[1:] == [(1, "caller", WISH, None), (1, "agent", "", "")]
    assert await _reservations(installation, shop) == []
    said = [part.text for part in await again.open() if isinstance(part, Say)]
    assert "cut off" in said[0]
    assert not set(said) & set(greeting), "the greeting is not said twice"
    assert again.next_turn == 2
    await again.close("goodbye")


async def test_a_turn_that_nobody_answered_here_is_not_stored_over_the_one_that_was_answered_elsewhere(
    installation: Installation, shop: Shop
) -> None:
    factory, database = installation.services.chat.conversations, installation.services.database
    wired = await factory.find_agent(shop.tenant_id, shop.agent_id)
    left = await factory.start(wired, "voice")
    await left.open()
    again = await factory.take_up(wired, left.conversation_id)
    await again.open()
    prepared = await again.prepare(CallerTurn(1, WISH, "voice"))
    said = [part.text async for part in again.commit(prepared) if isinstance(part, Say)]
    left.left_unanswered(CallerTurn(1, "Hello? Is anybody there?", "voice"))
    await left.heard(1, "", interrupted=True)
    await left.close(CONNECTION_LOST)
    async with database.tenant_session(shop.tenant_id) as session:
        stored = {one.speaker: one.text for one in await list_messages(session, left.conversation_id) if one.turn == 1}
    assert stored == {"caller": WISH, "agent": " ".join(said)}
    await again.close("goodbye")


async def test_a_call_that_nobody_returns_to_is_closed_at_last(installation: Installation, shop: Shop) -> None:
    """Its process has ended, politely or not."""
    database, began = installation.services.database, datetime.now(UTC)
    factory = installation.services.chat.conversations
    left = await factory.start(await factory.find_agent(shop.tenant_id, shop.agent_id), "voice")
    await left.open()
    for minutes, ended in ((30, False), (90, True)):
        await Expiry(database, FixedClock(began + timedelta(minutes=minutes)), timedelta(days=14)).delete()
        assert await _ended(installation, shop, str(left.conversation_id)) is ended
    async with database.tenant_session(shop.tenant_id) as session:
        found = await get(session, left.conversation_id)
    assert found.end_reason == CONNECTION_LOST
    assert found.ended_at is not None
    assert found.ended_at - began < timedelta(minutes=10), "it ended with what was said last"


async def test_a_call_that_has_ended_is_not_gone_on_with_while_that_cannot_be_stored(
    installation: Installation, shop: Shop
) -> None:
    services, lost = installation.services, LostCallers()
    here = services.chat.conversations
    factory = ConversationFactory(services.database, here.understanding, services.embedder, services.clock, lost)
    wired = await factory.find_agent(shop.tenant_id, shop.agent_id)
    call = await factory.start(wired, "voice", carrier_call_id="CA-not-stored")
    assert await factory.find_cut_off(shop.tenant_id, shop.agent_id, "CA-not-stored") is not None

    async def close(reason: str) -> None:
        raise Unavailable

    await lost.end(call.conversation_id, close, "silence")
    with pytest.raises(NotFound):
        await factory.find_cut_off(shop.tenant_id, shop.agent_id, "CA-not-stored")
    with pytest.raises(NotFound):
        await factory.take_up(wired, call.conversation_id)
    await lost.give_up()
