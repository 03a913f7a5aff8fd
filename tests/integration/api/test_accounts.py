"""Users, their sign-ins and API keys, as the people who have them meet them."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import bcrypt
import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text
from structlog.testing import capture_logs

from reception.api.limits import RequestLimits
from reception.app.web import create_app
from reception.core.ids import uuid7
from reception.domains.access.service import Role
from reception.domains.access.sessions import read_refresh_token, renew
from reception.runtime.calls import CallCentre, LiveCalls
from reception.runtime.principal import ROLE_SCOPES, Principal
from tests.integration.api.furnished import PASSWORD
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in."""

    http: httpx.AsyncClient
    email: str
    tokens: Mapping[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access_token']}"}

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.http.request(method, path, json=body, headers={**self.headers, **headers})

    async def done(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """What a request that is granted answers."""
        answer = await self.send(method, path, body, **headers)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


async def sign_in(http: httpx.AsyncClient, email: str, password: str = PASSWORD) -> Person:
    answer = await http.post("/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return Person(http, email, answer.json())


@pytest_asyncio.fixture(loop_scope="session")
async def owner(installation: Installation, http: httpx.AsyncClient, shop: Shop) -> Person:
    email = f"owner-{shop.tenant_id}@example.com"
    await installation.add_user(shop.tenant_id, email, PASSWORD, Role.OWNER)
    return await sign_in(http, email)


async def test_a_user_from_invitation_to_removal(http: httpx.AsyncClient, owner: Person) -> None:
    email = f"Ann.Example-{uuid7()}@example.com"
    made = await owner.done("POST", "/users", {"email": email, "role": "staff", "name": "Ann Example"})
    assert (made["email"], made["invited"]) == (email.lower(), True)
    assert (await owner.send("POST", "/users", {"email": email, "role": "staff"})).status_code == 409
    path, choice = f"/users/{made['id']}", {"token": made["invitation"]["token"], "password": PASSWORD}
    for weak in ("too short", "password1234", "aaaaaaaaaaaa", email.lower()):
        refused = await http.post("/auth/password/choose", json={**choice, "password": weak})
        assert refused.status_code == 422, weak
        assert [error["pointer"] for error in refused.json()["errors"]] == ["/password"]
    assert (await http.post("/auth/password/choose", json=choice)).status_code == 204
    assert (await http.post("/auth/password/choose", json=choice)).status_code == 401
    ann = await sign_in(http, email)
    assert (await ann.done("GET", "/auth/me"))["role"] == "staff"
    assert (await ann.send("GET", "/users")).status_code == 403
    assert (await ann.send("POST", "/agents", {"name": "Eve"})).status_code == 403
    tag = (await owner.send("GET", path)).headers["etag"]
    assert (await owner.done("PATCH", path, {"role": "read_only"}))["role"] == "read_only"
    stale = await owner.send("PATCH", path, {"role": "owner"}, **{"If-Match": tag})
    assert stale.status_code == 412
    # What she may do is less at once, not when her token expires.
    assert "chat" not in (await ann.done("GET", "/auth/me"))["permissions"]
    assert not (await owner.done("PATCH", path, {"active": False}))["active"]
    assert (await ann.send("GET", "/auth/me")).status_code == 401
    for gone in ("/auth/refresh", "/auth/login"):
        body = {"refresh_token": ann.tokens["refresh_token"]} if gone == "/auth/refresh" else {}
        answer = await http.post(gone, json=body or {"email": email, "password": PASSWORD})
        assert answer.status_code == 401
    assert (await owner.send("POST", f"{path}/password-token")).status_code == 409
    await owner.done("DELETE", path)
    assert (await owner.send("GET", path)).status_code == 404


async def test_what_was_passed_on_for_one_role_opens_no_other(http: httpx.AsyncClient, owner: Person) -> None:
    made = await owner.done("POST", "/users", {"email": f"{uuid7()}@example.com", "role": "staff"})
    path = f"/users/{made['id']}"
    # Whoever manages staff may have kept it.
    await owner.done("PATCH", path, {"name": "Ann Example", "role": "staff"})
    kept = (await owner.done("POST", f"{path}/password-token"))["token"]
    await owner.done("PATCH", path, {"role": "owner"})
    answer = await http.post("/auth/password/choose", json={"token": kept, "password": PASSWORD})
    assert answer.status_code == 401, answer.text
    fresh = (await owner.done("POST", f"{path}/password-token"))["token"]
    answer = await http.post("/auth/password/choose", json={"token": fresh, "password": PASSWORD})
    assert answer.status_code == 204, answer.text
    kept = (await owner.done("POST", f"{path}/password-token"))["token"]
    changed = {"current_password": PASSWORD, "new_password": "eleven blue kettles"}
    await (await sign_in(http, made["email"])).done("POST", "/auth/password", changed)
    answer = await http.post("/auth/password/choose", json={"token": kept, "password": PASSWORD})
    assert answer.status_code == 401, "who chose a password anew is not undone by what was passed on before"


async def test_a_reset_token_ends_every_session_when_it_is_used(http: httpx.AsyncClient, owner: Person) -> None:
    made = await owner.done("POST", "/users", {"email": f"{uuid7()}@example.com", "role": "manager"})
    await http.post("/auth/password/choose", json={"token": made["invitation"]["token"], "password": PASSWORD})
    manager = await sign_in(http, made["email"])
    lost, newest = [(await owner.done("POST", f"/users/{made['id']}/password-token"))["token"] for _ in range(2)]
    assert (await manager.send("GET", "/auth/me")).status_code == 200
    other = "eight blue teapots"
    assert (await http.post("/auth/password/choose", json={"token": lost, "password": other})).status_code == 401
    assert (await http.post("/auth/password/choose", json={"token": newest, "password": other})).status_code == 204
    assert (await manager.send("GET", "/auth/me")).status_code == 401
    await sign_in(http, made["email"], other)


def _as(installation: Installation, http: httpx.AsyncClient, shop: Shop, role: Role) -> Person:
    principal = Principal("test", shop.tenant_id, ROLE_SCOPES[role], role=role)
    return Person(http, "", {"access_token": installation.services.tokens.issue(principal, timedelta(minutes=5)).value})


async def test_managers_manage_those_below_them(
    installation: Installation, http: httpx.AsyncClient, shop: Shop, owner: Person
) -> None:
    manager = _as(installation, http, shop, Role.MANAGER)
    staff = await manager.done("POST", "/users", {"email": f"{uuid7()}@example.com", "role": "staff"})
    assert await manager.done("PATCH", f"/users/{staff['id']}", {"name": "Ben"})
    me = await owner.done("GET", "/auth/me")
    above = f"/users/{me['id']}"
    for answer in (
        await manager.send("PATCH", above, {"role": "staff"}),
        await manager.send("PATCH", above, {"active": False}),
        await manager.send("DELETE", above),
        await manager.send("POST", f"{above}/password-token"),
        await manager.send("PATCH", f"/users/{staff['id']}", {"role": "owner"}),
        await manager.send("POST", "/users", {"email": f"{uuid7()}@example.com", "role": "manager"}),
        await owner.send("PATCH", f"/users/{staff['id']}", {"role": "platform_admin"}),
    ):
        assert answer.status_code == 403, answer.text
    assert (await owner.done("GET", "/auth/me")) == me


async def test_the_last_owner_stays(
    installation: Installation, http: httpx.AsyncClient, shop: Shop, owner: Person
) -> None:
    path = f"/users/{(await owner.done('GET', '/auth/me'))['id']}"
    await owner.done("POST", "/users", {"email": f"{uuid7()}@example.com", "role": "owner"})
    admin = Person(http, "", {"access_token": installation.admin["Authorization"].removeprefix("Bearer ")})
    where = {"X-Tenant-Id": str(shop.tenant_id)}
    for change in ({"role": "manager"}, {"active": False}):
        assert (await owner.send("PATCH", path, change)).status_code == 409
        assert (await admin.send("PATCH", path, change, **where)).status_code == 409
    assert (await owner.send("DELETE", path)).status_code == 409
    second = f"owner-2-{shop.tenant_id}@example.com"
    await installation.add_user(shop.tenant_id, second, PASSWORD, Role.OWNER)
    everybody = (await owner.done("GET", "/users?role=owner"))["items"]
    pair = [path, next(f"/users/{one['id']}" for one in everybody if one["email"] == second)]
    answers = await asyncio.gather(*(admin.send("PATCH", one, {"role": "staff"}, **where) for one in pair))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_a_refresh_token_that_comes_twice_ends_its_session(http: httpx.AsyncClient, owner: Person) -> None:
    first = await sign_in(http, owner.email)
    renewed = await http.post("/auth/refresh", json={"refresh_token": first.tokens["refresh_token"]})
    assert renewed.status_code == 200
    second = Person(http, owner.email, renewed.json())
    assert (await second.send("GET", "/auth/me")).status_code == 200
    with capture_logs() as logs:
        stolen = await http.post("/auth/refresh", json={"refresh_token": first.tokens["refresh_token"]})
    assert stolen.status_code == 401
    assert [line["log_level"] for line in logs if line["event"] == "session.reused"] == ["warning"]
    for ended in (first, second):
        assert (await ended.send("GET", "/auth/me")).status_code == 401
    last = await http.post("/auth/refresh", json={"refresh_token": second.tokens["refresh_token"]})
    assert last.status_code == 401
    assert (await owner.send("GET", "/auth/me")).status_code == 200


@pytest.mark.parametrize("change", ["forged", "cut", "strange"])
async def test_a_refresh_token_of_nobodys_ends_nothing(http: httpx.AsyncClient, owner: Person, change: str) -> None:
    good = str(owner.tokens["refresh_token"])
    bad = {"forged": good[:-6] + "AAAAAA", "cut": good[:-2], "strange": "rr_\u00e9"}[change]
    assert (await http.post("/auth/refresh", json={"refresh_token": bad})).status_code == 401
    assert (await http.post("/auth/refresh", json={"refresh_token": good})).status_code == 200


async def test_refresh_tokens_expire_with_their_session(installation: Installation, owner: Person) -> None:
    presented = read_refresh_token(str(owner.tokens["refresh_token"]))
    assert presented is not None
    later = installation.services.clock.now() + timedelta(seconds=owner.tokens["refresh_expires_in"] + 1)
    async with installation.services.database.account_session(presented.ids[0]) as session:
        assert await renew(session, presented, later) is None


async def test_changing_ones_password_ends_all_other_sessions(http: httpx.AsyncClient, owner: Person) -> None:
    elsewhere = await sign_in(http, owner.email)
    wrong = await owner.send("POST", "/auth/password", {"current_password": "no", "new_password": "eight blue teapots"})
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/current_password"]
    weak = await owner.send("POST", "/auth/password", {"current_password": PASSWORD, "new_password": "qwertyuiop12"})
    assert [error["pointer"] for error in weak.json()["errors"]] == ["/new_password"]
    await owner.done("POST", "/auth/password", {"current_password": PASSWORD, "new_password": "eight blue teapots"})
    assert (await owner.send("GET", "/auth/me")).status_code == 200
    assert (await elsewhere.send("GET", "/auth/me")).status_code == 401


async def test_sessions_are_listed_and_ended(http: httpx.AsyncClient, owner: Person) -> None:
    phone = await sign_in(http, owner.email)
    listed = await owner.done("GET", "/auth/sessions")
    assert [one["current"] for one in listed] == [False, True]
    assert all(one["client"].startswith("python-httpx") for one in listed)
    await owner.done("DELETE", f"/auth/sessions/{listed[0]['id']}")
    assert (await phone.send("GET", "/auth/me")).status_code == 401
    assert (await owner.send("DELETE", f"/auth/sessions/{listed[0]['id']}")).status_code == 404
    await owner.done("POST", "/auth/logout")
    assert (await owner.send("GET", "/auth/me")).status_code == 401


async def test_an_api_key_is_shown_once_and_kept_as_a_hash(
    installation: Installation, http: httpx.AsyncClient, shop: Shop, owner: Person
) -> None:
    made = await owner.done("POST", "/api-keys", {"name": "Page", "scopes": ["agents:read"]})
    assert made["key"].startswith(made["prefix"])
    page = Person(http, "", {"access_token": made["key"]})
    assert [agent["id"] for agent in (await page.done("GET", "/agents"))["items"]] == [str(shop.agent_id)]
    [listed] = (await owner.done("GET", "/api-keys"))["items"]
    assert listed["last_used_at"] is not None
    assert "key" not in listed
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        stored = (await session.execute(text("SELECT row_to_json(api_keys)::text FROM api_keys"))).scalar_one()
    assert made["key"][len(made["prefix"]) :] not in stored
    too_much = await owner.send("POST", "/api-keys", {"name": "More", "scopes": ["agents:read", "users:write"]})
    assert [error["pointer"] for error in too_much.json()["errors"]] == ["/scopes/1"]
    await owner.done("DELETE", f"/api-keys/{made['id']}")
    assert (await page.send("GET", "/agents")).status_code == 401


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/api-keys", {"name": "x", "scopes": ["chat"], "expires_at": "9999-12-31T23:59:59-12:00"}, "/expires_at"),
        ("/api-keys", {"name": "x", "scopes": ["chat"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ("/api-keys", {"name": "x", "scopes": []}, "/scopes"),
        ("/api-keys", {"name": "x\u0000", "scopes": ["chat"]}, "/name"),
        ("/users", {"email": "\u0130" * 126 + "@example.com", "role": "staff"}, "/email"),
        ("/users", {"email": "ann@nowhere", "role": "staff"}, "/email"),
        ("/users", {"email": "ann@example.com", "role": "king"}, "/role"),
        ("/users", {"email": "ann@example.com", "role": "staff", "name": "x" * 121}, "/name"),
        ("/auth/password", {"current_password": "\ud800", "new_password": "x"}, "/current_password"),
    ],
)
async def test_what_is_not_valid_is_named(owner: Person, path: str, body: dict[str, Any], pointer: str) -> None:
    content = json.dumps(body).encode()
    headers = {**owner.headers, "Content-Type": "application/json"}
    answer = await owner.http.post(path, content=content, headers=headers)
    assert answer.status_code == 422, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_password_of_another_system_is_taken_over(
    installation: Installation, http: httpx.AsyncClient, shop: Shop, owner: Person
) -> None:
    old = bcrypt.hashpw(b"short one", bcrypt.gensalt(4)).decode()
    email = f"{uuid7()}@example.com"
    made = await owner.done("POST", "/users", {"email": email, "role": "staff", "bcrypt_hash": old})
    assert made["invitation"] is None
    await sign_in(http, email, "short one")
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        kept = await session.execute(text("SELECT password_hash FROM users WHERE id = :id"), {"id": UUID(made["id"])})
        assert kept.scalar_one().startswith("$argon2id$")
    await sign_in(http, email, "short one")
    dear = old.replace("$04$", "$31$")
    for strange in (dear, "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdA$aGFzaA", "plain text"):
        body = {"email": f"{uuid7()}@example.com", "role": "staff", "bcrypt_hash": strange}
        assert (await owner.send("POST", "/users", body)).status_code == 422


async def test_lists_go_on_where_they_stopped(http: httpx.AsyncClient, owner: Person) -> None:
    for _ in range(3):
        await owner.done("POST", "/users", {"email": f"{uuid7()}@example.com", "role": "staff"})
        await owner.done("POST", "/api-keys", {"name": "One", "scopes": ["chat"]})
    for path in ("/users", "/api-keys"):
        whole = (await owner.done("GET", path))["items"]
        first = await owner.done("GET", f"{path}?limit=2")
        rest = await owner.done("GET", f"{path}?cursor={first['next_cursor']}")
        assert [*first["items"], *rest["items"]] == whole
        assert rest["next_cursor"] is None


async def test_only_named_sites_may_call_from_a_browser_and_proxies_are_believed_when_named(
    installation: Installation,
) -> None:
    asked = {"Origin": "https://www.example.com", "Access-Control-Request-Method": "GET"}
    plain = await installation.http.options("/agents", headers=asked)
    assert "access-control-allow-origin" not in plain.headers
    app = create_app(
        installation.services,
        cast(CallCentre, SimpleNamespace(live=LiveCalls(1))),
        max_body_bytes=1 << 20,
        max_upload_bytes=1 << 20,
        documented=False,
        demo_mode=False,
        limits=RequestLimits(),
        allowed_origins=["https://www.example.com"],
        trusted_proxies="127.0.0.1",
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://reception.test") as http:
        named = await http.options("/agents", headers=asked)
        assert named.headers["access-control-allow-origin"] == "https://www.example.com"
        assert "access-control-allow-credentials" not in named.headers
        refused = await http.get("/agents", headers=asked)
        assert refused.headers["access-control-allow-origin"] == "https://www.example.com"
        other = await http.get("/agents", headers={**asked, "Origin": "https://other.example.com"})
        assert "access-control-allow-origin" not in other.headers
        for number in range(20):
            await installation.services.attempts.begin(f"{number}-{uuid7()}@example.com", "203.0.113.9")
        guess = {"email": f"{uuid7()}@example.com", "password": "guess"}
        slowed = await http.post("/auth/login", json=guess, headers={"X-Forwarded-For": "203.0.113.9"})
        assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "30")
        assert (await http.post("/auth/login", json=guess)).status_code == 401
