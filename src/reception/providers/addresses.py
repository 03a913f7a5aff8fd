"""Which addresses a tenant may have us call: those of the public internet."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from reception.core.errors import ProviderError

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[IpAddress]]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


async def resolve(host: str, port: int) -> Sequence[IpAddress]:
    """All addresses of `host`. Raises `OSError` when there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def is_public(address: IpAddress) -> bool:
    """Whether `address` is reached through the public internet, and nothing of ours lies behind it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        if address in _NAT64 or address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def public_address(
    provider: str, host: str, port: int, *, allow_loopback: bool, resolver: Resolve = resolve
) -> IpAddress:
    """The address to connect to for `host`; every one that it has must be public, so that none can be swapped in.

    Raises:
        ProviderError: there is none, or one of them is not public.
    """
    try:
        addresses = await resolver(host, port)
    except (OSError, UnicodeError) as error:
        raise ProviderError(provider, "The host's name cannot be resolved.", retryable=True) from error
    if not addresses:
        raise ProviderError(provider, "The host's name has no address.")
    if not all(is_public(one) or (allow_loopback and one.is_loopback) for one in addresses):
        raise ProviderError(provider, "The host has an address that is not on the public internet.")
    return addresses[0]
