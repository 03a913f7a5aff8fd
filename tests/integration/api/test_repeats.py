"""Changes that are made only to what was read, and requests that may be sent again."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from reception.core.clock import FixedClock
from reception.core.errors import Conflict
from reception.core.ids import uuid7
from reception.jobs.expiry import Expiry
from reception.runtime.repeats import Repeats
from tests.integration.api.furnished import Furnished, furnish
from tests.integration.api.installation import Installation, Shop, new_tenant
from tests.integration.api.operations import operations

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "/tenants/{tenant_id}": {"phone": "+12125550177"},
    "/agents/{agent_id}": {"settings": {"patience": 1.5}},
    "/users/{user_id}": {"name": "Somebody Else"},
    "/resources/{resource_id}": {"capacity": 7},
    "/reservations/{reservation_id}": {"guest": {"name": "Bob Sample", "phone": "+12125550143"}},
    "/leads/{lead_id}": {"notes": "Called back"},
    "/messages/{message_id}": {"status": "read"},
}
MAKES_NOTHING = {
    *("/auth/login", "/auth/refresh", "/auth/logout", "/auth/password", "/auth/password/choose", "/demo/token"),
    *(f"/reservations/{{reservation_id}}/{act}" for act in ("move", "cancel", "confirm", "late", "seat", "no-show")),
    *(f"/waitlist/{{entry_id}}/{act}" for act in ("accept", "leave")),
}
"""Sessions have rules of their own, and what is done to something that is there is done or refused the second time."""
_ANSWER = text(
    """
    INSERT INTO answer_cache (
        id, tenant_id, agent_id, locale, question, question_hash, key, agent_version, business_version,
        knowledge_version, answer, cost_ms, cost_tokens, created_at, expires_at
    )
    SELECT gen_random_uuid(), tenant_id, id, 'en', 'Is there a garden?', '\\x01', '\\x01', 1, 1, 1, '{}', 0, 0,
        :now, :now + interval '12 h'
    FROM agents WHERE id = :agent_id
    """
)
"""Kept for twelve hours from `now`."""
GUEST = {"name": "Maria Ramos", "phone": "+12125550142"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(installation: Installation, http: httpx.AsyncClient) -> Furnished:
    return await furnish(installation, http)


async def test_every_patch_is_made_only_to_what_was_read(house: Furnished, http: httpx.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()
    patches = {one.path: one.address(house.ids) for one in operations(document) if one.method == "PATCH"}
    assert patches.keys() == CHANGES.keys(), "say in CHANGES how it is changed"
    for template, path in patches.items():
        headers, change = dict(house.owner), CHANGES[template]
        tag = (await http.get(path, headers=headers)).headers["etag"]
        changed = await http.patch(path, json=change, headers={**headers, "If-Match": tag})
        assert changed.status_code == 200, (path, changed.text)
        assert changed.headers["etag"] != tag
        late = await http.patch(path, json=change, headers={**headers, "If-Match": tag})
        assert (late.status_code, late.json()["code"]) == (412, "precondition_failed"), path
        now = (await http.get(path, headers=headers)).headers["etag"]
        assert now == changed.headers["etag"]
        other = {**headers, "If-Match": f'"x", {now}'}
        assert (await http.patch(path, json=change, headers=other)).status_code == 200, path


async def test_of_changes_at_once_to_what_was_read_one_is_made(house: Furnished, http: httpx.AsyncClient) -> None:
    for path in (f"/leads/{house.ids['lead_id']}", f"/resources/{house.ids['resource_id']}"):
        read = await http.get(path, headers=dict(house.owner))
        headers = {**house.owner, "If-Match": read.headers["etag"]}
        bodies = [{"notes": f"Note {number}"} if "leads" in path else {"capacity": 10 + number} for number in range(4)]
        answers = await asyncio.gather(*(http.patch(path, json=body, headers=headers) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def _creations(house: Furnished, http: httpx.AsyncClient) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """A request of each kind, and another one, as arguments of httpx."""
    day, agent_id = await _day(http, house), house.ids["agent_id"]
    slots = []
    for at in ("12:00", "18:00"):
        query = {"day": day, "at": at}
        slots.append((await http.get("/availability", params=query, headers=dict(house.owner))).json()["exact"]["id"])
    booked = [{"slot_id": slot, "guest": GUEST} for slot in slots]
    chat = {"agent_id": agent_id, "message": "Hello"}
    other_agent = (await http.post("/agents", json={"name": "Cain"}, headers=dict(house.owner))).json()["id"]
    drafted = await http.patch(
        f"/agents/{agent_id}?draft=true", json={"settings": {"patience": 2.0}}, headers=dict(house.owner)
    )
    assert drafted.status_code == 200, drafted.text
    bodies: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "/tenants": (new_tenant("once-made"), new_tenant("another-made")),
        "/users": ({"email": "new@example.com", "role": "staff"}, {"email": "other@example.com", "role": "staff"}),
        "/api-keys": ({"name": "One", "scopes": ["chat"]}, {"name": "Two", "scopes": ["chat"]}),
        "/agents": ({"name": "Eve"}, {"name": "Adam"}),
        "/agents/{agent_id}/publish": ({"note": "Patient"}, {"note": "Hasty"}),
        "/agents/{agent_id}/rollback": ({"version": 1}, {"version": 1, "note": "Again"}),
        "/agents/{agent_id}/tool-secret/rotate": ({"overlap_hours": 1}, {"overlap_hours": 2}),
        "/resources": ({"kind": "table", "name": "Nook"}, {"kind": "table", "name": "Bay"}),
        "/reservations": (booked[0], booked[1]),
        "/reservations/walk-ins": ({"party_size": 1, "minutes": 15}, {"party_size": 2, "minutes": 15}),
        "/waitlist": (
            {"day": day, "at": "19:30:00", "guest": GUEST},
            {"day": day, "at": "20:30:00", "guest": GUEST},
        ),
        "/leads": ({"summary": "Please call"}, {"summary": "Please write"}),
        "/knowledge/ingest": ({"title": "Pets", "text": "Dogs welcome."}, {"title": "Pets", "text": "No dogs."}),
        "/chat/message": (chat, {**chat, "message": "Goodbye"}),
        "/voice/tickets": ({"agent_id": agent_id}, {"agent_id": other_agent}),
    }
    return {path: ({"json": body}, {"json": other}) for path, (body, other) in bodies.items()} | {
        "/knowledge/upload": (_upload("Dogs sleep in the barn."), _upload("Dogs sleep in the yard.")),
        "/users/{user_id}/password-token": ({}, {}),
    }


def _upload(text: str) -> dict[str, Any]:
    return {"files": [("files", ("dogs.txt", text.encode()))], "data": {"kind": "policy"}}


async def _day(http: httpx.AsyncClient, house: Furnished) -> str:
    reservation = await http.get(f"/reservations/{house.ids['reservation_id']}", headers=dict(house.owner))
    begins = datetime.fromisoformat(reservation.json()["starts_at"])
    return (begins + timedelta(days=10)).date().isoformat()


async def test_what_is_sent_again_is_done_once_and_answered_alike(
    house: Furnished, installation: Installation, http: httpx.AsyncClient
) -> None:
    document = (await http.get("/openapi.json")).json()
    posts = {one.path: one for one in operations(document) if one.method == "POST"}
    taking = {
        path
        for path, one in posts.items()
        if any(each["name"] == "Idempotency-Key" for each in one.description.get("parameters", ()))
    }
    creations = await _creations(house, http)
    assert posts.keys() - MAKES_NOTHING == taking == creations.keys()
    for template, (body, other) in creations.items():
        path = posts[template].address(house.ids)
        bearer = installation.admin if template == "/tenants" else house.owner
        headers = {**bearer, "Idempotency-Key": "once-1"}
        first = await http.post(path, headers=headers, **body)
        assert first.is_success, (path, first.text)
        again = await http.post(path, headers=headers, **body)
        assert (again.status_code, again.content) == (first.status_code, first.content), (path, again.text)
        assert again.headers.get("etag") == first.headers.get("etag")
        assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
        told = posts[template].description["responses"][str(first.status_code)]
        assert "Idempotency-Replayed" in told["headers"], path
        if body != other:
            refused = await http.post(path, headers=headers, **other)
            assert (refused.status_code, refused.json()["code"]) == (422, "unprocessable"), path
    agents = (await http.get("/agents", headers=dict(house.owner))).text
    assert agents.count('"Eve"') == 1


async def test_a_ticket_that_is_good_no_more_is_not_told_again(installation: Installation, shop: Shop) -> None:
    headers, body = {**shop.headers, "Idempotency-Key": "one-call"}, {"agent_id": str(shop.agent_id)}
    first = await installation.http.post("/voice/tickets", json=body, headers=headers)
    assert first.status_code == 200, first.text
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        await session.execute(text("UPDATE idempotent_requests SET begun_at = begun_at - interval '1 min'"))
    late = await installation.http.post("/voice/tickets", json=body, headers=headers)
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert "send a new key" in late.json()["detail"]
    headers["Idempotency-Key"] = "another-call"
    another = await installation.http.post("/voice/tickets", json=body, headers=headers)
    assert (another.status_code, another.json()["ticket"] != first.json()["ticket"]) == (200, True)


async def test_answers_outlive_a_change_of_the_signing_key_and_no_more_than_that(
    installation: Installation, shop: Shop
) -> None:
    database, clock = installation.services.database, FixedClock(datetime.now(UTC))

    async def secret() -> str:
        return "a secret"

    for tenant_id in (shop.tenant_id, None):
        await Repeats(database, ("the first key",), clock).once(tenant_id, "a key", "asked", secret)
        changed = Repeats(database, ("the second key", "the first key"), clock)
        assert await changed.once(tenant_id, "a key", "asked", secret) == ("a secret", True)
        with pytest.raises(Conflict, match="look for what it made"):
            await Repeats(database, ("the second key",), clock).once(tenant_id, "a key", "asked", secret)


async def test_visitors_of_the_demo_do_not_share_their_keys(installation: Installation) -> None:
    (agent, *_) = (await installation.http.get("/demo/agents")).json()
    named = {"agent_id": agent["agent_id"]}
    conversations = set()
    for _ in range(2):
        token = (await installation.http.post("/demo/token", json=named)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "1"}
        reply = await installation.http.post("/chat/message", json={**named, "message": "Hello"}, headers=headers)
        conversations.add(reply.json()["conversation_id"])
    assert len(conversations) == 2


async def test_at_once_it_is_done_once_too(installation: Installation, shop: Shop) -> None:
    headers = {**shop.headers, "Idempotency-Key": str(uuid7())}
    answers = await asyncio.gather(
        *(installation.http.post("/agents", json={"name": "Eve"}, headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert (await installation.http.get("/agents", headers=shop.headers)).text.count('"Eve"') == 1


async def test_a_key_is_good_for_whoever_made_it_up(installation: Installation, shop: Shop) -> None:
    other = await installation.open_shop()
    lead = {"summary": "Please call"}
    ids = set()
    for business in (shop, other):
        headers = {**business.headers, "Idempotency-Key": "the-same"}
        ids.add((await installation.http.post("/leads", json=lead, headers=headers)).json()["id"])
    assert len(ids) == 2


async def test_what_failed_may_be_sent_again(installation: Installation, shop: Shop) -> None:
    headers = {**shop.headers, "Idempotency-Key": "second-try"}
    body = {"kind": "table", "name": "Table 1"}
    taken = await installation.http.post("/resources", json=body, headers=headers)
    assert taken.status_code == 409, taken.text
    assert "name" in taken.text.lower()
    mended = await installation.http.post("/resources", json={**body, "name": "Table 9"}, headers=headers)
    assert mended.status_code == 201, mended.text


async def test_what_was_cut_off_is_not_done_again(installation: Installation, shop: Shop) -> None:
    headers = {**shop.headers, "Idempotency-Key": "cut-off"}
    lead = {"summary": "Please call"}
    assert (await installation.http.post("/leads", json=lead, headers=headers)).status_code == 201
    database = installation.services.database
    async with database.tenant_session(shop.tenant_id) as session:
        stored = (await session.execute(text("SELECT answer FROM idempotent_requests"))).scalar_one()
        assert b"Please call" not in stored
        await session.execute(
            text("UPDATE idempotent_requests SET answer = NULL, sealed_under = NULL, begun_at = now() - interval '1 h'")
        )
    refused = await installation.http.post("/leads", json=lead, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    async with database.tenant_session(shop.tenant_id) as session:
        await session.execute(text("UPDATE idempotent_requests SET begun_at = now() - interval '25 h'"))
    assert (await installation.http.post("/leads", json=lead, headers=headers)).status_code == 201


async def test_what_is_kept_for_a_time_is_gone_after_it_unasked(installation: Installation, shop: Shop) -> None:
    database, clock = installation.services.database, FixedClock(datetime.now(UTC))
    headers = {**shop.headers, "Idempotency-Key": "once"}
    assert (await installation.http.post("/leads", json={"summary": "Call me"}, headers=headers)).status_code == 201
    async with database.tenant_session(shop.tenant_id) as session:
        await session.execute(_ANSWER, {"agent_id": shop.agent_id, "now": clock.now()})

    async def kept_after(hours: int) -> tuple[int, int]:
        clock.advance(timedelta(hours=hours))
        await Expiry(database, clock, timedelta(days=14)).delete()
        async with database.tenant_session(shop.tenant_id) as session:
            requests = (await session.execute(text("SELECT count(*) FROM idempotent_requests"))).scalar_one()
            return requests, (await session.execute(text("SELECT count(*) FROM answer_cache"))).scalar_one()

    assert [await kept_after(hours) for hours in (11, 2, 10, 2)] == [(1, 1), (1, 0), (1, 0), (0, 0)]


async def test_a_strange_key_is_refused(installation: Installation, shop: Shop) -> None:
    for key in ("", "x" * 201, "with blanks in it"):
        answer = await installation.http.post(
            "/leads", json={"summary": "Hi"}, headers={**shop.headers, "Idempotency-Key": key}
        )
        assert answer.status_code == 422, key
        assert answer.json()["errors"][0]["parameter"].lower() == "idempotency-key"
