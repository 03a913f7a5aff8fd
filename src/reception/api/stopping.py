"""What becomes of requests while the server stops: those under way are answered, and no new work is taken."""

import asyncio
from contextlib import suppress
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reception.api.problems import TITLES, problem_response
from reception.runtime.calls import LiveCalls

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
RETRY_AFTER_S: Final = 5
_HEARS_OUT_S: Final = 1.0
_HEARS_OUT_BYTES: Final = 1 << 20


class Stopping:
    """Pure ASGI middleware; leaves WebSockets alone, for calls are refused where they are admitted.

    Whatever asks for more than to read is work, which the server waits for before it stops, and takes no more of then.
    Reading goes on to the end.
    """

    def __init__(self, app: ASGIApp, *, live: LiveCalls) -> None:
        self._app = app
        self._live = live

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_and_close(message: Message) -> None:
            if message["type"] == "http.response.start" and self._live.draining:
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        if scope["method"] in READING:
            await self._app(scope, receive, send_and_close)
        elif self._live.refuses_work:
            await _refuse(scope, receive, send_and_close)
        else:
            with self._live.work():
                await self._app(scope, receive, send_and_close)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await _hear_out(receive)
    code, title = TITLES[503]
    answer = problem_response(
        Request(scope),
        status=503,
        code=code,
        title=title,
        detail="The server is stopping: send this again in a moment. Nothing of it was done.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
        retryable=True,
    )
    await answer(scope, receive, send)


async def _hear_out(receive: Receive) -> None:
    """Read what is sent, within bounds: a connection that is closed with something unread is reset, and the answer may
    be lost on its way."""
    heard = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_HEARS_OUT_S):
            while heard <= _HEARS_OUT_BYTES:
                message = await receive()
                heard += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
