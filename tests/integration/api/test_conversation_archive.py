"""Conversations as the people of the business see them: found, read turn by turn, taken away, deleted."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from reception.core.ids import uuid7
from reception.domains.access.service import Role
from reception.domains.conversations import service
from reception.ports.events import CallFault, ProviderSwitched, TurnMetrics
from reception.runtime.recorder import MetricsRecorder
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.typing_caller import call_from

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = "+12125550142"
_MANY_EVENTS = text(
    """
    INSERT INTO conversation_events (id, tenant_id, conversation_id, turn, kind)
    SELECT CAST('00000000-0000-7000-8000-' || lpad(CAST(number AS text), 12, '0') AS uuid), tenant_id, id, 0, 'noted'
    FROM conversations, generate_series(1, 1000) AS number WHERE id = :conversation_id
    """
)


class Office:
    """A business's people at the API."""

    def __init__(self, installation: Installation, shop: Shop, role: Role = Role.MANAGER) -> None:
        self.installation = installation
        self.shop = shop
        self.headers = {"Authorization": f"Bearer {installation.token(shop.tenant_id, role)}"}

    async def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        answer = await self.installation.http.get(path, params=query, headers=self.headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def found(self, **query: Any) -> list[str]:
        return [one["id"] for one in (await self.get("/conversations", **query))["items"]]

    async def say(self, message: str, conversation: str | None = None) -> Any:
        body: dict[str, Any] = {"agent_id": str(self.shop.agent_id), "message": message}
        if conversation:
            body["conversation_id"] = conversation
        answer = await self.installation.http.post("/chat/message", json=body, headers=self.shop.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def book(self) -> tuple[str, str]:
        """Books in writing; the conversation, and the reservation that came of it."""
        reply = await self.say("Hello, I would like to book a table for two tomorrow at 7:30 pm.")
        conversation = str(reply["conversation_id"])
        for message in ("My name is Alice Miller.", "My phone number is 212 555 0142.", "Yes, please.", "Yes."):
            if reply["actions"]:
                break
            reply = await self.say(message, conversation)
        (action,) = reply["actions"]
        assert action["name"] == "reservation.created"
        return conversation, str(action["data"]["reservation_id"])

    async def call(self, phone: str = "", started: timedelta = timedelta()) -> UUID:
        """A call that has ended; nothing was said in it."""
        database, conversation_id = self.installation.services.database, uuid7()
        async with database.tenant_session(self.shop.tenant_id) as session:
            await service.start(
                session,
                self.shop.tenant_id,
                self.shop.agent_id,
                conversation_id=conversation_id,
                channel="voice",
                caller_phone=phone,
            )
            await service.close(session, conversation_id, "goodbye", self.installation.services.clock.now() + started)
        return conversation_id


async def test_a_booking_in_writing_is_told_turn_by_turn(installation: Installation, shop: Shop) -> None:
    office = Office(installation, shop)
    conversation, reservation = await office.book()
    one = await office.get(f"/conversations/{conversation}")
    assert (one["outcome"], one["channel"], one["agent_version"]) == ("booked", "chat", 1)
    assert one["reservation_ids"] == [reservation]
    assert one["intents"] == ["new_reservation"]
    assert (one["has_reservation"], one["has_lead"], one["recordings"]) == (True, False, [])

    page = await office.get(f"/conversations/{conversation}/messages", limit=2)
    first = next(turn for turn in page["items"] if turn["turn"] == 1)
    assert first["heard"].startswith("Hello, I would like to book")
    assert any(command.startswith("StartFlow(new_reservation") for command in first["understood"])
    assert first["said"]
    await _until(office, conversation)
    turns = (await office.get(f"/conversations/{conversation}/messages"))["items"]
    booked = [turn for turn in turns if any(deed["what"] == "CommitReservation" for deed in turn["decided"])]
    assert [deed["reservation_id"] for deed in booked[-1]["decided"] if deed["what"] == "CommitReservation"] == [
        reservation
    ]
    assert all(turn["timing"]["understanding_ms"] > 0 for turn in turns if turn["turn"])
    rest = await office.get(f"/conversations/{conversation}/messages", limit=2, cursor=page["next_cursor"])
    assert [turn["turn"] for turn in page["items"] + rest["items"]] == [turn["turn"] for turn in turns[:4]]
    await office.get(f"/conversations/{conversation}/messages", 422, cursor="!")


async def _until(office: Office, conversation: str) -> None:
    """Until where the time of every turn went is stored, which happens behind the conversation."""
    async with asyncio.timeout(10):
        while True:
            turns = (await office.get(f"/conversations/{conversation}/messages"))["items"]
            if all(turn["timing"] for turn in turns if turn["turn"]):
                return


async def test_conversations_are_found_by_what_came_of_them(installation: Installation, shop: Shop) -> None:
    office = Office(installation, shop)
    booked, _ = await office.book()
    asked = (await office.say("Do you have a garden terrace?"))["conversation_id"]
    left = (await office.say("I'd like to leave a message."))["conversation_id"]
    for message in ("Please call me about the quince jam.", "Bob Sample", "212 555 0143", "Yes", "Yes"):
        await office.say(message, left)
        if (await office.get(f"/conversations/{left}"))["has_lead"]:
            break
    call = str(await office.call(PHONE))
    person = (await office.say("Can I speak to a human, please?"))["conversation_id"]

    assert await office.found() == [person, call, left, asked, booked]
    assert await office.found(outcome="handed_over") == [person]
    assert await office.found(channel="voice") == [call]
    assert await office.found(outcome="booked") == [booked]
    assert await office.found(outcome="message") == [left]
    assert await office.found(outcome="abandoned") == [call]
    assert await office.found(has_reservation=True) == [booked]
    assert await office.found(has_lead=True) == [left]
    assert await office.found(phone="(212) 555-0142") == [call]
    assert await office.found(agent_id=str(uuid4())) == []
    assert await office.found(q="terraces") == [asked]
    assert await office.found(q='"quince jam" -terrace') == [left]
    assert await office.found(q="marmalade") == []
    assert await office.found(q="the") == []
    today = installation.services.clock.now().date()
    days = {"from": (today - timedelta(days=1)).isoformat(), "to": (today + timedelta(days=1)).isoformat()}
    assert len(await office.found(**days)) == 5
    assert await office.found(to=(today - timedelta(days=2)).isoformat()) == []
    await office.get("/conversations", 422, phone="nobody")
    await office.get("/conversations", 422, outcome="excellent")


async def test_pages_stand_still_while_calls_come_in(installation: Installation, shop: Shop) -> None:
    office = Office(installation, shop)
    made = [str(await office.call()) for _ in range(5)]
    first = await office.get("/conversations", limit=2)
    await office.call()
    second = await office.get("/conversations", limit=2, cursor=first["next_cursor"])
    third = await office.get("/conversations", limit=2, cursor=second["next_cursor"])
    assert [one["id"] for page in (first, second, third) for one in page["items"]] == made[::-1]
    assert third["next_cursor"] is None
    await office.get("/conversations", 422, cursor="bm9uc2Vuc2U")


async def test_nobody_sees_anothers_conversations(installation: Installation, shop: Shop) -> None:
    office = Office(installation, shop)
    conversation = (await office.say("We met at the xylophone museum"))["conversation_id"]
    stranger = Office(installation, await installation.open_shop())
    assert await stranger.found() == []
    assert await stranger.found(q="xylophone") == []
    assert await stranger.found(q="-nothing") == []
    assert await office.found(q="xylophone") == [conversation]
    for path in ("", "/messages", "/export", "/recordings/1"):
        await stranger.get(f"/conversations/{conversation}{path}", 404)
    gone = await installation.http.delete(f"/conversations/{conversation}", headers=stranger.headers)
    assert gone.status_code == 404
    assert await office.found(q="xylophone") == [conversation]


async def test_a_call_shows_who_stood_in_and_what_was_interrupted(installation: Installation, shop: Shop) -> None:
    office = Office(installation, shop)
    services = installation.services
    conversation_id = await office.call()
    async with services.database.tenant_session(shop.tenant_id) as session:
        # More of another turn than is shown of any.
        await session.execute(_MANY_EVENTS, {"conversation_id": conversation_id})
    recorder = MetricsRecorder(services.database, services.clock)
    watch = recorder.observer(shop.tenant_id, shop.agent_id, conversation_id)
    watch.on_event(TurnMetrics(1, stt_ms=80.0, voice_to_voice_ms=412.0, interrupted=True, providers={"stt": "a:b"}))
    watch.on_event(ProviderSwitched("stt", "deepgram:nova-3", "embedded", "provider_timeout"))
    watch.on_event(CallFault("provider_timeout", "It did not answer", fatal=False))
    await recorder.flush()
    async with services.database.tenant_session(shop.tenant_id) as session:
        await service.mark_heard(session, conversation_id, 1, "We are", interrupted=True)
        await service.close(session, conversation_id, "goodbye", services.clock.now())
    (turn,) = (await office.get(f"/conversations/{conversation_id}/messages"))["items"]
    assert (turn["heard_by_caller"], turn["interrupted"]) == ("We are", True)
    assert (turn["timing"]["voice_to_voice_ms"], turn["timing"]["stt_ms"]) == (412.0, 80.0)
    assert turn["providers"] == {"stt": "a:b"}
    assert [(one["kind"], one["data"].get("to")) for one in turn["happened"]] == [
        ("switch", "embedded"),
        ("fault", None),
    ]
    one = await office.get(f"/conversations/{conversation_id}")
    assert (one["interruptions"], one["switches"], one["faults"]) == (1, 1, 1)


async def test_a_recording_is_heard_by_parts_and_goes_with_its_call(installation: Installation, shop: Shop) -> None:
    office = Office(installation, shop)
    on = await installation.http.patch(
        f"/agents/{shop.agent_id}", json={"settings": {"recording": True}}, headers=shop.headers
    )
    assert on.status_code == 200
    async with call_from(installation, shop) as caller:
        await caller.until_said("recorded")
        await caller.type("Is there a car park?")
        await caller.until("turn_metrics")
        busy = await installation.http.delete(f"/conversations/{caller.conversation_id}", headers=office.headers)
        assert busy.status_code == 409
        await caller.stop()
    path = f"/conversations/{caller.conversation_id}"
    async with asyncio.timeout(10):
        while not (one := await office.get(path))["recordings"] or not one["ended_at"]:
            pass
    (kept,) = one["recordings"]
    whole = await installation.http.get(kept["url"], headers=office.headers)
    assert (whole.status_code, whole.headers["content-type"], len(whole.content)) == (
        200,
        "audio/wav",
        kept["size_bytes"],
    )
    assert whole.content[:4] == b"RIFF"
    piece = await installation.http.get(kept["url"], headers={**office.headers, "Range": "bytes=8-11"})
    assert (piece.status_code, piece.content) == (206, b"WAVE")
    assert piece.headers["content-range"] == f"bytes 8-11/{kept['size_bytes']}"
    await office.get(f"{path}/recordings/2", 404)

    taken = await office.get(f"{path}/export")
    assert taken["conversation"]["id"] == caller.conversation_id
    assert [turn["heard"] for turn in taken["turns"]] == ["", "Is there a car park?"]

    staff = Office(installation, shop, Role.STAFF)
    refused = await installation.http.delete(path, headers=staff.headers)
    assert refused.status_code == 403
    assert (await installation.http.delete(path, headers=office.headers)).status_code == 204
    await office.get(path, 404)
    assert await office.found(q="car park") == []
    assert (await installation.http.get(kept["url"], headers=office.headers)).status_code == 404
    left = list((installation.data_dir / "recordings" / str(shop.tenant_id)).glob("*/*.wav"))
    assert left == []


async def test_what_came_of_a_conversation_outlives_it_where_it_is_the_businesss(
    installation: Installation, shop: Shop
) -> None:
    office = Office(installation, shop)
    conversation, reservation = await office.book()
    counted = (await office.get("/analytics/calls"))["totals"]
    assert (await installation.http.delete(f"/conversations/{conversation}", headers=office.headers)).status_code == 204
    assert (await office.get(f"/reservations/{reservation}"))["status"] == "confirmed"
    assert (await office.get("/analytics/calls"))["totals"] == counted
    assert await office.found() == []


async def test_messages_are_read_and_done(installation: Installation, shop: Shop) -> None:
    office = Office(installation, shop)
    http, body = installation.http, {"name": "Ann", "phone": PHONE, "summary": "Please call back", "recipient": "Eve"}
    made = await http.post("/leads", json=body, headers=office.headers)
    assert made.status_code == 201, made.text
    await http.post("/leads", json={"kind": "viewing", "name": "Bob"}, headers=office.headers)
    path = f"/messages/{made.json()['id']}"

    async def texts(status: str) -> list[str]:
        return [one["text"] for one in (await office.get("/messages", status=status))["items"]]

    assert await texts("new") == ["Please call back"]
    assert (await http.patch(path, json={"status": "read"}, headers=office.headers)).json()["status"] == "read"
    assert (await texts("new"), await texts("read")) == ([], ["Please call back"])
    await http.post("/leads", json={**body, "summary": "It is urgent"}, headers=office.headers)
    assert await texts("new") == ["Please call back\nIt is urgent"], "what was added has not been read"
    assert (await http.patch(path, json={"status": "done"}, headers=office.headers)).json()["status"] == "done"
    assert (await texts("new"), await texts("done")) == ([], ["Please call back\nIt is urgent"])
    lead = f"/leads/{made.json()['id']}"
    assert (await http.patch(lead, json={"stage": "lost"}, headers=office.headers)).status_code == 200
    assert (await http.patch(path, json={"status": "done"}, headers=office.headers)).json()["status"] == "done"
    assert (await office.get(lead))["stage"] == "lost", "what came to nothing is done, and not won"
    assert (await office.get("/messages", recipient="eve"))["items"][0]["recipient"] == "Eve"
    assert (await office.get("/messages", recipient="Bob"))["items"] == []
    stranger = Office(installation, await installation.open_shop())
    refused = await http.patch(path, json={"status": "new"}, headers=stranger.headers)
    assert refused.status_code == 404
    assert (await stranger.get("/messages"))["items"] == []
    assert (await http.delete(f"/leads/{made.json()['id']}", headers=office.headers)).status_code == 204
    assert (await office.get("/messages"))["items"] == []
