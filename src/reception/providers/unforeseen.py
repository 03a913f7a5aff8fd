"""What an adapter raises that nobody foresaw, as a failure of its provider: another one is asked, and nothing waits."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from reception.core.errors import ProviderError
from reception.core.telemetry import PROVIDER_FAILED

_log = structlog.get_logger(__name__)


@contextmanager
def provider_errors(provider: str) -> Iterator[None]:
    """Turns any other exception into a `ProviderError`, which repeats nothing of it; its trace is logged."""
    try:
        yield
    except ProviderError:
        raise
    except Exception as error:  # noqa: BLE001  the boundary: a defect of one provider must not be one of the call
        _log.error(PROVIDER_FAILED, provider=provider, code="unforeseen", exc_info=error)
        raise ProviderError(provider, f"{provider} failed in a way that was not foreseen") from None
