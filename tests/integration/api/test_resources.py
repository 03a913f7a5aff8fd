"""What a tenant lets be reserved is set up over the API alone."""

import pytest

from reception.domains.access.service import Role
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

TABLE = {"kind": "table", "name": "Table 1", "place": "Terrace", "capacity": 4, "attributes": {"shade": True}}


async def test_a_new_tenant_takes_a_booking_once_it_has_a_table(installation: Installation) -> None:
    shop = await installation.open_shop(tables=0)
    made = await installation.http.post("/resources", json={**TABLE, "place": ""}, headers=shop.headers)
    assert made.status_code == 201, made.text
    body = {
        "agent_id": str(shop.agent_id),
        "message": "Hello, I would like to book a table for two tomorrow at 7:30 pm.",
    }
    reply = (await installation.http.post("/chat/message", json=body, headers=shop.headers)).json()
    for message in ("My name is Alice Miller.", "My phone number is 212 555 0142.", "Yes, please.", "Yes."):
        if reply["actions"]:
            break
        body = {"agent_id": body["agent_id"], "message": message, "conversation_id": reply["conversation_id"]}
        reply = (await installation.http.post("/chat/message", json=body, headers=shop.headers)).json()
    assert [action["name"] for action in reply["actions"]] == ["reservation.created"]
    gone = await installation.http.delete(f"/resources/{made.json()['id']}", headers=shop.headers)
    assert gone.status_code == 409, gone.text


async def test_a_resource_from_creation_to_deletion(installation: Installation) -> None:
    shop = await installation.open_shop(tables=0)
    made = await installation.http.post("/resources", json=TABLE, headers=shop.headers)
    assert made.json() == {"id": made.json()["id"], **TABLE}
    again = await installation.http.post("/resources", json=TABLE, headers=shop.headers)
    assert again.status_code == 409
    listed = await installation.http.get("/resources", headers=shop.headers)
    assert listed.json() == [made.json()]
    path = f"/resources/{made.json()['id']}"
    other = await installation.open_shop()
    assert (await installation.http.delete(path, headers=other.headers)).status_code == 404
    assert (await installation.http.delete(path, headers=shop.headers)).status_code == 204
    assert (await installation.http.delete(path, headers=shop.headers)).status_code == 404
    assert (await installation.http.get("/resources", headers=shop.headers)).json() == []


async def test_bad_resources_are_refused(installation: Installation, shop: Shop) -> None:
    answer = await installation.http.post("/resources", json={**TABLE, "capacity": 0, "name": ""}, headers=shop.headers)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/capacity", "/name"}
    reader = {"Authorization": f"Bearer {installation.token(shop.tenant_id, Role.READ_ONLY)}"}
    assert (await installation.http.post("/resources", json=TABLE, headers=reader)).status_code == 403
    assert (await installation.http.get("/resources", headers=reader)).status_code == 200
