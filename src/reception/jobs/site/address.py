"""Which addresses may be asked for: public ones, on the ports of the web. Everything else could be our own network."""

import ipaddress
import string
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias
from urllib.parse import SplitResult, quote, urlsplit

import idna

from reception.domains.knowledge.reading.problems import Unreadable

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[IpAddress]]]
"""The addresses of a host, for a port; `OSError` when it has none."""
Allows: TypeAlias = Callable[[IpAddress, int], bool]
"""Whether a connection to this address and port may be made."""

_PORTS = frozenset({80, 443, 8080, 8443})
_LONGEST = 2000
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: IpAddress, port: int) -> bool:
    """Whether `address` is of the public internet, whatever way it is written, and `port` one of the web."""
    return port in _PORTS and all(
        each.is_global and not (each.is_multicast or each.is_reserved or each.is_unspecified or each.is_link_local)
        for each in _meant(address)
    )


def _meant(address: IpAddress) -> list[IpAddress]:
    """`address`, and the one that it stands for in the other version of the protocol."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    meant: list[IpAddress] = [address]
    if address.sixtofour is not None:
        meant.append(address.sixtofour)
    if address.teredo is not None:
        meant.extend(address.teredo)
    if address in _TRANSLATED:
        meant.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return meant


def web_address(text: str) -> SplitResult:
    """The parts of an address of the web, in the signs that may go over the wire: the name as IDNA writes it, other
    letters of path and query as UTF-8 in per cents (RFC 3987, section 3.1).

    Raises:
        Unreadable: it is none, or holds a name and password.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise _bad("It cannot be understood.") from None
    if len(text) > _LONGEST or any(ord(character) < 33 or ord(character) == 127 for character in text.strip()):
        raise _bad("It is too long, or holds spaces.")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _bad("It must begin with https:// or http:// and a name.")
    if parts.username or parts.password:
        raise _bad("It must not hold a user name or password.")
    if port == 0:
        raise _bad("There is no such port.")
    return parts._replace(
        netloc=parts.netloc if parts.netloc.isascii() else _ascii_host(parts.hostname, port),
        fragment="",
        path=in_ascii(parts.path) or "/",
        query=in_ascii(parts.query),
    )


def in_ascii(text: str) -> str:
    """A path or a query whose every sign may stand in an address."""
    return text if text.isascii() else quote(text, safe=string.punctuation, errors="replace")


def _ascii_host(host: str, port: int | None) -> str:
    try:
        name = idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise _bad("There can be no such name.") from None
    return name if port is None else f"{name}:{port}"


def forbidden() -> Unreadable:
    return Unreadable(
        "forbidden_address",
        "This address leads into a private network, or to a port that is none of the web. Only public sites are read.",
    )


def _bad(why: str) -> Unreadable:
    return Unreadable("bad_address", f"This is not the address of a web site. {why}")
