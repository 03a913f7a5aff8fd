"""Fetches one page: bounded in size and time, and connected to the very address that was checked.

A name is resolved once for each connection, every address it has is checked, and the connection is made to one of
them: what the name resolves to later has no effect.
"""

import asyncio
import ipaddress
import socket
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpcore

from reception.jobs.site.address import Allows, IpAddress, Resolve, forbidden, is_public, web_address

USER_AGENT = "ReceptionBot"
LARGEST_PAGE_BYTES = 10 << 20
_MOST_REDIRECTS = 5
_MOST_ADDRESSES = 3
_TIMEOUTS_S = {"connect": 5.0, "read": 10.0, "write": 10.0, "pool": 10.0}
_WHOLE_PAGE_S = 30.0
_HEADERS = [
    ("User-Agent", f"Mozilla/5.0 (compatible; {USER_AGENT}/1.0)"),
    ("Accept", "text/html,application/xhtml+xml,application/pdf,text/plain;q=0.8"),
    ("Accept-Encoding", "gzip"),
]
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Unreachable(Exception):
    """A page cannot be had now; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page under the `address` that it was found at in the end; `media` in small letters, without parameters."""

    address: str
    status: int
    media: str
    content: bytes


async def resolve(host: str, port: int) -> Sequence[IpAddress]:
    """What the system's resolver says."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
    def __init__(self, resolve: Resolve, allows: Allows) -> None:
        self._resolve = resolve
        self._allows = allows
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except OSError:
            raise Unreachable("there is no site of this name") from None
        if not addresses or not all(self._allows(address, port) for address in addresses):
            raise forbidden()
        for address in addresses[:_MOST_ADDRESSES]:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        raise Unreachable("it does not answer")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise forbidden()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Fetcher:
    """Fetches pages; use as a context manager.

    Args:
        resolve: how names become addresses.
        allows: which addresses may be connected to.
    """

    def __init__(self, resolve: Resolve = resolve, allows: Allows = is_public) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            network_backend=_CheckedNetwork(resolve, allows), max_connections=2, keepalive_expiry=10.0
        )

    async def __aenter__(self) -> "Fetcher":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.aclose()

    async def get(self, address: str, *, largest_bytes: int = LARGEST_PAGE_BYTES) -> Fetched:
        """The page at `address`, after redirects, each of which is checked as the first one is.

        Raises:
            Unreadable: an address on the way is not one that may be asked for.
            Unreachable: there is no whole answer in time, or it is too large.
        """
        for _ in range(_MOST_REDIRECTS + 1):
            address = web_address(address).geturl()
            try:
                async with asyncio.timeout(_WHOLE_PAGE_S):
                    answer, target = await self._get_once(address, largest_bytes)
            except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError, TimeoutError):
                raise Unreachable("it does not answer properly") from None
            if answer is not None:
                return answer
            address = urljoin(address, target)
        raise Unreachable("it redirects without end")

    async def _get_once(self, address: str, largest_bytes: int) -> tuple[Fetched | None, str]:
        async with self._pool.stream("GET", address, headers=_HEADERS, extensions={"timeout": _TIMEOUTS_S}) as answer:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            if answer.status in _REDIRECTS and headers.get("location"):
                return None, headers["location"].encode("latin-1").decode("utf-8", "replace")
            media = headers.get("content-type", "").partition(";")[0].strip().lower()
            content = await _content(answer, headers.get("content-encoding", ""), largest_bytes)
            return Fetched(address, answer.status, media, content), ""


async def _content(answer: httpcore.Response, encoding: str, largest_bytes: int) -> bytes:
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Unreachable("it sends its pages in a way that is not understood")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 16) if "gzip" in encoding else None
    content = bytearray()
    async for piece in answer.aiter_stream():
        try:
            content += unpack.decompress(piece, largest_bytes + 1 - len(content)) if unpack else piece
        except zlib.error:
            raise Unreachable("a page is damaged") from None
        if len(content) > largest_bytes:
            raise Unreachable("a page is too large")
    return bytes(content)
