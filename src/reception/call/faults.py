"""The boundary that keeps a call alive when one of its parts fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
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
    """What became of work that raised, ready to be told to the client."""

    fault: CallFault


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
    except TimeoutError:
        _log.warning(PROVIDER_FAILED, part=part, code="timeout")
        return Failure(CallFault("timeout", f"{part} did not answer in time", fatal=False))
    except AppError as error:
        _log.warning(PROVIDER_FAILED, part=part, code=error.code)
        return Failure(CallFault(error.code, error.detail, fatal=False))
    except Exception:  # noqa: BLE001  the boundary: a defect in one turn must not end a caller's call
        _log.exception(PROVIDER_FAILED, part=part, code="internal_error")
        return Failure(CallFault("internal_error", f"{part} failed", fatal=False))


async def close_iterator(items: AsyncIterator[Any]) -> None:
    """Close `items` if it can be closed, as generators can."""
    aclose = getattr(items, "aclose", None)
    if aclose is not None:
        await aclose()
