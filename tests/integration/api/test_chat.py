"""Booking in writing: the same dialogue as on the phone, and the same rows."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from reception.core.errors import Unauthenticated
from reception.domains.access.service import Role
from reception.domains.conversations.service import list_messages
from reception.domains.reservations.service import find
from reception.domains.tenants.service import get_business
from reception.ports.booking import Reservation, ReservationQuery
from reception.runtime.chat import ChatDesk
from reception.runtime.principal import Principal, Scope
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = "+12125550142"


async def _say(installation: Installation, shop: Shop, message: str, conversation: str | None = None) -> dict[str, Any]:
    body = {"agent_id": str(shop.agent_id), "message": message}
    if conversation is not None:
        body["conversation_id"] = conversation
    answer = await installation.http.post("/chat/message", json=body, headers=shop.headers)
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert isinstance(reply, dict)
    return reply


async def _reservations(installation: Installation, shop: Shop) -> list[Reservation]:
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        business = await get_business(session)
        return await find(session, business, ReservationQuery(phone=PHONE), datetime.now(UTC))


async def test_a_table_booked_in_writing_is_a_row(installation: Installation, shop: Shop) -> None:
    reply = await _say(installation, shop, "Hello, I would like to book a table for two tomorrow at 7:30 pm.")
    conversation = reply["conversation_id"]
    assert reply["turn"] == 1
    for message in ("My name is Alice Miller.", "My phone number is 212 555 0142.", "Yes, please.", "Yes."):
        if reply["actions"]:
            break
        assert await _reservations(installation, shop) == []
        reply = await _say(installation, shop, message, conversation)
    assert [action["name"] for action in reply["actions"]] == ["reservation.created"]
    [row] = await _reservations(installation, shop)
    assert (row.party_size, row.guest.name, row.guest.phone) == (2, "Alice Miller", PHONE)
    assert (row.starts_at.hour, row.starts_at.minute) == (19, 30)
    assert row.reference in reply["reply"]


async def test_messages_at_once_to_one_conversation_take_turns(installation: Installation, shop: Shop) -> None:
    first = await _say(installation, shop, "Hello")
    texts = ("Do you take cards?", "What time is it?", "Is there a garden?")
    replies = await asyncio.gather(*(_say(installation, shop, text, first["conversation_id"]) for text in texts))
    assert sorted(reply["turn"] for reply in replies) == [2, 3, 4]


async def test_messages_to_different_workers_take_turns(installation: Installation, shop: Shop) -> None:
    """A worker knows of another's turns by the database alone, and so do two desks in one process."""
    services = installation.services
    first = await services.chat.answer(shop.tenant_id, shop.agent_id, "Hello", None)
    desks = [ChatDesk(services.database, services.chat.conversations) for _ in range(3)]
    replies = await asyncio.gather(
        *(desk.answer(shop.tenant_id, shop.agent_id, "What time is it?", first.conversation_id) for desk in desks)
    )
    assert sorted(reply.turn for reply in replies) == [2, 3, 4]


async def test_a_ticket_is_used_up_for_every_worker(installation: Installation, shop: Shop) -> None:
    services = installation.services
    caller = Principal("test", shop.tenant_id, frozenset({Scope.CALL}), shop.agent_id)
    value = services.tickets.issue(caller).value
    shown = await asyncio.gather(*(services.tickets.redeem(value) for _ in range(5)), return_exceptions=True)
    assert shown.count(caller) == 1
    assert sum(isinstance(refusal, Unauthenticated) for refusal in shown) == 4


async def test_a_conversation_goes_on_only_with_its_own_agent(installation: Installation, shop: Shop) -> None:
    first = await _say(installation, shop, "Hello")
    other = await installation.open_shop()
    body = {"agent_id": str(other.agent_id), "message": "Hi", "conversation_id": first["conversation_id"]}
    foreign = await installation.http.post("/chat/message", json=body, headers=other.headers)
    assert foreign.status_code == 404
    body = {"agent_id": str(shop.agent_id), "message": "Hi", "conversation_id": str(uuid4())}
    assert (await installation.http.post("/chat/message", json=body, headers=shop.headers)).status_code == 404


async def test_a_conversation_that_has_ended_stays_ended(installation: Installation, shop: Shop) -> None:
    reply = await _say(installation, shop, "Goodbye")
    assert reply["ended"] is True
    body = {"agent_id": str(shop.agent_id), "message": "Hi", "conversation_id": reply["conversation_id"]}
    answer = await installation.http.post("/chat/message", json=body, headers=shop.headers)
    assert answer.status_code == 409


async def test_what_was_answered_before_is_counted_and_can_be_forgotten(installation: Installation, shop: Shop) -> None:
    menu = {"title": "Menu", "text": "Tomato soup is $9.\n\nParking is free."}
    added = await installation.http.post("/knowledge/ingest", json=menu, headers=shop.headers)
    assert added.status_code == 201
    for _ in range(3):
        assert "$9" in (await _say(installation, shop, "How much is the tomato soup?"))["reply"]
    stats = (await installation.http.get("/knowledge/cache/stats", headers=shop.headers)).json()
    assert stats["misses"] == 1
    assert stats["hits"] == {"process": 2, "database": 0, "semantic": 0}
    assert stats["entries"] == 1
    reader = {"Authorization": f"Bearer {installation.token(shop.tenant_id, Role.READ_ONLY)}"}
    assert (await installation.http.delete("/knowledge/cache", headers=reader)).status_code == 403
    assert (await installation.http.delete("/knowledge/cache", headers=shop.headers)).status_code == 204
    stats = (await installation.http.get("/knowledge/cache/stats", headers=reader)).json()
    assert (stats["entries"], stats["misses"]) == (0, 1)
    assert (await installation.http.get("/knowledge/cache/stats")).status_code == 401


async def test_each_sentence_names_its_passage_and_what_is_not_known_is_listed(
    installation: Installation, shop: Shop
) -> None:
    text = "# Parking\nGuests park free of charge in the yard behind the house."
    await installation.http.post(
        "/knowledge/ingest", json={"title": "House", "text": text, "kind": "faq"}, headers=shop.headers
    )
    reply = await _say(installation, shop, "Where can I park?")
    (said, *_) = reply["sentences"]
    (cited,) = said["citations"]
    passage = await installation.http.get(f"/knowledge/passages/{cited['chunk_id']}", headers=shop.headers)
    assert said["text"] in passage.json()["text"]
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        messages = await list_messages(session, UUID(reply["conversation_id"]))
    assert [str(one.chunk_id) for one in messages[-1].sentences[0].citations] == [cited["chunk_id"]]

    await _say(installation, shop, "My name is Maria Ramos. Do you rent out skis?")
    listed = (await installation.http.get("/knowledge/unanswered", headers=shop.headers)).json()["items"]
    assert listed[0]["times"] == 1
    assert "skis" in listed[0]["question"]
    assert "aria" not in listed[0]["question"]
    assert listed[0]["agent_ids"] == [str(shop.agent_id)]
    path = f"/knowledge/unanswered/{listed[0]['id']}"
    assert (await installation.http.delete(path, headers=shop.headers)).status_code == 204
    assert (await installation.http.delete(path, headers=shop.headers)).status_code == 404
    naive = await installation.http.get("/knowledge/unanswered?since=2027-01-01T00:00:00", headers=shop.headers)
    assert naive.status_code == 422
