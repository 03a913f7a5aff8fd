"""What every vendor's tests are made of."""

from collections.abc import AsyncIterator, Callable

import pytest

from reception.providers.access import Access, RequestSeen
from reception.providers.http import open_http
from reception.providers.limits import TimeLimits
from tests.support.vendors.faults import KEY

IMPATIENT = TimeLimits(
    connect_s=2.0,
    first_s=0.15,
    between_s=0.15,
    answer_s=0.15,
    answer_s_per_audio_s=0.0,
    flush_s=0.15,
    load_s=20.0,
    embed_s=0.15,
)
"""For a vendor that will not answer."""
PATIENT = TimeLimits(
    connect_s=20.0,
    first_s=20.0,
    between_s=20.0,
    answer_s=20.0,
    answer_s_per_audio_s=1.0,
    flush_s=20.0,
    load_s=20.0,
    embed_s=20.0,
)
"""For one that will."""


class Witness:
    """Remembers what the watch is told."""

    def __init__(self) -> None:
        self.seen: list[RequestSeen] = []
        self.limits: list[tuple[str, float]] = []

    def on_vendor(self, seen: RequestSeen) -> None:
        self.seen.append(seen)

    def on_limit(self, provider: str, for_s: float) -> None:
        self.limits.append((provider, for_s))


@pytest.fixture
def witness() -> Witness:
    return Witness()


Connect = Callable[..., Access]


@pytest.fixture
async def connect(witness: Witness) -> AsyncIterator[Connect]:
    """Makes the access of an adapter to a local server."""
    async with open_http(connect_s=2.0, trust_env=False) as http:

        def access(provider: str, base_url: str, *, impatient: bool = False, key: str = KEY) -> Access:
            model = provider.partition(":")[2]
            limits = IMPATIENT if impatient else PATIENT
            return Access(provider, model, base_url, http, key, limits, witness)

        yield access
