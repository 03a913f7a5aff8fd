"""The boundary that keeps a call alive when one of its parts fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from reception.core.errors import AppError
from reception.core.telemetry import PROVIDER_FAILED
from reception.ports.events import CallFault

T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of work that raised, ready to be told to the client. `retryable` as the error says of itself."""

    fault: CallFault
    retryable: bool = False


async def attempt(work: Awaitable[T], *, part: str, timeout_s: float | None = None) -> T | Failure:
    """Await `work`; a `Failure` in place of anything it raises but cancellation.

    Args:
        work: one request to a part of the call: a model, a vendor, the dialogue.
        part: its name, for the log.
        timeout_s: given up after this long.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await work
    except Exception as error:  # noqa: BLE001  the boundary: a defect in one turn must not end a caller's call
        return _failure(error, part)


def attempt_now(work: Callable[[], T], *, part: str) -> T | Failure:
    """The same for `work` that is done at once."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  the boundary, as above
        return _failure(error, part)


def _failure(error: Exception, part: str) -> Failure:
    retryable = False
    match error:
        case TimeoutError():
            code, detail = "timeout", f"{part} did not answer in time"
        case AppError(code=code, detail=detail, retryable=retryable):
            pass
        case _:
            code, detail = "internal_error", f"{part} failed"
            _log.error(PROVIDER_FAILED, part=part, code=code, exc_info=error)
            return Failure(CallFault(code, detail, fatal=False))
    _log.warning(PROVIDER_FAILED, part=part, code=code)
    return Failure(CallFault(code, detail, fatal=False), retryable)


async def close_iterator(items: AsyncIterator[Any]) -> None:
    """Close `items` if it can be closed, as generators can."""
    aclose = getattr(items, "aclose", None)
    if aclose is not None:
        await aclose()
