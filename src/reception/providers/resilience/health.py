"""What is known of how a provider does, shared by all calls: a circuit breaker that heeds limits too."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from reception.core.errors import ProviderError, ProviderLimited, ProviderRefused

TRIPS_AFTER = 3
FIRST_REST_S = 2.0
LONGEST_REST_S = 60.0


def loop_s() -> float:
    """The event loop's own time, in seconds."""
    return asyncio.get_running_loop().time()


class Circuit(StrEnum):
    CLOSED = "closed"
    """Asked as usual."""
    OPEN = "open"
    """Not asked while it rests."""
    HALF_OPEN = "half_open"
    """A probe is under way; nobody else asks."""


class Health:
    """The circuit of one provider with one key.

    It opens after `TRIPS_AFTER` failures in a row, and at once when the provider refuses the key, which waiting does
    not mend. A refused request counts like any failure: the voice of one agent must not cost all others theirs. It
    rests for `FIRST_REST_S`, twice as long each time a probe fails, at most `LONGEST_REST_S`. While the provider takes
    no requests by its own word, it is not asked either.
    """

    def __init__(self, now_s: Callable[[], float] = loop_s) -> None:
        self._now_s = now_s
        self._failures = 0
        self._rest_s = FIRST_REST_S
        self._rests_until_s = 0.0
        self._limited_until_s = 0.0
        self.circuit = Circuit.CLOSED

    @property
    def admits(self) -> bool:
        """Whether to ask now."""
        return self.circuit is Circuit.CLOSED and self._now_s() >= self._limited_until_s

    @property
    def probe_due(self) -> bool:
        """Whether it has rested enough for one request to see how it is."""
        return self.circuit is Circuit.OPEN and self._now_s() >= max(self._rests_until_s, self._limited_until_s)

    def probing(self) -> None:
        """A probe begins; `succeeded` or `failed` ends it."""
        self.circuit = Circuit.HALF_OPEN

    def succeeded(self) -> None:
        self._failures = 0
        self._rest_s = FIRST_REST_S
        self.circuit = Circuit.CLOSED

    def failed(self, error: ProviderError, *, at_once: bool = False) -> None:
        """A request failed; `at_once` opens the circuit whatever went before."""
        if isinstance(error, ProviderLimited):
            self.limited(error.retry_after_s)
            if self.circuit is Circuit.HALF_OPEN:
                self.circuit = Circuit.OPEN
            return
        self._failures += 1
        if self.circuit is Circuit.HALF_OPEN:
            self._rest_s = min(self._rest_s * 2, LONGEST_REST_S)
            self._open()
        elif isinstance(error, ProviderRefused) and error.of_key:
            self._rest_s = LONGEST_REST_S
            self._open()
        elif at_once or self._failures >= TRIPS_AFTER:
            self._open()

    def limited(self, for_s: float) -> None:
        """The provider takes no requests for so long."""
        self._limited_until_s = max(self._limited_until_s, self._now_s() + for_s)

    def _open(self) -> None:
        self.circuit = Circuit.OPEN
        self._rests_until_s = self._now_s() + self._rest_s
