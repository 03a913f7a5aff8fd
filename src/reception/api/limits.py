"""How often one may ask over HTTP, and how long an answer may take. Calls are not requests: no limit here ends one."""

import asyncio
import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reception.api.problems import TITLES, problem_response
from reception.core.clock import Clock
from reception.runtime.attempts import network_of
from reception.runtime.rates import Rates

UNLIMITED: Final = frozenset({"/health", "/health/ready", "/metrics"})
"""What watches the installation is always answered."""
TOO_SLOW: Final = "request_timeout"


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """`per_s` and `burst` are of each credential, and of each address for requests without or with bad ones; 0 is no
    limit. An answer begins within `timeout_s`, to requests that `longer` names within what is said there: by method and
    path, as `DELETE /things/*`."""

    per_s: float = 50.0
    burst: int = 500
    timeout_s: float = 60.0
    longer: Mapping[str, float] = field(default_factory=dict)

    def timeout_of(self, method: str, path: str) -> float:
        asked = f"{method} {path}"
        return next((limit for named, limit in self.longer.items() if fnmatchcase(asked, named)), self.timeout_s)


class Limits:
    """Pure ASGI middleware; leaves WebSockets alone."""

    def __init__(self, app: ASGIApp, *, limits: RequestLimits, clock: Clock) -> None:
        self._app = app
        self._limits = limits
        self._known = self._refused = None
        if limits.per_s:
            self._known = Rates(clock, per_s=limits.per_s, burst=limits.burst)
            self._refused = Rates(clock, per_s=limits.per_s, burst=limits.burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in UNLIMITED:
            await self._app(scope, receive, send)
            return
        client = network_of(scope["client"][0]) if scope.get("client") else ""
        wait_s = self._wait_s(scope, client)
        if wait_s:
            seconds = math.ceil(wait_s)
            await _refuse(scope, receive, send, 429, f"Too many requests: wait {seconds} s.", seconds)
            return
        await self._timed(scope, receive, send, client)

    def _wait_s(self, scope: Scope, client: str) -> float:
        if self._known is None or self._refused is None:
            return 0.0
        credentials = Headers(scope=scope).get("authorization", "")
        if not credentials:
            return self._refused.take(client)
        known = hashlib.blake2b(credentials.encode(), digest_size=16).hexdigest()
        return self._refused.wait_s(client) or self._known.take(known)

    async def _timed(self, scope: Scope, receive: Receive, send: Send, client: str) -> None:
        begun = False

        async def send_in_time(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                timer.reschedule(None)
                if message["status"] == 401 and self._refused is not None:
                    self._refused.take(client)
            await send(message)

        timeout_s = self._limits.timeout_of(scope["method"], scope["path"])
        try:
            async with asyncio.timeout(timeout_s) as timer:
                await self._app(scope, receive, send_in_time)
        except TimeoutError:
            if begun or not timer.expired():
                raise
            await _refuse(scope, receive, send, 503, f"It took longer than {timeout_s:g} s, and was given up.", 1)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, detail: str, seconds: int) -> None:
    code, title = TITLES[status]
    answer = problem_response(
        Request(scope),
        status=status,
        code=TOO_SLOW if status == 503 else code,
        title=title,
        detail=detail,
        headers={"Retry-After": str(seconds)},
        retryable=True,
    )
    await answer(scope, receive, send)
