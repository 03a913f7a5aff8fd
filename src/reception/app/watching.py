"""Traces and faults told to services outside, where an operator has named any."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from reception.core.clock import Clock
from reception.core.errors import InvalidInput, MissingModel
from reception.runtime.traces import Tracer
from reception.settings import Settings


@asynccontextmanager
async def watched_from_outside(settings: Settings, clock: Clock) -> AsyncIterator[Tracer | None]:
    """Tells Sentry of every error while the block lasts, and yields what traces calls and chats: None where there is no
    collector.

    Raises:
        MissingModel: the extra that it needs is not installed.
        InvalidInput: a setting is wrong.
    """
    async with AsyncExitStack() as stack:
        if settings.sentry_dsn is not None:
            _tell_sentry(settings.sentry_dsn.get_secret_value(), settings.environment, stack)
        yield _tracer(settings.otlp_endpoint, clock, stack) if settings.otlp_endpoint else None


def _tell_sentry(dsn: str, environment: str, stack: AsyncExitStack) -> None:
    try:
        from reception.runtime import faults  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise MissingModel("The library of RECEPTION_SENTRY_DSN", 'pip install "reception[sentry]"') from None
    try:
        faults.open_sentry(dsn, environment)
    except ValueError as error:
        raise InvalidInput(f"RECEPTION_SENTRY_DSN {error}.") from None
    stack.push_async_callback(asyncio.to_thread, faults.close_sentry)


def _tracer(endpoint: str, clock: Clock, stack: AsyncExitStack) -> Tracer:
    try:
        from reception.runtime.tracing import Tracing  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise MissingModel("The library of RECEPTION_OTLP_ENDPOINT", 'pip install "reception[otel]"') from None
    tracing = Tracing(endpoint, clock)
    stack.push_async_callback(asyncio.to_thread, tracing.close)
    return tracing
