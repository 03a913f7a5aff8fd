"""Reservations, the waitlist and leads over the API, by people at the desk."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from reception.domains.access.service import Role
from reception.domains.leads.service import create_lead
from reception.ports.tools import CreateLead
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANN = {"name": "Ann Example", "phone": "+12125550101", "email": "", "notes": "", "requests": []}
BOB = {**ANN, "name": "Bob Sample", "phone": "+12125550102"}
NUTS = {"kind": "allergy", "text": "peanuts"}


class Desk:
    """One shop's staff with the API."""

    def __init__(self, installation: Installation, shop: Shop, role: Role = Role.STAFF) -> None:
        self._http = installation.http
        self._headers = {"Authorization": f"Bearer {installation.token(shop.tenant_id, role)}"}
        self.day = (installation.services.clock.now() + timedelta(days=3)).date().isoformat()

    async def get(self, path: str, expect: int = 200, **query: Any) -> Any:
        answer = await self._http.get(path, params=query, headers=self._headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, expect: int = 200, **headers: str) -> Any:
        answer = await self._http.post(path, json=body, headers={**self._headers, **headers})
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def patch(self, path: str, body: Any, expect: int = 200) -> Any:
        answer = await self._http.patch(path, json=body, headers=self._headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def slot(self, at: str = "19:00", party: int = 2) -> str:
        found = await self.get("/availability", day=self.day, at=at, party_size=party)
        assert found["exact"] is not None, found
        return str(found["exact"]["id"])

    async def book(self, at: str = "19:00", guest: Any = ANN, **headers: str) -> Any:
        body = {"slot_id": await self.slot(at), "guest": guest}
        return await self.post("/reservations", body, 201, **headers)


async def test_a_reservation_is_made_moved_noted_and_cancelled(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    slot_id = await desk.slot()
    made = await desk.post("/reservations", {"slot_id": slot_id, "guest": {**ANN, "requests": [NUTS]}}, 201)
    assert (made["status"], made["guest"]["requests"], made["resources"]) == ("confirmed", [NUTS], ["Table 1"])
    assert made["starts_at"].startswith(f"{desk.day}T19:00:00-0")
    taken = await desk.post("/reservations", {"slot_id": slot_id, "guest": BOB}, 409)
    assert taken["code"] == "slot_taken"
    full = await desk.get("/availability", day=desk.day, at="19:00", party_size=2)
    assert (full["exact"], full["refusal"], len(full["alternatives"])) == (None, "full", 3)

    path = f"/reservations/{made['id']}"
    moved = await desk.post(f"{path}/move", {"slot_id": await desk.slot("21:00")})
    assert (moved["starts_at"][11:16], moved["guest"], moved["reference"]) == (
        "21:00", made["guest"], made["reference"],
    )  # fmt: skip
    assert (await desk.post(f"{path}/confirm"))["reconfirmed_at"] is not None
    changed = await desk.patch(path, {"guest": {**BOB, "notes": "by the window"}})
    assert (changed["guest"]["name"], changed["guest"]["requests"]) == ("Bob Sample", [])
    assert (await desk.post(f"{path}/late", {"minutes": 10}, 409))["code"] == "conflict"
    assert (await desk.post(f"{path}/seat", expect=409))["code"] == "conflict"
    assert (await desk.post(f"{path}/no-show", expect=409))["code"] == "conflict"
    assert (await desk.post(f"{path}/cancel"))["status"] == "cancelled"
    assert (await desk.post(f"{path}/cancel"))["status"] == "cancelled"
    assert (await desk.get(path))["status"] == "cancelled"
    await desk.post(f"{path}/move", {"slot_id": slot_id}, 404)


async def test_a_booking_sent_twice_is_made_once(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    body = {"slot_id": await desk.slot(), "guest": ANN}
    first = await desk.post("/reservations", body, 201, **{"Idempotency-Key": "abc"})
    assert await desk.post("/reservations", body, 201, **{"Idempotency-Key": "abc"}) == first
    other = {"slot_id": await desk.slot("22:00"), "guest": ANN}
    await desk.post("/reservations", other, 422, **{"Idempotency-Key": "abc"})
    assert len((await desk.get("/reservations"))["items"]) == 1


async def test_who_walks_in_is_seated_and_who_does_not_come_is_noted(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    seated = await desk.post("/reservations/walk-ins", {"party_size": 3, "minutes": 30}, 201)
    assert (seated["status"], seated["guest"]["name"], seated["resources"]) == ("seated", "Walk-in", ["Table 1"])
    assert (await desk.post("/reservations/walk-ins", {"party_size": 2}, 409))["code"] == "slot_taken"
    too_many = await desk.post("/reservations/walk-ins", {"party_size": 2, "table": "Table 9"}, 422)
    assert too_many["errors"][0]["pointer"] == "/table"
    listed = await desk.get("/reservations", status="seated")
    assert [one["id"] for one in listed["items"]] == [seated["id"]]


async def test_reservations_are_listed_by_pages(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    times = ["11:00", "13:00", "15:00", "17:00", "19:00"]
    made = [await desk.book(at, ANN if at < "16" else BOB) for at in times]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await desk.get("/reservations", limit=2, cursor=cursor)
        assert len(page["items"]) <= 2
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [one["id"] for one in made]
    for query, expected in (
        ({"phone": BOB["phone"]}, made[3:]),
        ({"name": "sample"}, made[3:]),
        ({"reference": made[1]["reference"]}, made[1:2]),
        ({"first": desk.day, "last": desk.day, "resource": "Table 1"}, made),
        ({"resource": "Table 2"}, []),
        ({"status": "cancelled"}, []),
    ):
        found = await desk.get("/reservations", **query)
        assert [one["id"] for one in found["items"]] == [one["id"] for one in expected], query
    for cursor in ("rubbish", "W10", "WyJ4IiwieSJd"):
        bad = await desk.get("/reservations", 422, cursor=cursor)
        assert bad["errors"][0]["pointer"] == "/cursor"


async def test_who_waits_gets_what_frees(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    made = await desk.book()
    wish = {"day": desk.day, "at": "19:00", "earliest": "18:30", "latest": "19:30", "party_size": 2, "guest": BOB}
    waiting = await desk.post("/waitlist", wish, 201)
    assert (waiting["status"], waiting["offer"]) == ("waiting", None)
    assert waiting["earliest"][11:16] == "18:30"
    assert [one["id"] for one in (await desk.get("/waitlist", day=desk.day))["items"]] == [waiting["id"]]
    await desk.post(f"/waitlist/{waiting['id']}/accept", expect=404)
    await desk.post(f"/reservations/{made['id']}/cancel")
    offered = await desk.get(f"/waitlist/{waiting['id']}")
    assert (offered["status"], offered["offer"]["status"]) == ("offered", "held")
    accepted = await desk.post(f"/waitlist/{waiting['id']}/accept")
    assert (accepted["status"], accepted["offer"]["status"]) == ("accepted", "confirmed")
    assert accepted["offer"]["guest"]["name"] == "Bob Sample"
    assert (await desk.get("/waitlist"))["items"] == []
    assert len((await desk.get("/waitlist", status="accepted"))["items"]) == 1
    await desk.post(f"/waitlist/{waiting['id']}/leave", expect=409)
    bad = await desk.post("/waitlist", {**wish, "party_size": 400}, 422)
    assert bad["errors"][0]["pointer"] == "/party_size"
    bad = await desk.post("/waitlist", {key: wish[key] for key in ("day", "guest", "party_size")}, 422)
    assert bad["errors"][0]["pointer"] == "/at"


async def test_leads_are_read_and_taken_further(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    async with installation.services.database.tenant_session(shop.tenant_id) as session:
        for number in range(3):
            lead = CreateLead("message", "Ann", f"+1212555010{number}", "Call me", {"day": number}, "Laura Bennett")
            await create_lead(session, shop.tenant_id, None, lead)
        await create_lead(session, shop.tenant_id, None, CreateLead("large_party", "Bob", "", "Forty", {}))
    first = await desk.get("/leads", kind="message", recipient="laura bennett", limit=2)
    rest = await desk.get("/leads", kind="message", limit=2, cursor=first["next_cursor"])
    leads = [*first["items"], *rest["items"]]
    assert [one["details"]["day"] for one in leads] == [2, 1, 0]
    assert rest["next_cursor"] is None
    path = f"/leads/{leads[0]['id']}"
    changed = await desk.patch(path, {"stage": "contacted", "assignee": "Dana"})
    assert (changed["stage"], changed["assignee"], changed["notes"]) == ("contacted", "Dana", "")
    assert (await desk.get(path)) == changed
    assert [one["id"] for one in (await desk.get("/leads", assignee="dana"))["items"]] == [leads[0]["id"]]
    assert len((await desk.get("/leads", stage="new"))["items"]) == 3
    await desk.patch(path, {"stage": "asleep"}, 422)
    await desk.get("/leads", 422, cursor="rubbish")


async def test_strangers_see_nothing_and_readers_change_nothing(installation: Installation, shop: Shop) -> None:
    desk, stranger = Desk(installation, shop), Desk(installation, await installation.open_shop())
    made = await desk.book()
    path = f"/reservations/{made['id']}"
    await stranger.get(path, 404)
    for act in ("cancel", "confirm", "seat", "no-show"):
        await stranger.post(f"{path}/{act}", expect=404)
    assert (await stranger.get("/reservations"))["items"] == []
    slot_id = await desk.slot("22:00")
    foreign = await stranger.post("/reservations", {"slot_id": slot_id, "guest": BOB}, 422)
    assert foreign["errors"][0]["pointer"] == "/slot/slot_id"
    reader = Desk(installation, shop, Role.READ_ONLY)
    assert (await reader.get(path))["id"] == made["id"]
    for denied in (f"{path}/cancel", "/waitlist", "/reservations/walk-ins"):
        await reader.post(denied, {}, 403)
    assert (await installation.http.get(path)).status_code == 401


async def test_bad_questions_are_told_what_is_wrong(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    assert (await desk.get("/availability", 422, day=desk.day))["errors"][0]["pointer"] == "/at"
    for bad in (
        {"day": "2027-02-29", "at": "19:00"},
        {"day": "9999-12-31", "at": "19:00"},
        {"day": desk.day, "at": "25:00"},
        {"day": desk.day, "at": "19:00Z"},
    ):
        await desk.get("/availability", 422, **bad)
    for bad in (
        {"first": "0001-01-01"}, {"last": "9999-12-31"}, {"name": "\0"}, {"place": "\0abc"}, {"reference": "\0"},
        {"resource": "\0"},
    ):  # fmt: skip
        await desk.get("/reservations", 422, **bad)
    for field in ("phone", "kind", "recipient", "assignee"):
        await desk.get("/leads", 422, **{field: "\0"})
    for size in (0, 1001):
        await desk.get("/availability", 422, day=desk.day, at="19:00", party_size=size)
    crowd = await desk.get("/availability", day=desk.day, at="19:00", party_size=400)
    assert (crowd["refusal"], crowd["alternatives"]) == ("party_too_large", [])
    past = await desk.get("/availability", day="2020-02-29", at="19:00", party_size=2)
    assert past["refusal"] == "past"
    body = {"slot_id": await desk.slot(), "guest": {**ANN, "phone": "555"}}
    assert (await desk.post("/reservations", body, 422))["errors"][0]["pointer"] == "/guest/phone"


async def test_what_has_passed_cannot_be_booked(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    version, kind, start, end, *rest = json.loads(base64.urlsafe_b64decode(f"{await desk.slot()}=="))
    week_s = 7 * 24 * 3600
    claim = json.dumps([version, kind, start - week_s, end - week_s, *rest], separators=(",", ":"))
    gone = base64.urlsafe_b64encode(claim.encode()).rstrip(b"=").decode()
    refused = await desk.post("/reservations", {"slot_id": gone, "guest": ANN}, 409)
    assert (refused["code"], refused["title"]) == ("time_passed", "That time has already passed")
    made = await desk.book()
    moved = await desk.post(f"/reservations/{made['id']}/move", {"slot_id": gone}, 409)
    assert moved["code"] == "time_passed"
    assert (await desk.get(f"/reservations/{made['id']}"))["starts_at"] == made["starts_at"]


async def test_a_reference_that_can_be_none_lists_nothing(installation: Installation, shop: Shop) -> None:
    desk = Desk(installation, shop)
    await desk.book()
    assert (await desk.get("/reservations", reference="---"))["items"] == []
