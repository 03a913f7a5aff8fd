"""Connections that are open before they are needed."""

import asyncio
import math
from contextvars import Context

import httpx

_KEPT_S = 40.0
"""Less than what connections are kept for."""
_WITHIN_S = 3.0


class Warmth:
    """Opens a connection to a vendor that has not been asked for a while, at the start of a call, so that the first
    request of the call need not."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._used_s: dict[str, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def used(self, address: str) -> None:
        """There was a request to `address` just now."""
        self._used_s[address] = asyncio.get_running_loop().time()

    def warm(self, address: str) -> None:
        """Open a connection to `address` in the background, unless there is one; what goes wrong shows later."""
        now_s = asyncio.get_running_loop().time()
        if address.startswith("http") and now_s - self._used_s.get(address, -math.inf) > _KEPT_S:
            self._used_s[address] = now_s
            task = asyncio.create_task(self._open(address), name="warm-connection", context=Context())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, address: str) -> None:
        try:
            async with asyncio.timeout(_WITHIN_S):
                await self._http.head(address)
        except (httpx.HTTPError, TimeoutError):
            return
