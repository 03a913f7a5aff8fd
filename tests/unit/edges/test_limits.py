"""How often one may ask over HTTP, and how long an answer may take."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reception.api.edge import Edge
from reception.api.limits import Limits, RequestLimits
from reception.core.clock import Clock
from reception.runtime.rates import Rates
from tests.support.virtual_time import LoopClock, run_virtual

ANN, BOB = {"Authorization": "Bearer ann"}, {"Authorization": "Bearer bob"}


def _application(limits: RequestLimits, answer: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await (await answer(Request(scope)))(scope, receive, send)

    clock: Clock = LoopClock()
    return Edge(Limits(inner, limits=limits, clock=clock), max_body_bytes=1 << 20, clock=clock)


async def _ok(request: Request) -> Response:
    return Response(status_code=401 if request.headers.get("authorization") == "Bearer bad" else 200)


def _client(app: ASGIApp, address: str = "192.0.2.1", scheme: str = "http") -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app, client=(address, 1234)), base_url=f"{scheme}://reception.test"
    )


def test_who_asks_too_often_waits_and_the_others_do_not() -> None:
    async def work() -> None:
        app = _application(RequestLimits(per_s=2.0, burst=3), _ok)
        async with _client(app) as http, _client(app, "198.51.100.7") as elsewhere:
            assert [(await http.get("/", headers=ANN)).status_code for _ in range(4)] == [200, 200, 200, 429]
            refused = await http.get("/", headers=ANN)
            assert refused.headers["content-type"] == "application/problem+json"
            assert (refused.json()["code"], refused.json()["retryable"]) == ("rate_limited", True)
            assert refused.json()["request_id"] == refused.headers["x-request-id"]
            assert refused.headers["x-content-type-options"] == "nosniff"
            assert (await http.get("/", headers=BOB)).status_code == 200
            await asyncio.sleep(int(refused.headers["retry-after"]))
            assert [(await http.get("/", headers=ANN)).status_code for _ in range(3)] == [200, 200, 429]
            assert [(await http.get("/")).status_code for _ in range(4)] == [200, 200, 200, 429]
            assert (await elsewhere.get("/")).status_code == 200
            assert {(await http.get("/health")).status_code for _ in range(9)} == {200}

    run_virtual(work())


def test_new_bad_credentials_for_every_request_do_not_help() -> None:
    async def work() -> None:
        app = _application(RequestLimits(per_s=1.0, burst=3), _always_401)
        async with _client(app) as http:
            tried = [await http.get("/", headers={"Authorization": f"Bearer guess-{number}"}) for number in range(5)]
        assert [answer.status_code for answer in tried] == [401, 401, 401, 429, 429]

    run_virtual(work())


async def _always_401(_: Request) -> Response:
    return Response(status_code=401)


def test_without_a_limit_everything_is_answered() -> None:
    async def work() -> None:
        async with _client(_application(RequestLimits(per_s=0.0, burst=1), _ok)) as http:
            assert {(await http.get("/", headers=ANN)).status_code for _ in range(60)} == {200}

    run_virtual(work())


def test_what_takes_too_long_is_given_up_and_says_so() -> None:
    given_up: list[str] = []

    async def slow(request: Request) -> Response:
        try:
            await asyncio.sleep(90)
        except asyncio.CancelledError:
            given_up.append(request.url.path)
            raise
        return PlainTextResponse("late")

    async def work() -> None:
        app = _application(RequestLimits(timeout_s=60, longer={"GET /large": 600, "DELETE /*": 600}), slow)
        async with _client(app) as http:
            refused = await http.get("/report")
            assert (refused.status_code, refused.json()["code"]) == (503, "request_timeout")
            assert refused.headers["retry-after"] == "1"
            assert (await http.get("/large")).text == "late"
            assert (await http.delete("/report")).text == "late"
        assert given_up == ["/report"]

    run_virtual(work())


@pytest.mark.parametrize("kind", ["websocket", "lifespan"])
def test_calls_are_no_requests(kind: str) -> None:
    seen: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(4000)
        seen.append(scope["type"])

    async def nothing() -> dict[str, str]:
        return {}

    async def sink(_: object) -> None: ...

    async def work() -> None:
        limits = Limits(inner, limits=RequestLimits(per_s=0.001, burst=1, timeout_s=1), clock=LoopClock())
        for _ in range(3):
            await limits({"type": kind, "path": "/voice/stream", "headers": []}, nothing, sink)
        assert seen == [kind] * 3

    run_virtual(work())


def test_only_over_tls_a_browser_is_told_to_stay_there() -> None:
    async def work() -> None:
        app = _application(RequestLimits(), _ok)
        async with _client(app) as plain, _client(app, scheme="https") as tls:
            assert "strict-transport-security" not in (await plain.get("/")).headers
            assert (await tls.get("/")).headers["strict-transport-security"] == "max-age=31536000"

    run_virtual(work())


def test_strangers_are_forgotten_so_that_memory_is_bounded() -> None:
    async def work() -> None:
        rates = Rates(LoopClock(), per_s=1.0, burst=1)
        assert rates.take("first") == 0.0
        assert rates.take("first") > 0.0
        for number in range(10_000):
            rates.take(f"stranger {number}")
        assert rates.take("first") == 0.0

    run_virtual(work())
