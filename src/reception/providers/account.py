"""On whose account requests to vendors go, and with whose keys."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from reception.providers.access import RequestSeen


class Account(Protocol):
    """Is told of every request that was made in its context. Must not block and must not raise."""

    def add(self, seen: RequestSeen) -> None: ...


account: ContextVar[Account | None] = ContextVar("account", default=None)
"""That of the present task; tasks inherit it from the one that starts them."""


@contextmanager
def charged_to(payer: Account) -> Iterator[None]:
    """Requests that are made in the block go on the account of `payer`."""
    token = account.set(payer)
    try:
        yield
    finally:
        account.reset(token)


own_keys: ContextVar[Mapping[str, str]] = ContextVar("own_keys", default={})  # noqa: B039  nobody writes to it
"""By vendor, the keys of its own that the tenant has whom the present task works for; inherited likewise."""
