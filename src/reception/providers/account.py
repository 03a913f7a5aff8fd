"""On whose account requests to vendors go."""

from contextvars import ContextVar
from typing import Protocol

from reception.providers.access import RequestSeen


class Account(Protocol):
    """Is told of every request that was made in its context. Must not block and must not raise."""

    def add(self, seen: RequestSeen) -> None: ...


account: ContextVar[Account | None] = ContextVar("account", default=None)
"""That of the present task; tasks inherit it from the one that starts them."""
