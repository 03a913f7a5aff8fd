"""What is written of requests: enough to find one again, and nothing of who somebody is or what they said."""

import json
import logging

import httpx
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from tests.integration.api.installation import Installation, Shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE, EMAIL, NAME, WORDS = "+12125550142", "maria.ramos@example.com", "Maria Ramos", "a birthday for my mother"
CLIENT = {"httpx", "httpcore.http11", "httpcore.connection"}
"""Whoever sends the requests here."""
PASSWORD = "fourteen purple geese"


async def test_requests_are_logged_with_ids_and_without_personal_data(
    installation: Installation, http: httpx.AsyncClient, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    guest = {"name": NAME, "phone": PHONE, "email": EMAIL, "notes": WORDS}
    private = {"phone": PHONE, "name": NAME, "recipient": EMAIL}
    headers = {**shop.headers, "X-Request-Id": "find-me-again"}
    with capture_logs(processors=[merge_contextvars]) as lines, caplog.at_level(logging.DEBUG):
        for method, path, query, body in (
            ("GET", "/reservations", private | {"access_token": shop.token}, None),
            ("GET", "/leads", private, None),
            ("GET", f"/nowhere/{PHONE}/{EMAIL}", {"q": WORDS}, None),
            ("GET", "/knowledge/search", {"q": WORDS}, None),
            ("POST", "/leads", {}, {"name": NAME, "phone": PHONE, "summary": WORDS}),
            ("POST", "/leads", {}, {"name": NAME, "phone": PHONE, "kind": WORDS * 20, EMAIL: PHONE}),
            ("POST", "/reservations", {}, {"slot_id": PHONE, "guest": guest}),
            ("POST", "/users", {}, {"email": EMAIL, "role": "staff", "name": NAME}),
            ("POST", "/users", {}, {"email": EMAIL, "role": "staff", "name": NAME}),
            ("POST", "/auth/login", {}, {"email": EMAIL, "password": PASSWORD}),
            (
                "POST",
                "/chat/message",
                {},
                {"agent_id": str(shop.agent_id), "message": f"I am {NAME}, {PHONE}, {WORDS}"},
            ),
        ):
            answer = await http.request(method, path, params=query, json=body, headers=headers)
            assert answer.status_code < 500, answer.text
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) == 11
    assert {line["request_id"] for line in requests} == {"find-me-again"}
    assert {line["tenant_id"] for line in requests if line["route"] == "/leads"} == {str(shop.tenant_id)}
    logged = [record.getMessage() for record in caplog.records if record.name not in CLIENT]
    written = json.dumps(lines, default=str) + "\n".join(logged)
    for secret in (PHONE, EMAIL, NAME, WORDS, PASSWORD, shop.token, "Ramos", "2125550142"):
        assert secret not in written, secret
