"""Every list that the description of the API names is read by pages, or cannot grow."""

import base64
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import text

from reception.api.paging import cursor_of
from reception.core.ids import uuid7
from reception.domains.conversations import service as conversations
from reception.ports.tools import TurnRecord
from tests.integration.api.furnished import Furnished, furnish
from tests.integration.api.installation import Installation, new_tenant
from tests.integration.api.operations import Document, Operation, operations, resolved

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOT_PAGED = {
    "/auth/sessions": "a user has at most fifty sessions; one more ends the oldest",
    "/provider-keys": "one for each vendor that there is",
    "/demo/agents": "the demo's own businesses",
    "/availability": "one slot, and the few that are nearest",
    "/knowledge/search": "the best `limit` passages; there is no order beyond them",
    "/usage": "one line for each agent, provider and unit of a period that is bounded",
    "/usage/calls/{conversation_id}": "of one conversation",
    "/conversations/{conversation_id}": "the recordings of one conversation, a part for each time it was taken up",
    "/conversations/{conversation_id}/export": "one conversation as a file, whole",
    "/analytics/overview": "a value for each bucket of a period that is bounded",
    "/analytics/calls": "a value for each bucket of a period that is bounded, and the hours of a week",
    "/analytics/reservations": "a value for each bucket of a period that is bounded",
    "/analytics/leads": "a value for each bucket of a period that is bounded",
    "/analytics/knowledge": "a value for each bucket of a period that is bounded, and the first of the questions",
    "/analytics/latency": "a value for each bucket of a period that is bounded",
    "/analytics/cost": "a value for each bucket of a period that is bounded, and the providers there are",
}
"""Answers that hold lists which cannot grow, and why they cannot."""
SOME = 4
_HIGHEST = {"id": str(UUID(int=2**128 - 1)), "time": "2199-12-31T00:00:00+00:00", "number": "999999999", "text": "zzzz"}
_LOWEST = {"id": str(UUID(int=0)), "time": "2000-01-01T00:00:00+00:00", "number": "0", "text": "0"}


@dataclass
class House:
    """A business whose lists grow. `add` by path: puts one more on a list, wherever `count` says."""

    installation: Installation
    http: httpx.AsyncClient
    document: Document
    furnished: Furnished
    count: int = 0
    asked: list[UUID] = field(default_factory=list)

    @property
    def lists(self) -> Iterator[Operation]:
        for one in operations(self.document):
            if one.method == "GET" and one.path not in NOT_PAGED and _holds_list(self.document, one):
                yield one

    def headers(self, operation: Operation) -> dict[str, str]:
        return dict(self.installation.admin if operation.path == "/tenants" else self.furnished.owner)

    async def get(self, operation: Operation, **query: str | int) -> httpx.Response:
        return await self.http.get(
            operation.address(self.furnished.ids), params=httpx.QueryParams(query), headers=self.headers(operation)
        )

    async def page(self, operation: Operation, **query: str | int) -> dict[str, Any]:
        answer = await self.get(operation, **query)
        assert answer.status_code == 200, (str(operation), answer.text)
        page: dict[str, Any] = answer.json()
        assert page.keys() == {"items", "next_cursor"}, str(operation)
        return page

    async def pages(self, operation: Operation, limit: int) -> AsyncIterator[list[str]]:
        """Who is on a list, page by page."""
        cursor = ""
        while True:
            page = await self.page(operation, limit=limit, cursor=cursor)
            found = [_id(item) for item in page["items"]]
            assert len(found) <= limit, str(operation)
            assert page["next_cursor"] is None or len(found) == limit, str(operation)
            yield found
            if page["next_cursor"] is None:
                return
            cursor = page["next_cursor"]

    async def all(self, operation: Operation, limit: int = 200) -> list[str]:
        return [one async for page in self.pages(operation, limit) for one in page]

    async def add(self, operation: Operation) -> None:
        self.count += 1
        await _ADD[operation.path](self)

    async def post(self, path: str, body: Mapping[str, object]) -> None:
        headers = self.installation.admin if path == "/tenants" else self.furnished.owner
        answer = await self.http.post(path, json=body, headers=dict(headers))
        assert answer.is_success, (path, answer.text)

    async def execute(self, statement: str, **values: object) -> None:
        async with self.installation.services.database.tenant_session(self.furnished.tenant_id) as session:
            await session.execute(text(statement), {"tenant_id": self.furnished.tenant_id, **values})


def _id(item: Mapping[str, Any]) -> str:
    return str(next(item[name] for name in ("id", "version", "turn") if name in item))


