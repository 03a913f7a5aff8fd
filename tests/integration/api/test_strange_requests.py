"""Requests with text that is none, of every kind and length: a clear refusal, or it is taken as it is."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from tests.integration.api.furnished import Furnished, furnish
from tests.integration.api.installation import Installation, Shop
from tests.integration.api.operations import Document, Operation, operations, resolved

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT = {"/auth/logout", "/tenants/{tenant_id}", "/metrics"}
"""What would end the test, or has credentials of its own."""
STRANGE = ("a\\u0000b", "\\ud800", "\\u202e\\ud83d\\ude00\\u0301\\ufffe e\\u0301")
"""As JSON has them: NUL, half of a pair, and characters that turn and pile up."""
STRANGE_QUERIES = ("a%00b", "%ED%A0%80", "x" * 3000)
BODIES = (b'{"\\ud800\\u0000": 1}', b"[" * 50_000 + b"9" * 5000)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(installation: Installation, http: httpx.AsyncClient) -> Furnished:
    return await furnish(installation, http)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(installation: Installation) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=installation.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://reception.test")


def _check(answer: httpx.Response, what: object) -> None:
    assert answer.status_code < 500, (what, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", what
        assert answer.json()["detail"], what
        assert len(answer.content) < 60_000, what


def _poisoned(document: Document, operation: Operation, text: str) -> bytes | None:
    """A body whose texts are all `text`, and texts where others belong, too."""
    content = operation.description.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    schema = resolved(document, content["application/json"]["schema"])
    schema = resolved(document, schema["anyOf"][0]) if "anyOf" in schema else schema
    fields = ", ".join(f'"{name}": "{text}"' for name in schema.get("properties", {}))
    return f"{{{fields}}}".encode()


async def test_strange_bodies_are_refused_or_taken(house: Furnished, client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    headers = {**house.owner, "Content-Type": "application/json"}
    tried = 0
    for operation in _tried(document):
        bodies = [body for text in STRANGE if (body := _poisoned(document, operation, text)) is not None]
        if not bodies:
            continue
        for body in (*bodies, *BODIES):
            answer = await client.request(
                operation.method, operation.address(_ids(house)), content=body, headers=headers
            )
            _check(answer, (str(operation), body[:80]))
            tried += 1
    assert tried > 120


async def test_strange_text_inside_of_good_bodies_is_refused_or_taken(
    house: Furnished, client: httpx.AsyncClient
) -> None:
    headers = {**house.owner, "Content-Type": "application/json"}
    for path, body in (
        ("/leads", '{"summary": "Hi", "details": {"%s": ["%s"]}}'),
        ("/leads", '{"summary": "%s"}'),
        ("/resources", '{"kind": "table", "name": "Table %s"}'),
        ("/resources", '{"kind": "table", "name": "Nook", "attributes": {"%s": {"a": "%s"}}}'),
        ("/agents", '{"name": "%s", "definition": {"prompt": "%s", "persona": "%s"}}'),
        ("/knowledge/ingest", '{"title": "%s", "text": "%s %s"}'),
    ):
        for text in STRANGE:
            answer = await client.post(path, content=body.replace("%s", text).encode(), headers=headers)
            _check(answer, (path, text))
            assert answer.status_code in (201, 409) or "\\u202e" not in text, answer.text


async def test_strange_queries_and_ids_are_refused_or_taken(house: Furnished, client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for operation in _tried(document):
        names = [one["name"] for one in operation.description.get("parameters", ()) if _is_text(one)]
        required = operation.query(document, {})
        for name in names:
            for strange in STRANGE_QUERIES:
                query = "&".join(f"{key}={quote(str(value))}" for key, value in {**required, name: None}.items())
                query = query.replace(f"{quote(name)}=None", f"{quote(name)}={strange}")
                path = f"{operation.address(_ids(house))}?{query}"
                if operation.method == "GET":
                    _check(await client.get(path, headers=dict(house.owner)), path[:200])
        for strange in STRANGE_QUERIES if operation.path_parameters else ():
            path = operation.address(dict.fromkeys(operation.path_parameters, strange))
            _check(await client.request(operation.method, path, headers=dict(house.owner)), path[:200])


def _is_text(parameter: Document) -> bool:
    schema = parameter["schema"]
    return parameter["in"] == "query" and schema.get("type") == "string" and not {"format", "enum"} & schema.keys()


def _tried(document: Document) -> Iterator[Operation]:
    return (one for one in operations(document) if one.path not in KEPT)


def _ids(house: Furnished) -> Mapping[str, Any]:
    return {**house.ids, "vendor": "deepgram", "part": "1"}


async def test_pages_beyond_the_end_are_empty_and_foreign_cursors_refused(
    installation: Installation, shop: Shop
) -> None:
    headers = shop.headers
    for number in range(3):
        await installation.http.post("/leads", json={"summary": f"Lead {number}"}, headers=headers)
    page = (await installation.http.get("/leads", params={"limit": 2}, headers=headers)).json()
    await installation.http.post("/leads", json={"summary": "Meanwhile"}, headers=headers)
    rest = await installation.http.get("/leads", params={"limit": 2, "cursor": page["next_cursor"]}, headers=headers)
    assert [one["summary"] for one in rest.json()["items"]] == ["Lead 0"]
    assert rest.json()["next_cursor"] is None
    for cursor in ("x", "WyIx", page["next_cursor"][:-4], "W10", "bnVsbA"):
        refused = await installation.http.get("/leads", params={"cursor": cursor}, headers=headers)
        assert refused.status_code == 422, cursor
        assert "cursor" in refused.text
