"""The HTTP client that every adapter shares."""

from typing import Any

import httpx

_IDLE_S = 50.0
"""Most vendors close idle connections after a minute."""
_MOST_CONNECTIONS = 256


class VendorHttp(httpx.AsyncClient):
    """Sends a request again when its connection broke before the answer, as one does that had been idle for too long.

    That is safe, because no request to a vendor changes anything there.
    """

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        try:
            return await super().send(request, **options)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return await super().send(request, **options)


def open_http(*, connect_s: float, trust_env: bool = True) -> VendorHttp:
    """A client with kept connections. All deadlines but that for connecting are those of whoever asks. With `trust_env`
    proxies are taken from the environment, as usual."""
    limits = httpx.Limits(
        max_connections=_MOST_CONNECTIONS, max_keepalive_connections=_MOST_CONNECTIONS, keepalive_expiry=_IDLE_S
    )
    timeout = httpx.Timeout(None, connect=connect_s, pool=connect_s)
    return VendorHttp(timeout=timeout, limits=limits, trust_env=trust_env)
