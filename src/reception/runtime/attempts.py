"""Slows down whoever guesses passwords: by the account they try, and by where they come from."""

import ipaddress

from reception.core.clock import Clock
from reception.core.errors import RateLimited
from reception.db.database import Database
from reception.domains.access.attempts import Tried, begin_attempt, forgive

_PER_EMAIL = 5
_PER_CLIENT = 20
"""More than of one user: an office shares an address."""
_IPV6_NETWORK = 64
"""Whoever has one address of IPv6 has this whole network."""


class LoginAttempts:
    """Counts failed logins by e-mail address and by the client's network address, in the database, so that every
    process of an installation agrees. See `domains/access/attempts`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, email: str, client: str) -> None:
        """Count an attempt.

        Raises:
            RateLimited: it comes too soon after others that failed, and does not count.
            Unavailable: the database does not answer.
        """
        async with self._database.unscoped_session() as session:
            wait_s = await begin_attempt(session, _tried(email, client), self._clock.now())
        if wait_s:
            raise RateLimited(f"Too many logins have failed: try again in {wait_s} s.", retry_after_s=wait_s)

    async def succeed(self, email: str, client: str) -> None:
        """The attempt that began was a good one: nothing stands against the e-mail address any more."""
        async with self._database.unscoped_session() as session:
            await forgive(session, *_tried(email, client), self._clock.now())


def _tried(email: str, client: str) -> tuple[Tried, Tried]:
    return Tried(f"email {email.strip().lower()}", _PER_EMAIL), Tried(f"client {network_of(client)}", _PER_CLIENT)


def network_of(client: str) -> str:
    """Whose attempts a network address stands for."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return client
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_NETWORK), strict=False))
