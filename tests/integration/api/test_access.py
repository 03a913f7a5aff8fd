"""Who gets in, and who does not. What holds for every operation alike is in `test_every_operation`."""

from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from reception.domains.access.service import Role
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCUMENTATION = {"/openapi.json", "/docs", "/docs/oauth2-redirect"}


async def test_every_route_is_described_or_static(installation: Installation) -> None:
    described = (await installation.http.get("/openapi.json")).json()["paths"]
    for route in installation.app.routes:
        if isinstance(route, APIRoute) and not route.include_in_schema:
            assert (route.methods or set()) <= {"GET", "HEAD"}
            assert "{" not in route.path
        elif isinstance(route, APIRoute):
            assert route.path in described
        elif isinstance(route, Route):
            assert route.path in DOCUMENTATION


async def test_a_wrong_password_and_an_unknown_address_answer_alike(installation: Installation) -> None:
    known = await _log_in(installation, installation.login.email, "wrong-password")
    unknown = await _log_in(installation, "nobody@example.com", "wrong-password")
    assert known.status_code == unknown.status_code == 401
    assert known.json()["detail"] == unknown.json()["detail"]


async def test_guessing_a_password_is_slowed(installation: Installation) -> None:
    answers = [await _log_in(installation, "guessed@example.com", f"guess {number}") for number in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 30


async def test_an_owner_logs_in_to_their_own_tenant(installation: Installation, shop: Shop) -> None:
    email = f"owner-{shop.tenant_id}@example.com"
    await installation.add_user(shop.tenant_id, email, "a long password", Role.OWNER)
    answer = await _log_in(installation, email, "a long password")
    assert answer.status_code == 200
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    agents = (await installation.http.get("/agents", headers=headers)).json()["items"]
    assert [agent["id"] for agent in agents] == [str(shop.agent_id)]
    tenant = (await installation.http.get(f"/tenants/{shop.tenant_id}", headers=headers)).json()
    assert tenant["name"] == shop.name


async def _log_in(installation: Installation, email: str, password: str) -> httpx.Response:
    return await installation.http.post("/auth/login", json={"email": email, "password": password})


async def test_another_tenants_agent_does_not_exist(installation: Installation, shop: Shop) -> None:
    other = await installation.open_shop()
    path = f"/agents/{other.agent_id}"
    for answer in (
        await installation.http.get(path, headers=shop.headers),
        await installation.http.patch(path, json={"name": "Mine now"}, headers=shop.headers),
        await installation.http.delete(path, headers=shop.headers),
        await installation.http.get(f"/tenants/{other.tenant_id}", headers=shop.headers),
        await installation.http.post("/voice/tickets", json={"agent_id": str(other.agent_id)}, headers=shop.headers),
        await installation.http.post(
            "/chat/message", json={"agent_id": str(other.agent_id), "message": "hello"}, headers=shop.headers
        ),
    ):
        assert answer.status_code == 404, answer.text
        assert answer.json()["code"] == "not_found"
    assert (await installation.http.get(path, headers=other.headers)).json()["name"] == "Ada"


async def test_a_tenants_token_cannot_choose_another_tenant(installation: Installation, shop: Shop) -> None:
    other = await installation.open_shop()
    chosen = {**shop.headers, "X-Tenant-Id": str(other.tenant_id)}
    assert (await installation.http.get("/agents", headers=chosen)).status_code == 403


async def test_a_platform_admin_acts_in_the_tenant_it_names(installation: Installation, shop: Shop) -> None:
    unnamed = await installation.http.get("/agents", headers=dict(installation.admin))
    assert unnamed.status_code == 400
    named = {**installation.admin, "X-Tenant-Id": str(shop.tenant_id)}
    agents = (await installation.http.get("/agents", headers=named)).json()["items"]
    assert [agent["id"] for agent in agents] == [str(shop.agent_id)]


async def test_roles_limit_what_a_token_may_do(installation: Installation, shop: Shop) -> None:
    reader = {"Authorization": f"Bearer {installation.token(shop.tenant_id, Role.READ_ONLY)}"}
    assert (await installation.http.get("/agents", headers=reader)).status_code == 200
    assert (await installation.http.post("/agents", json={"name": "Eve"}, headers=reader)).status_code == 403
    tenant = f"/tenants/{shop.tenant_id}"
    assert (await installation.http.patch(tenant, json={"name": "Taken"}, headers=reader)).status_code == 403
    assert (await installation.http.post("/tenants", json={}, headers=shop.headers)).status_code == 403


async def test_a_demo_token_calls_and_chats_only(installation: Installation) -> None:
    agents = (await installation.http.get("/demo/agents")).json()
    assert {agent["kind"] for agent in agents} == {"receptionist", "real_estate"}
    answer = await installation.http.post("/demo/token", json={"agent_id": agents[0]["agent_id"]})
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await installation.http.get("/agents", headers=headers)).status_code == 403
    assert (await installation.http.get("/knowledge/list", headers=headers)).status_code == 403
    ticket = await installation.http.post("/voice/tickets", json={"agent_id": agents[0]["agent_id"]}, headers=headers)
    assert ticket.status_code == 200
    elsewhere = {"agent_id": agents[1]["agent_id"]}
    assert (await installation.http.post("/voice/tickets", json=elsewhere, headers=headers)).status_code == 403
    chat = {**elsewhere, "message": "Hello"}
    assert (await installation.http.post("/chat/message", json=chat, headers=headers)).status_code == 403


async def test_the_demo_shows_the_passage_that_a_sentence_rests_on(installation: Installation) -> None:
    agents = (await installation.http.get("/demo/agents")).json()
    one, other = (agent["agent_id"] for agent in agents[:2])
    token = (await installation.http.post("/demo/token", json={"agent_id": one})).json()["access_token"]
    reply = await installation.http.post(
        "/chat/message",
        json={"agent_id": one, "message": "How much is parking?"},
        headers={"Authorization": f"Bearer {token}"},
    )
    cited = next(each["citations"][0] for each in reply.json()["sentences"] if each["citations"])
    passage = (await installation.http.get(f"/demo/agents/{one}/passages/{cited['chunk_id']}")).json()
    assert passage["document"] == cited["document"]
    assert passage["text"]
    for agent_id in (other, str(uuid4())):
        answer = await installation.http.get(f"/demo/agents/{agent_id}/passages/{cited['chunk_id']}")
        assert answer.status_code == 404


async def test_a_demo_token_is_for_one_agent_of_its_business(installation: Installation) -> None:
    agents = (await installation.http.get("/demo/agents")).json()
    answer = await installation.http.post("/demo/token", json={"agent_id": agents[0]["agent_id"]})
    bearer = installation.services.tokens.verify(answer.json()["access_token"])
    assert str(bearer.agent_id) == agents[0]["agent_id"]


async def test_a_tenant_that_does_not_exist_is_not_found(installation: Installation) -> None:
    for path in ("/agents", "/resources", "/knowledge/list"):
        answer = await installation.http.get(path, headers={**installation.admin, "X-Tenant-Id": str(uuid4())})
        assert answer.status_code == 404, answer.text
