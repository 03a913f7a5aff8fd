"""An agent of a tenant's own: created over HTTP, talked to in writing, its tool called over a real socket."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from reception.domains.conversations import service as conversations
from reception.ports.dialogue import CallerTurn, Say
from tests.integration.api.bike_shop import EXAMPLE, BikeShop, open_bike_shop
from tests.integration.api.installation import Installation, Shop
from tests.support.tool_server import answer

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_repair_is_taken_in_and_its_ticket_told(installation: Installation, shop: Shop) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        read_back = await bikes.up_to_the_confirmation()
        assert "mountain bike" in read_back
        assert "$85" in read_back
        assert "212 555 0142" in read_back
        assert (await bikes.leads(), bikes.tool.received) == ([], [])
        reply = await bikes.say("Yes please")
        assert "Thank you, Alice Miller. Your ticket is R-4711, and it will be ready in 3 days." in reply
        [lead] = await bikes.leads()
        assert (lead.kind, lead.name, lead.phone) == ("repair", "Alice Miller", "+12125550142")
        assert lead.summary.startswith("mountain bike: The front brake makes a terrible noise, up to $85")
        assert (lead.details["budget"], lead.details["frame_number"]) == (85, "AB4711")
        [called] = bikes.tool.received
        assert called["type"] == "tool.called"
        arguments = called["data"]["arguments"]
        assert (arguments["bike"], arguments["phone"]) == ("mountain bike", "+12125550142")
        assert (called["data"]["conversation_id"], called["data"]["agent_version"]) == (bikes.conversation, 1)
        assert bikes.last is not None
        assert [act["name"] for act in bikes.last["actions"]] == ["lead.created", "tool.called"]
        assert bikes.tool.unverified == 0


async def _commit_again(bikes: BikeShop, message: str, turn: int) -> str:
    """The same turn taken once more, from the state before it, as another process would after a lost connection."""
    services = bikes.installation.services
    factory = services.chat.conversations
    conversation_id, agent_id = UUID(bikes.conversation), UUID(bikes.agent_id)
    wired = await factory.find_agent(bikes.shop.tenant_id, agent_id)
    async with services.database.tenant_session(bikes.shop.tenant_id) as session:
        stored = await conversations.load_state(session, conversation_id)
    assert stored is not None
    dialogue = factory.wire(wired, "chat", conversation_id, state=stored[1], last_turn=turn - 1)
    prepared = await dialogue.prepare(CallerTurn(turn, message, "chat"))
    return " ".join([part.text async for part in dialogue.commit(prepared) if isinstance(part, Say)])


async def test_a_turn_that_is_repeated_calls_its_tool_once(installation: Installation, shop: Shop) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        await bikes.up_to_the_confirmation()
        assert bikes.last is not None
        turn = bikes.last["turn"] + 1
        bikes.tool.open.clear()
        twice = asyncio.gather(*(_commit_again(bikes, "Yes please", turn) for _ in range(2)))
        async with asyncio.timeout(20):
            await bikes.tool.arrived.wait()
        bikes.tool.open.set()
        first, second = await twice
        assert first == second
        assert "R-4711" in first
        assert len(bikes.tool.received) == 1
        assert len(await bikes.leads()) == 1


async def test_a_call_whose_end_nobody_saw_is_made_again_under_its_key(installation: Installation, shop: Shop) -> None:
    """The process died between the call and the record of its outcome; the tool knows the call by its webhook-id."""
    async with open_bike_shop(installation, shop) as bikes:
        await bikes.up_to_the_confirmation()
        assert bikes.last is not None
        turn = bikes.last["turn"] + 1
        died: dict[str, Any] = {"effect": "CallTool tickets", "kind": "running", "until": "2020-01-01T00:00:00+00:00"}
        async with installation.services.database.tenant_session(shop.tenant_id) as session:
            await conversations.record_outcome(session, shop.tenant_id, UUID(bikes.conversation), turn, 1, died)
        assert "R-4711" in await _commit_again(bikes, "Yes please", turn)
        assert bikes.tool.ids == [f"tool_{UUID(bikes.conversation).hex}_{turn}_1"]


@pytest.mark.parametrize("fault", ["slow", "error", "redirect", "garbage", "list", "huge", "unsigned"])
async def test_a_tool_that_fails_loses_nothing(installation: Installation, shop: Shop, fault: str) -> None:
    faults = {
        "error": answer({"error": "no"}, 500),
        "redirect": answer({}, 302, Location="/elsewhere"),
        "garbage": (200, {"Content-Type": "text/html"}, b"<html>"),
        "list": answer([1, 2]),
        "huge": answer({"ticket": {"number": "x" * 70_000}}),
    }
    async with open_bike_shop(installation, shop, timeout_s=0.5 if fault == "slow" else 4) as bikes:
        await bikes.up_to_the_confirmation()
        if fault == "slow":
            bikes.tool.open.clear()
        elif fault == "unsigned":
            bikes.tool.secret = "whsec_" + "A" * 44
        else:
            bikes.tool.respond = lambda _: faults[fault]
        reply = await bikes.say("Yes please")
        assert "I could not open a ticket just now." in reply
        assert "a colleague will get back to you" in reply
        assert "R-4711" not in reply
        [lead] = await bikes.leads()
        assert lead.details["problem"] == "The front brake makes a terrible noise"
        assert len(bikes.tool.received) == (0 if fault == "unsigned" else 1)
        # The conversation goes on.
        assert "rent" in await bikes.say("Can I rent a bike?")


async def test_a_tool_that_fails_with_nothing_stored_has_a_message_taken(
    installation: Installation, shop: Shop
) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        definition = json.loads(EXAMPLE.read_text(encoding="utf-8"))["definition"]
        definition["tools"][0]["url"] = bikes.tool.url
        definition["flows"][0]["at_end"] = definition["flows"][0]["at_end"][1:]
        changed = await installation.http.patch(bikes.path, json={"definition": definition}, headers=shop.headers)
        assert changed.status_code == 200, changed.text
        bikes.tool.respond = lambda _: answer({}, 503)
        await bikes.up_to_the_confirmation()
        reply = await bikes.say("Yes please")
        assert "I could not open a ticket just now." in reply
        assert await bikes.leads() == []
        for message in ("Yes", "Yes", "Yes"):
            if await bikes.leads():
                break
            await bikes.say(message)
        [lead] = await bikes.leads()
        assert (lead.kind, lead.name, lead.phone) == ("message", "Alice Miller", "+12125550142")
        assert "The front brake makes a terrible noise" in lead.summary


async def test_a_conversation_goes_on_with_the_flow_it_began(installation: Installation, shop: Shop) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        await bikes.say("Hi, my bike is broken")
        empty = {"definition": {"prompt": "Say nothing."}}
        changed = await installation.http.patch(bikes.path, json=empty, headers=shop.headers)
        assert changed.json()["version"] == 2
        assert "What is wrong with it?" in await bikes.say("A road bike")
        assert bikes.last is not None
        assert bikes.last["agent_version"] == 1


async def test_what_the_agent_does_not_do_is_said(installation: Installation, shop: Shop) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        reply = await bikes.say("I would like to book a table for two tomorrow at 7 pm")
        assert "I can't help with that here" in reply
        assert "call you back" in reply or "message" in reply


async def test_a_question_in_the_middle_is_answered_and_the_flow_goes_on(
    installation: Installation, shop: Shop
) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        await bikes.say("My bike is broken")
        reply = await bikes.say("What is your phone number?")
        assert "Which kind of bike is it" in reply


async def test_the_graph_shows_the_agents_flows(installation: Installation, shop: Shop) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        drawn = await installation.http.get(f"{bikes.path}/graph", headers=shop.headers)
        assert drawn.status_code == 200, drawn.text
        mermaid = drawn.json()["mermaid"]
        accept = {**shop.headers, "Accept": "text/vnd.mermaid"}
        alone = await installation.http.get(f"{bikes.path}/graph", headers=accept)
        assert (alone.text, alone.headers["content-type"].split(";")[0]) == (mermaid, "text/vnd.mermaid")
        for shown in ("flowchart TD", '"repair intake"', '"frame number<br/>text, optional"', '"call tool: tickets"'):
            assert shown in mermaid
        receptionist = await installation.http.get(f"/agents/{shop.agent_id}/graph", headers=shop.headers)
        assert '"new reservation"' in receptionist.json()["mermaid"]
        assert '"new reservation"' not in mermaid


async def test_each_problem_of_a_definition_has_its_pointer(installation: Installation, shop: Shop) -> None:
    body = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    flow = body["definition"]["flows"][0]
    flow["at_end"][1]["tool"] = "nothing"
    flow["confirmation"] = "So that is a {bicycle}."
    body["definition"]["intents"][1]["target"] = "nobody"
    refused = await installation.http.post("/agents", json=body, headers=shop.headers)
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} >= {
        "/definition/flows/0/at_end/1/tool", "/definition/flows/0/confirmation", "/definition/intents/1/target",
    }  # fmt: skip
    body = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    body["definition"]["flows"][0]["slots"][0]["colour"] = "red"
    body["definition"]["flows"][0]["slots"][1]["type"] = "essay"
    refused = await installation.http.post("/agents", json=body, headers=shop.headers)
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/definition/flows/0/slots/0/colour", "/definition/flows/0/slots/1/type",
    }  # fmt: skip


async def test_outside_development_no_tool_is_on_this_machine(installation: Installation, shop: Shop) -> None:
    body = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    body["definition"]["tools"][0]["url"] = "http://127.0.0.1:9/tickets"
    services = installation.services
    installation.app.state.services = replace(services, loopback_tools=False)
    try:
        refused = await installation.http.post("/agents", json=body, headers=shop.headers)
    finally:
        installation.app.state.services = services
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/definition/tools/0/url"]


async def test_the_examples_of_the_documentation_are_accepted(installation: Installation, shop: Shop) -> None:
    text = (EXAMPLE.parents[1] / "AGENTS.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    for body in (json.loads(EXAMPLE.read_text(encoding="utf-8")), *map(json.loads, blocks)):
        created = await installation.http.post("/agents", json=body, headers=shop.headers)
        assert created.status_code == 201, created.text
        assert created.json()["definition"]["flows"][0]["name"] == body["definition"]["flows"][0]["name"]
    assert len(blocks) == 1


async def test_a_stranger_gets_no_secret(installation: Installation, shop: Shop) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        stranger = await installation.open_shop()
        answered = await installation.http.get(f"{bikes.path}/tool-secret", headers=stranger.headers)
        assert answered.status_code == 404
        other = await installation.http.get(f"/agents/{stranger.agent_id}/tool-secret", headers=stranger.headers)
        assert other.json()["secret"] != bikes.tool.secret


@pytest.mark.parametrize("overlap_hours", [0, 24])
async def test_a_new_secret_is_put_in_use_while_calls_come_in(
    installation: Installation, shop: Shop, overlap_hours: int
) -> None:
    async with open_bike_shop(installation, shop) as bikes:
        old = bikes.tool.secret
        rotated = await installation.http.post(
            f"{bikes.path}/tool-secret/rotate", json={"overlap_hours": overlap_hours}, headers=shop.headers
        )
        assert rotated.status_code == 200, rotated.text
        new = rotated.json()["secret"]
        assert new != old
        assert (rotated.json()["previous_until"] is not None) is bool(overlap_hours)
        shown = await installation.http.get(f"{bikes.path}/tool-secret", headers=shop.headers)
        assert shown.json() == rotated.json()
        if not overlap_hours:
            bikes.tool.secret = new
        await bikes.up_to_the_confirmation()
        assert "R-4711" in await bikes.say("Yes please")
        assert bikes.tool.unverified == 0
        stranger = await installation.open_shop()
        refused = await installation.http.post(f"{bikes.path}/tool-secret/rotate", json={}, headers=stranger.headers)
        assert refused.status_code == 404
