"""Bad requests get a clear problem, and good ones do what they say."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from reception.api.edge import SECURITY_HEADERS
from tests.integration.api.installation import Installation, Shop, new_tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROBLEM = "application/problem+json"


def _check_problem(answer: httpx.Response, status: int, code: str) -> None:
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"]
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]


async def test_malformed_json_is_named(installation: Installation, shop: Shop) -> None:
    headers = {**shop.headers, "Content-Type": "application/json"}
    answer = await installation.http.post("/agents", content=b'{"name": ', headers=headers)
    _check_problem(answer, 400, "invalid_input")
    assert "JSON" in answer.json()["detail"]


async def test_bad_fields_have_pointers(installation: Installation, shop: Shop) -> None:
    answer = await installation.http.post(
        "/agents",
        json={"name": "", "settings": {"patience": 9, "vocabulary": ["ok", ""]}, "colour": "red"},
        headers=shop.headers,
    )
    _check_problem(answer, 422, "unprocessable")
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/name", "/settings/patience", "/settings/vocabulary/1", "/colour"}
    assert all(error["detail"] for error in answer.json()["errors"])


async def test_a_bad_query_parameter_is_named(installation: Installation, shop: Shop) -> None:
    answer = await installation.http.get("/knowledge/search", params={"q": "x", "limit": 0}, headers=shop.headers)
    _check_problem(answer, 422, "unprocessable")
    assert answer.json()["errors"][0]["parameter"] == "limit"


async def test_unknown_paths_and_methods(installation: Installation) -> None:
    _check_problem(await installation.http.get("/nowhere"), 404, "not_found")
    _check_problem(await installation.http.post("/nowhere", json={}), 404, "not_found")
    _check_problem(await installation.http.delete("/chat/message"), 405, "method_not_allowed")


async def test_a_body_too_large_is_refused_declared_or_not(installation: Installation, shop: Shop) -> None:
    content = b'{"name": "' + b"x" * (1 << 20) + b'"}'
    headers = {**shop.headers, "Content-Type": "application/json"}
    _check_problem(await installation.http.post("/agents", content=content, headers=headers), 413, "too_large")

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65536):
            yield content[start : start + 65536]

    _check_problem(await installation.http.post("/agents", content=pieces(), headers=headers), 413, "too_large")


async def test_security_headers_are_everywhere(installation: Installation) -> None:
    for answer in (await installation.http.get("/health"), await installation.http.get("/nowhere")):
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value


async def test_a_given_request_id_comes_back_unless_it_is_strange(installation: Installation) -> None:
    answer = await installation.http.get("/health", headers={"X-Request-Id": "caller-chose-this"})
    assert answer.headers["x-request-id"] == "caller-chose-this"
    answer = await installation.http.get("/health", headers={"X-Request-Id": "bad id\twith blanks"})
    assert answer.headers["x-request-id"] != "bad id\twith blanks"


async def test_health_and_readiness_name_each_part(installation: Installation) -> None:
    health = await installation.http.get("/health")
    ready = await installation.http.get("/health/ready")
    assert health.status_code == ready.status_code == 200
    assert "database" not in health.json()["parts"]
    assert {"database", "vad", "stt", "tts", "embeddings", "turn_detector"} <= set(ready.json()["parts"])
    assert ready.json()["parts"]["database"] == "ready"
    assert ready.json()["version"]


async def test_a_loop_that_fails_is_seen_and_takes_nobody_out_of_rotation(installation: Installation) -> None:
    async def told() -> tuple[int, dict[str, str], float]:
        answer = await installation.http.get("/health/ready")
        metrics = (await installation.http.get("/metrics")).text.splitlines()
        sample = 'reception_background_failures_total{loop="usage"} '
        failures = [float(line.removeprefix(sample)) for line in metrics if line.startswith(sample)]
        assert any(line.startswith('reception_background_due_seconds{loop="usage"} ') for line in metrics)
        return answer.status_code, answer.json()["background"], sum(failures)

    status, loops, failures_before = await told()
    assert {"usage", "metrics", "recordings", "jobs", "expiry", "rollups", "schedule-retention"} <= loops.keys()
    assert (status, loops["usage"]) == (200, "running")
    usage = installation.services.readiness.pulses.of("usage")
    usage.miss(0.0)
    status, loops, failures = await told()
    assert (status, loops["usage"], failures - failures_before) == (200, "failing", 1)
    usage.beat(5.0)
    assert (await told())[1]["usage"] == "running"


async def test_a_tenant_from_creation_to_deletion(installation: Installation) -> None:
    admin = dict(installation.admin)
    created = await installation.http.post("/tenants", json=new_tenant("short-lived"), headers=admin)
    assert created.status_code == 201
    tenant = created.json()
    assert tenant["rules"]["check_in"] == "15:00:00"
    path = f"/tenants/{tenant['id']}"
    taken = await installation.http.post("/tenants", json=new_tenant("short-lived"), headers=admin)
    _check_problem(taken, 409, "conflict")
    changed = await installation.http.patch(path, json={"phone": "+12125550100"}, headers=admin)
    assert changed.json() == {**tenant, "phone": "+12125550100"}
    _check_problem(await installation.http.delete(path, headers=admin), 422, "unprocessable")
    _check_problem(
        await installation.http.delete(path, params={"confirm": "Another name"}, headers=admin), 409, "conflict"
    )
    gone = await installation.http.delete(path, params={"confirm": tenant["name"]}, headers=admin)
    assert gone.status_code == 204
    _check_problem(await installation.http.get(path, headers=admin), 404, "not_found")


async def test_an_agents_settings_change_one_by_one(installation: Installation, shop: Shop) -> None:
    path = f"/agents/{shop.agent_id}"
    first = await installation.http.patch(path, json={"settings": {"patience": 2.0}}, headers=shop.headers)
    second = await installation.http.patch(path, json={"settings": {"greeting": "Hi."}}, headers=shop.headers)
    assert first.json()["version"] + 1 == second.json()["version"]
    assert second.json()["settings"]["patience"] == 2.0
    assert second.json()["settings"]["greeting"] == "Hi."


async def test_knowledge_is_ingested_found_listed_and_deleted(installation: Installation, shop: Shop) -> None:
    text = "# Parking\nGuests park free of charge in the yard behind the house.\n\n# Dogs\nDogs are welcome outside."
    stored = await installation.http.post(
        "/knowledge/ingest", json={"title": "House rules", "text": text}, headers=shop.headers
    )
    assert stored.status_code == 201, stored.text
    found = await installation.http.get(
        "/knowledge/search", params={"q": "Where can I leave my car?"}, headers=shop.headers
    )
    body = found.json()
    assert (body["mode"], body["filters"]) == ("hybrid", [])
    best = body["passages"][0]
    assert "yard" in best["text"]
    assert best["score"] == pytest.approx(best["vector_score"] + 2 * (best["text_score"] or 0))
    assert all(passage["score"] >= body["threshold"] for passage in body["passages"])
    cited = await installation.http.get(f"/knowledge/passages/{best['chunk_id']}", headers=shop.headers)
    assert cited.json()["text"] == best["text"]
    both, counts = "Where can guests park, and are dogs welcome?", []
    for chosen in ({"threshold": "0"}, {"threshold": "0", "limit": "1"}, {"threshold": "4"}):
        told = await installation.http.get("/knowledge/search", params={"q": both, **chosen}, headers=shop.headers)
        counts.append((told.json()["threshold"], len(told.json()["passages"])))
    assert counts == [(0.0, 2), (0.0, 1), (4.0, 0)]
    listed = (await installation.http.get("/knowledge/list", headers=shop.headers)).json()["items"]
    assert [document["title"] for document in listed] == ["House rules"]
    other = await installation.open_shop()
    assert (await installation.http.get("/knowledge/list", headers=other.headers)).json()["items"] == []
    document = f"/knowledge/{stored.json()['id']}"
    assert (await installation.http.delete(document, headers=other.headers)).status_code == 404
    assert (await installation.http.delete(document, headers=shop.headers)).status_code == 204
    assert (await installation.http.get("/knowledge/list", headers=shop.headers)).json()["items"] == []


async def test_changes_at_once_are_all_kept(installation: Installation, shop: Shop) -> None:
    settings = {"greeting": "Hi.", "patience": 2.0, "silence_prompts": 3, "max_call_s": 60, "persona_name": "Ada"}
    fields = {"phone": "+12125550100", "address": "1 Main Street", "locale": "en-GB", "timezone": "Europe/Lisbon"}
    agent, tenant = f"/agents/{shop.agent_id}", f"/tenants/{shop.tenant_id}"
    changes: list[tuple[str, dict[str, object]]] = [
        (agent, {"settings": {name: value}}) for name, value in settings.items()
    ]
    changes += [(tenant, {name: value}) for name, value in fields.items()]
    answers = await asyncio.gather(
        *(installation.http.patch(path, json=change, headers=shop.headers) for path, change in changes)
    )
    assert {answer.status_code for answer in answers} == {200}
    kept = (await installation.http.get(agent, headers=shop.headers)).json()["settings"]
    assert {name: kept[name] for name in settings} == settings
    stored = (await installation.http.get(tenant, headers=shop.headers)).json()
    assert {name: stored[name] for name in fields} == fields


async def test_an_unknown_voice_is_refused_and_the_known_ones_are_named(installation: Installation, shop: Shop) -> None:
    settings = {"settings": {"voice": "nobody"}}
    for answer in (
        await installation.http.post("/agents", json={"name": "Eve", **settings}, headers=shop.headers),
        await installation.http.patch(f"/agents/{shop.agent_id}", json=settings, headers=shop.headers),
    ):
        _check_problem(answer, 422, "unprocessable")
        [error] = answer.json()["errors"]
        assert error["pointer"] == "/settings/voice"
        assert "heart" in error["detail"]
