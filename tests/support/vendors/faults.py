"""What can be wrong with a vendor."""

import asyncio
from enum import StrEnum

import pytest

from reception.core.errors import ProviderError, ProviderLimited, ProviderRefused, ProviderTimeout

KEY = "key-of-a-test"
RETRY_AFTER_S = 7


class Fault(StrEnum):
    NONE = "none"
    GATED = "gated"
    """The first of the answer comes, the rest when the test opens the gate."""
    SLOW_FIRST_BYTE = "slow first byte"
    STALL = "stall in mid-stream"
    UNAUTHORIZED = "401"
    LIMITED = "429"
    BROKEN = "500"
    HALF_CLOSED = "half-closed socket"
    GARBAGE = "garbage"


STATUS = {Fault.UNAUTHORIZED: 401, Fault.LIMITED: 429, Fault.BROKEN: 500}
ERRORS: dict[Fault, type[ProviderError]] = {
    Fault.SLOW_FIRST_BYTE: ProviderTimeout,
    Fault.STALL: ProviderTimeout,
    Fault.UNAUTHORIZED: ProviderRefused,
    Fault.LIMITED: ProviderLimited,
    Fault.BROKEN: ProviderError,
    Fault.HALF_CLOSED: ProviderError,
    Fault.GARBAGE: ProviderError,
}
FAILURES = pytest.mark.parametrize("fault", list(ERRORS), ids=str)


def assert_told(error: ProviderError, fault: Fault, provider: str) -> None:
    """Whoever reads `error` knows who failed, whether to try again, and nothing that is secret."""
    assert type(error) is ERRORS[fault]
    assert error.provider == provider
    assert provider in error.detail
    assert KEY not in error.detail
    assert error.retryable is (fault is not Fault.UNAUTHORIZED)
    if isinstance(error, ProviderLimited):
        assert error.retry_after_s == RETRY_AFTER_S


async def ends_at_once(task: "asyncio.Task[object]") -> None:
    """Cancel `task` and see it end without waiting for any timer or anything from the other side: within turns of the
    event loop that together take a few milliseconds."""
    task.cancel()
    for _ in range(50):
        await asyncio.sleep(0)
        if task.done():
            break
    assert task.cancelled()
