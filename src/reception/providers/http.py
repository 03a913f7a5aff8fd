"""The HTTP client that every adapter shares."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

_IDLE_S = 50.0
"""Most vendors close idle connections after a minute."""
_LANES = 32
_PER_LANE = 8
"""httpx looks at every connection of a pool for each request, and at every other one for each of these."""


class _Watched(httpx.AsyncByteStream):
    """A body that says when it is closed."""

    def __init__(self, inner: httpx.AsyncByteStream, on_close: Callable[[], None]) -> None:
        self._inner = inner
        self._on_close: Callable[[], None] | None = on_close

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._inner:
            yield piece

    async def aclose(self) -> None:
        try:
            await self._inner.aclose()
        finally:
            if self._on_close is not None:
                self._on_close()
                self._on_close = None


class VendorHttp(httpx.AsyncClient):
    """Requests go over the first of several small pools that has room: with few at once, always the same, whose
    connections are warm.

    A request is sent again when its connection broke before the answer, as one does that had been idle for too long.
    That is safe, because no request to a vendor changes anything there.
    """

    def __init__(self, *, connect_s: float, trust_env: bool) -> None:
        timeout = httpx.Timeout(None, connect=connect_s, pool=connect_s)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=_PER_LANE, keepalive_expiry=_IDLE_S)
        super().__init__(timeout=timeout, limits=limits, trust_env=trust_env)
        # Certificates are read once, and not by each.
        verify = httpx.create_ssl_context(trust_env=trust_env)
        self._lanes = [
            httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=trust_env, verify=verify) for _ in range(_LANES)
        ]
        self._busy = [0] * _LANES

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        lane = next((lane for lane, busy in enumerate(self._busy) if busy < _PER_LANE), _LANES - 1)
        self._busy[lane] += 1

        def leave() -> None:
            self._busy[lane] -= 1

        try:
            answer = await self._sent(self._lanes[lane], request, stream, options)
        except BaseException:
            leave()
            raise
        if stream and isinstance(answer.stream, httpx.AsyncByteStream):
            answer.stream = _Watched(answer.stream, leave)
        else:
            leave()
        return answer

    async def aclose(self) -> None:
        for client in self._lanes:
            await client.aclose()
        await super().aclose()

    async def __aexit__(self, *error: Any) -> None:
        for client in self._lanes:
            await client.aclose()
        await super().__aexit__(*error)

    @staticmethod
    async def _sent(
        client: httpx.AsyncClient, request: httpx.Request, stream: bool, options: dict[str, Any]
    ) -> httpx.Response:
        try:
            return await client.send(request, stream=stream, **options)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return await client.send(request, stream=stream, **options)


def open_http(*, connect_s: float, trust_env: bool = True) -> VendorHttp:
    """A client with kept connections. All deadlines but that for connecting are those of whoever asks. With `trust_env`
    proxies are taken from the environment, as usual."""
    return VendorHttp(connect_s=connect_s, trust_env=trust_env)