async def _add_tenant(house: House) -> None:
    await house.post("/tenants", new_tenant(f"page-{uuid7().hex[-12:]}"))


async def _add_user(house: House) -> None:
    await house.post("/users", {"email": f"{uuid7()}@example.com", "role": "staff"})


async def _add_key(house: House) -> None:
    await house.post("/api-keys", {"name": f"Key {house.count}", "scopes": ["agents:read"]})


async def _add_agent(house: House) -> None:
    await house.post("/agents", {"name": f"Agent {house.count}"})


async def _add_version(house: House) -> None:
    path, body = f"/agents/{house.furnished.ids['agent_id']}", {"name": f"Ada {house.count}"}
    answer = await house.http.patch(path, json=body, headers=dict(house.furnished.owner))
    assert answer.is_success, answer.text


async def _add_table(house: House) -> None:
    await house.post("/resources", {"kind": "table", "name": f"Nook {house.count}", "capacity": 4})


async def _add_reservation(house: House) -> None:
    await _add_table(house)
    await house.post("/reservations/walk-ins", {"party_size": 1, "name": "Ann"})


async def _add_entry(house: House) -> None:
    day = (house.installation.services.clock.now() + timedelta(days=4 + house.count % 9)).date().isoformat()
    guest = {"name": "Maria Ramos", "phone": f"+1212555{house.count:04}"}
    await house.post("/waitlist", {"day": day, "at": "19:30:00", "party_size": 4, "guest": guest})


async def _add_lead(house: House) -> None:
    body = {"kind": "message", "name": "Ann", "phone": f"+1212555{house.count:04}", "summary": "Please call"}
    await house.post("/leads", body)


async def _add_conversation(house: House) -> None:
    async with house.installation.services.database.tenant_session(house.furnished.tenant_id) as session:
        agent_id = UUID(house.furnished.ids["agent_id"])
        await conversations.start(
            session, house.furnished.tenant_id, agent_id, conversation_id=uuid7(), channel="chat", caller_phone=""
        )


async def _add_turn(house: House) -> None:
    conversation_id = UUID(house.furnished.ids["conversation_id"])
    async with house.installation.services.database.tenant_session(house.furnished.tenant_id) as session:
        stored = await conversations.load_state(session, conversation_id)
        turn = stored[0] + 1 if stored else 0
        await conversations.record_turn(
            session, house.furnished.tenant_id, conversation_id, TurnRecord(turn, "Hello", (), "Good day.", (), {})
        )


async def _add_document(house: House) -> None:
    """Before all the others and after all of them, in turns."""
    title = f"{'Aa' if house.count % 2 else 'Zz'} {house.count}"
    await house.post("/knowledge/ingest", {"title": title, "text": f"Parking place {house.count} is in the yard."})


async def _add_question(house: House) -> None:
    """One that is new; and of those that there are, the rarest is asked until it is the most frequent."""
    new = uuid7()
    await house.execute(
        "INSERT INTO unanswered_questions (id, tenant_id, question, normalized, group_id)"
        " VALUES (:id, :tenant_id, :words, :words, :id)",
        id=new,
        words=f"is there a pool number {house.count}",
    )
    again = house.asked[:1] * (house.count + 3)
    for asked in [new, *again]:
        await house.execute(
            "INSERT INTO unanswered_askings (id, tenant_id, question_id) VALUES (:id, :tenant_id, :asked)",
            id=uuid7(),
            asked=asked,
        )
    house.asked.append(new)


_ADD: dict[str, Callable[[House], Awaitable[None]]] = {
    "/tenants": _add_tenant,
    "/users": _add_user,
    "/api-keys": _add_key,
    "/agents": _add_agent,
    "/agents/{agent_id}/versions": _add_version,
    "/resources": _add_table,
    "/reservations": _add_reservation,
    "/waitlist": _add_entry,
    "/leads": _add_lead,
    "/messages": _add_lead,
    "/conversations": _add_conversation,
    "/conversations/{conversation_id}/messages": _add_turn,
    "/knowledge/list": _add_document,
    "/knowledge/unanswered": _add_question,
}


def _holds_list(document: Document, operation: Operation) -> bool:
    """Whether an answer is a list, or has one of objects among its fields."""
    schema = resolved(
        document, operation.description["responses"]["200"]["content"].get("application/json", {}).get("schema", {})
    )
    if schema.get("type") == "array":
        return True
    for value in schema.get("properties", {}).values():
        each = resolved(document, value)
        if each.get("type") == "array" and resolved(document, each["items"]).get("type") == "object":
            return True
    return False


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(installation: Installation, http: httpx.AsyncClient) -> House:
    document = (await http.get("/openapi.json")).json()
    made = House(installation, http, document, await furnish(installation, http))
    for operation in made.lists:
        assert operation.path in _ADD, f"say in this file how {operation.path} grows, or why it cannot"
        for _ in range(SOME):
            await made.add(operation)
    return made


