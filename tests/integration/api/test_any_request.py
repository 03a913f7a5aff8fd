"""Requests that nobody would think of, made from the description of the API by schemathesis: every answer is one that
the description tells of, and none is a fault of the server.

Examples are made in a thread; the requests go to the application in process, in its own event loop. The seed is fixed.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from reception.domains.access.service import Role
from reception.runtime.principal import ROLE_SCOPES, Principal
from tests.integration.api.furnished import Furnished, furnish
from tests.integration.api.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = 5
"""For each operation, at most."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
UNREACHABLE = {("GET", "/metrics")}
"""Asks for a token of its own."""


@dataclass(slots=True)
class Stranger:
    """Sends what schemathesis makes up, as an owner whose business has one of everything."""

    http: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop
    headers: Mapping[str, str]
    ids: Mapping[str, str]
    answers: Counter[int] = field(default_factory=Counter)

    def send(self, case: schemathesis.Case[Any], *, known: bool) -> httpx.Response:
        """The answer to `case`, which names things that there are where it is `known`."""
        if known:
            case.path_parameters.update({name: self.ids[name] for name in case.path_parameters if name in self.ids})
        wanted: dict[str, Any] = case.as_transport_kwargs(base_url="http://reception.test", headers=dict(self.headers))
        wanted.pop("cookies", None)
        made = requests.Request(**wanted).prepare()
        assert made.method
        assert made.url
        headers = [(_octets(name), _octets(value)) for name, value in made.headers.items()]
        body = made.body.encode() if isinstance(made.body, str) else made.body
        assert body is None or isinstance(body, bytes)
        asked = self.http.build_request(made.method, made.url, headers=headers, content=body)
        answer = asyncio.run_coroutine_threadsafe(self.http.send(asked), self.loop).result()
        self.answers[answer.status_code] += 1
        return answer


def _octets(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stranger(installation: Installation, http: httpx.AsyncClient) -> Stranger:
    furnished = await furnish(installation, http)
    headers = {"Authorization": f"Bearer {_lasting(installation, furnished)}"}
    transport = httpx.ASGITransport(app=installation.app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://reception.test")
    return Stranger(client, asyncio.get_running_loop(), headers, furnished.ids)


def _lasting(installation: Installation, furnished: Furnished) -> str:
    """An owner's token that outlives their sessions."""
    login = installation.services.tokens.verify(furnished.owner["Authorization"].removeprefix("Bearer "))
    bearer = Principal(login.subject, furnished.tenant_id, ROLE_SCOPES[Role.OWNER], role=Role.OWNER)
    return installation.services.tokens.issue(bearer, timedelta(hours=1)).value


async def test_whatever_is_asked_gets_an_answer_that_is_described(
    stranger: Stranger, http: httpx.AsyncClient, record_property: Any
) -> None:
    schema = schemathesis.openapi.from_dict((await http.get("/openapi.json")).json())
    tried = 0
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if (operation.method.upper(), operation.path) not in UNREACHABLE:
            await asyncio.to_thread(_try, operation, stranger)
            tried += 1
    assert tried > 100
    # What takes no arguments has fewer different requests.
    assert stranger.answers.total() > 400
    record_property("operations", tried)
    record_property("cases", stranger.answers.total())
    record_property("answers", dict(sorted(stranger.answers.items())))


def _try(operation: Any, stranger: Stranger) -> None:
    cases = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @seed(20_270_312)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, known=st.booleans())
    def attempt(case: schemathesis.Case[Any], known: bool) -> None:
        answer = stranger.send(case, known=known)
        case.validate_response(answer, checks=CHECKS)

    attempt()
