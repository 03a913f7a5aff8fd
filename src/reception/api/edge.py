"""What every HTTP exchange gets: a request id, a bounded body, security headers, and one line in the log."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reception.core.clock import Clock
from reception.core.ids import uuid7

_log = structlog.get_logger("reception.http")

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; media-src 'self' blob:; "
        "worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_STRICT_TRANSPORT = "max-age=31536000"
DOCUMENTATION_PATH = "/docs"
# The page of the API's description is FastAPI's own, and takes its script and style from there.
_DOCUMENTATION_POLICY = (
    "default-src 'self'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com"
)
_CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET_PATHS = frozenset({"/health", "/health/ready", "/metrics"})

RequestObserver = Callable[[str, str, int, float], None]
"""Told of a request's method, the template of its path, the status, and its seconds."""


def request_id_of(scope: Scope) -> str:
    return str(scope.get("state", {}).get("request_id", ""))


def security_headers(scope: Scope) -> dict[str, str]:
    """Those of every answer; over TLS also that the site is never to be asked for without."""
    over_tls = {"Strict-Transport-Security": _STRICT_TRANSPORT} if scope.get("scheme") == "https" else {}
    return {**SECURITY_HEADERS, "Cache-Control": "no-store", **over_tls}


class Edge:
    """Pure ASGI middleware; leaves WebSockets alone but for the request id.

    `max_body_bytes` holds for declared and for streamed bodies; one byte more answers 413. `larger_bodies` names the
    paths that may have more. `observe` is told of every request over HTTP.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_body_bytes: int,
        clock: Clock,
        observe: RequestObserver | None = None,
        larger_bodies: Mapping[str, int] | None = None,
    ) -> None:
        self._app = app
        self._larger_bodies = larger_bodies or {}
        self._observe = observe
        self._max_body_bytes = max_body_bytes
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _CLIENT_ID.fullmatch(given) else str(uuid7())
        scope.setdefault("state", {})["request_id"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            if scope["type"] == "http":
                await self._exchange(scope, receive, send, request_id)
            else:
                await self._app(scope, receive, send)

    async def _exchange(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        began_s = self._clock.monotonic_s()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                if scope["path"] == DOCUMENTATION_PATH:
                    headers["Content-Security-Policy"] = _DOCUMENTATION_POLICY
                for name, value in security_headers(scope).items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, self._bounded(scope, receive), send_with_headers)
        finally:
            elapsed_s = self._clock.monotonic_s() - began_s
            route = getattr(scope.get("route"), "path", "unmatched")
            if self._observe is not None:
                self._observe(scope["method"], route, status, elapsed_s)
            if scope["path"] not in _QUIET_PATHS:
                elapsed_ms = round(elapsed_s * 1000, 1)
                _log.info("request", method=scope["method"], route=route, status=status, elapsed_ms=elapsed_ms)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        declared = Headers(scope=scope).get("content-length", "0")
        most_bytes = self._larger_bodies.get(scope["path"], self._max_body_bytes)
        too_large = HTTPException(413, f"A body may hold at most {most_bytes} bytes.")
        received = 0

        async def receive_bounded() -> Message:
            nonlocal received
            if declared.isdigit() and int(declared) > most_bytes:
                raise too_large
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > most_bytes:
                    raise too_large
            return message

        return receive_bounded