async def test_every_list_takes_a_limit_and_a_cursor(house: House) -> None:
    described = {one.path for one in operations(house.document) if one.method == "GET"}
    assert described >= NOT_PAGED.keys()
    for operation in house.lists:
        told = {one["name"]: one["schema"] for one in operation.description["parameters"] if one["in"] == "query"}
        assert told["limit"]["minimum"] == 1, str(operation)
        assert told["limit"]["maximum"] <= 200, str(operation)
        assert told["cursor"]["maxLength"] <= 2000, str(operation)
        assert not {"offset", "page", "skip"} & told.keys(), str(operation)
        for limit in (0, 201, "many"):
            refused = await house.get(operation, limit=limit)
            assert (refused.status_code, refused.json()["code"]) == (422, "unprocessable"), str(operation)


async def test_pages_repeat_and_miss_nothing_while_lists_grow(house: House) -> None:
    for operation in house.lists:
        before = await house.all(operation)
        limit = max(2, len(before) // 3)
        seen: list[str] = []
        async for page in house.pages(operation, limit):
            seen += page
            # The last page would never come if the list grew by as many as a page holds.
            await house.add(operation)
        assert len(seen) == len(set(seen)), f"{operation} repeats an item"
        assert [one for one in seen if one in set(before)] == before, f"{operation} misses an item or changes its order"


async def test_beyond_an_end_there_is_nothing_and_before_the_beginning_everything(house: House) -> None:
    for operation in house.lists:
        there = len(await house.all(operation))
        cursor = (await house.page(operation, limit=1))["next_cursor"]
        found = []
        for extreme in (_LOWEST, _HIGHEST):
            parts = [extreme[_kind(part)] for part in _read(cursor)]
            page = await house.page(operation, limit=200, cursor=cursor_of(*parts))
            found.append((len(page["items"]), page["next_cursor"]))
        assert (0, None) in found, (str(operation), found)
        assert min(there, 200) in {count for count, _ in found}, (str(operation), found)


def _read(cursor: str) -> list[str]:
    parts: list[str] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return parts


def _kind(part: str) -> str:
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", part):
        return "id"
    if re.match(r"\d{4}-\d\d-\d\dT", part):
        return "time"
    return "number" if part.isdigit() else "text"


async def test_what_is_no_cursor_is_refused_in_the_one_format(house: House) -> None:
    for operation in house.lists:
        ours = _read((await house.page(operation, limit=1))["next_cursor"])
        bad = ["!", "0", "W10", cursor_of(), cursor_of(*ours, "more"), cursor_of(*["\0"] * len(ours))]
        bad += [
            base64.urlsafe_b64encode(told).decode() for told in (b"[1]", b"{}", b"[" * 900, b'["\\ud800"]', b"\xff")
        ]
        bad += [cursor_of(*["9" * 30] * len(ours)), cursor_of(*["-1"] * len(ours))]
        for cursor in bad:
            refused = await house.get(operation, cursor=cursor)
            assert refused.status_code == 422, (str(operation), cursor, refused.text)
            assert refused.headers["content-type"] == "application/problem+json"
            assert refused.json()["errors"][0]["pointer"] == "/cursor", (str(operation), cursor)
        long = await house.get(operation, cursor="A" * 2001)
        assert long.status_code == 422
        assert long.json()["errors"][0]["parameter"] == "cursor"


async def test_a_cursor_of_another_tenant_shows_nothing_of_theirs(house: House) -> None:
    other = await house.installation.open_shop()
    for operation in house.lists:
        if operation.path == "/tenants" or operation.path_parameters:
            continue
        cursor = (await house.page(operation, limit=1))["next_cursor"]
        path, query = operation.path, {"cursor": cursor, "limit": 200}
        shown = (await house.http.get(path, params=query, headers=other.headers)).json()["items"]
        assert not {_id(one) for one in shown} & {*await house.all(operation)}, str(operation)


async def test_a_long_title_still_makes_a_cursor(house: House) -> None:
    title = "\N{GRINNING FACE}" * 200
    for name, words in ((title, "Cash only."), (title[1:], "No cards.")):
        await house.post("/knowledge/ingest", {"title": name, "text": words})
    [operation] = [one for one in house.lists if one.path == "/knowledge/list"]
    assert await house.all(operation, limit=1) == await house.all(operation)
