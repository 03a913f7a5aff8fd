"""Analytics over HTTP: figures of what really took place, as JSON and as a table that does no harm."""

import csv
import io
from typing import Any

import pytest

from reception.api.tables import write_csv
from reception.domains.access.service import Role
from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPORTS = ("overview", "calls", "reservations", "leads", "knowledge", "latency", "cost")


async def _get(installation: Installation, shop: Shop, path: str, expect: int = 200, **query: Any) -> Any:
    token = installation.token(shop.tenant_id, Role.READ_ONLY)
    answer = await installation.http.get(
        f"/analytics/{path}", params=query, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == expect, answer.text
    return answer.json() if answer.headers["content-type"] != "text/csv; charset=utf-8" else answer.text


async def test_what_took_place_is_told(installation: Installation, shop: Shop) -> None:
    body: dict[str, Any] = {"agent_id": str(shop.agent_id), "message": "Do you rent out skis?"}
    asked = await installation.http.post("/chat/message", json=body, headers=shop.headers)
    assert asked.status_code == 200
    other = await installation.open_shop()
    for path in REPORTS:
        told = await _get(installation, shop, path)
        assert (len(told["series"]), told["bucket"], told["timezone"]) == (30, "day", "America/New_York")
        assert told["totals"].keys() == told["before"].keys() == told["series"][0]["figures"].keys()
        assert told["series"][-1]["starts_at"].startswith(f"{told['to']}T00:00:00-0")
    calls = await _get(installation, shop, "calls")
    assert (calls["totals"]["conversations"], calls["totals"]["chats"], calls["totals"]["containment"]) == (1, 1, 1.0)
    assert calls["series"][-1]["figures"]["conversations"] == 1
    assert calls["intents"] == [{"intent": "question", "times": 1, "before": 0}]
    knowledge = await _get(installation, shop, "knowledge")
    assert (knowledge["totals"]["questions"], knowledge["totals"]["unanswered"]) == (1, 1)
    assert "skis" in knowledge["top_unanswered"][0]["question"]
    assert (await _get(installation, other, "calls"))["totals"]["conversations"] == 0
    assert (await _get(installation, other, "knowledge"))["top_unanswered"] == []


async def test_a_table_is_had_by_asking_for_it(installation: Installation, shop: Shop) -> None:
    for path in REPORTS:
        rows = list(csv.DictReader(io.StringIO(await _get(installation, shop, path, format="csv"))))
        assert len(rows) == 30
        assert rows[0].keys() >= {"starts_at"}
    headers = {**shop.headers, "Accept": "text/csv"}
    days = {"from": "2027-03-14", "to": "2027-03-14", "bucket": "hour"}
    answer = await installation.http.get("/analytics/calls", params=days, headers=headers)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="calls-2027-03-14-2027-03-14.csv"'
    assert len(answer.text.splitlines()) == 1 + 23, "clocks go forward on that day"


async def test_wrong_periods_are_refused_with_what_to_do(installation: Installation, shop: Shop) -> None:
    for query in (
        {"from": "2027-03-15", "to": "2027-03-14"},
        {"from": "2026-01-01", "to": "2027-03-14", "bucket": "hour"},
        {"from": "yesterday"},
        {"bucket": "minute"},
        {"format": "xml"},
    ):
        assert (await _get(installation, shop, "calls", 422, **query))["code"] == "unprocessable"


async def test_no_cell_is_taken_for_a_formula() -> None:
    table = write_csv(("name", "=count"), [("=1+1", -3), ("@SUM(A1)", 0.5), ("+4", None), ('plain, "quoted"', 1)])
    assert list(csv.reader(io.StringIO(table))) == [
        ["name", "'=count"],
        ["'=1+1", "-3"],
        ["'@SUM(A1)", "0.5"],
        ["'+4", ""],
        ['plain, "quoted"', "1"],
    ]


async def test_every_report_can_be_of_one_agent(installation: Installation, shop: Shop) -> None:
    second = await installation.http.post("/agents", json={"name": "Bea"}, headers=shop.headers)
    agents = (str(shop.agent_id), second.json()["id"])
    body: dict[str, Any] = {"agent_id": agents[0], "message": "I'd like to leave a message."}
    for message in ("Please call me about the jam.", "Bob Sample", "212 555 0143", "Yes", "Yes"):
        answered = (await installation.http.post("/chat/message", json=body, headers=shop.headers)).json()
        body |= {"conversation_id": answered["conversation_id"], "message": message}
    body = {"agent_id": agents[1], "message": "I would like to book a table for two tomorrow at 7:30 pm."}
    for message in ("My name is Alice Miller.", "My phone number is 212 555 0142.", "Yes, please.", "Yes."):
        answered = (await installation.http.post("/chat/message", json=body, headers=shop.headers)).json()
        body |= {"conversation_id": answered["conversation_id"], "message": message}
    figures = {
        agent: {path: (await _get(installation, shop, path, agent_id=agent))["totals"] for path in REPORTS}
        for agent in agents
    }
    took, booked = figures.values()
    assert [one["overview"]["conversations"] for one in (took, booked)] == [1, 1]
    assert [one["leads"]["messages"] for one in (took, booked)] == [1, 0]
    assert [one["overview"]["messages"] for one in (took, booked)] == [1, 0]
    assert [one["reservations"]["made"] for one in (took, booked)] == [0, 1]
    assert [one["overview"]["reservations"] for one in (took, booked)] == [0, 1]
    whole = await _get(installation, shop, "overview")
    assert (whole["totals"]["conversations"], whole["totals"]["cost_usd_each"]) == (2, 0.0)
