"""What a tenant lets be reserved is set up over the API alone."""

import pytest
from sqlalchemy import event

from reception.domains.access.service import Role
from reception.domains.reservations.models import ResourceRow
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
    more = {"smallest_party": 1, "joins": [], "hours": {"weekly": [], "absences": []}}
    assert made.json() == {"id": made.json()["id"], **TABLE, **more}
    again = await installation.http.post("/resources", json=TABLE, headers=shop.headers)
    assert again.status_code == 409
    listed = await installation.http.get("/resources", headers=shop.headers)
    assert listed.json() == {"items": [made.json()], "next_cursor": None}
    path = f"/resources/{made.json()['id']}"
    other = await installation.open_shop()
    assert (await installation.http.delete(path, headers=other.headers)).status_code == 404
    assert (await installation.http.delete(path, headers=shop.headers)).status_code == 204
    assert (await installation.http.delete(path, headers=shop.headers)).status_code == 404
    assert (await installation.http.get("/resources", headers=shop.headers)).json()["items"] == []


async def test_one_resource_is_read_without_the_others(installation: Installation) -> None:
    shop = await installation.open_shop(tables=3)
    items = (await installation.http.get("/resources", headers=shop.headers)).json()["items"]
    read: list[str] = []

    def note(row: ResourceRow, _: object) -> None:
        read.append(row.name)

    event.listen(ResourceRow, "load", note)
    try:
        one = await installation.http.get(f"/resources/{items[1]['id']}", headers=shop.headers)
    finally:
        event.remove(ResourceRow, "load", note)
    assert (one.json(), read) == (items[1], ["Table 2"])


async def test_people_and_joined_tables_are_set_up_and_changed(installation: Installation, shop: Shop) -> None:
    http, headers = installation.http, shop.headers
    second = await http.post("/resources", json={"kind": "table", "name": "Table 2", "capacity": 4}, headers=headers)
    assert second.status_code == 201, second.text
    joined = {"kind": "table", "name": "Both", "capacity": 8, "smallest_party": 5, "joins": ["Table 1", "Table 2"]}
    both = await http.post("/resources", json=joined, headers=headers)
    assert both.json()["joins"] == ["Table 1", "Table 2"]
    held = await http.delete(f"/resources/{second.json()['id']}", headers=headers)
    assert held.status_code == 409
    third = await http.post("/resources", json={"kind": "table", "name": "Table 3", "capacity": 4}, headers=headers)
    assert third.status_code == 201, third.text
    one = f"/resources/{third.json()['id']}"
    of_itself = await http.patch(one, json={"joins": ["Table 1", "Table 3"]}, headers=headers)
    assert [error["pointer"] for error in of_itself.json()["errors"]] == ["/joins/1"]
    part = await http.patch(
        f"/resources/{second.json()['id']}", json={"joins": ["Table 1", "Table 3"]}, headers=headers
    )
    assert (part.status_code, part.json()["code"]) == (409, "conflict"), part.text
    assert (await http.delete(one, headers=headers)).status_code == 204
    mia = await http.post("/resources", json={"kind": "staff", "name": "Mia"}, headers=headers)
    path = f"/resources/{mia.json()['id']}"
    absence = {"first": "2027-03-01", "last": "2027-03-05", "starts": None, "ends": "12:00:00", "reason": "a course"}
    changed = await http.patch(path, json={"hours": {"absences": [absence]}}, headers=headers)
    assert changed.status_code == 200, changed.text
    assert changed.json()["hours"] == {"weekly": [], "absences": [absence]}
    assert (await http.patch(path, json={"name": "Mia B."}, headers=headers)).json()["hours"]["absences"] == [absence]
    wrong = {"hours": {"absences": [{**absence, "last": "2027-02-01"}]}}
    refused = await http.patch(path, json=wrong, headers=headers)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/hours/absences/0/last"]
    stranger = await installation.open_shop()
    assert (await http.patch(path, json={"name": "Zoe"}, headers=stranger.headers)).status_code == 404
    assert (await http.get(f"/tenants/{shop.tenant_id}", headers=headers)).json()["staff"] == ["Mia B."]


async def test_bad_resources_are_refused(installation: Installation, shop: Shop) -> None:
    answer = await installation.http.post("/resources", json={**TABLE, "capacity": 0, "name": ""}, headers=shop.headers)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/capacity", "/name"}
    reader = {"Authorization": f"Bearer {installation.token(shop.tenant_id, Role.READ_ONLY)}"}
    assert (await installation.http.post("/resources", json=TABLE, headers=reader)).status_code == 403
    assert (await installation.http.get("/resources", headers=reader)).status_code == 200
