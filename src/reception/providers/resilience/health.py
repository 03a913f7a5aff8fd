"""What is known of how a provider does, shared by all calls: a circuit breaker that heeds limits too."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from reception.core.errors import ProviderError, ProviderLimited, ProviderLoading, ProviderRefused

TRIPS_AFTER = 3
FIRST_REST_S = 2.0
LONGEST_REST_S = 60.0
_CHOICES_REMEMBERED = 256


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


@dataclass(frozen=True, slots=True)
class _Refusals:
    in_a_row: int
    until_s: float


class Health:
    """The circuit of one model of a provider with one key.

    It opens after `TRIPS_AFTER` failures in a row, and at once when the provider refuses the key, which waiting does
    not mend. It rests for `FIRST_REST_S`, twice as long each time a probe fails, at most `LONGEST_REST_S`. While the
    provider takes no requests by its own word, it is not asked either.

    What it refuses else is no failure of the provider's, and costs nobody but those who ask for the same: a choice (a
    voice, a language, by any name that tells it from others) that is refused `TRIPS_AFTER` times in a row is not asked
    for during `LONGEST_REST_S`, and then once, to see.
    """

    def __init__(self, now_s: Callable[[], float] = loop_s) -> None:
        self._now_s = now_s
        self._failures = 0
        self._rest_s = FIRST_REST_S
        self._rests_until_s = 0.0
        self._limited_until_s = 0.0
        self._refused: OrderedDict[str, _Refusals] = OrderedDict()
        self.circuit = Circuit.CLOSED

    @property
    def admits(self) -> bool:
        """Whether to ask now."""
        return self.circuit is Circuit.CLOSED and self._now_s() >= self._limited_until_s

    def refuses(self, choice: str) -> bool:
        """Whether `choice` is not worth asking for now."""
        refused = self._refused.get(choice)
        return refused is not None and self._now_s() < refused.until_s

    @property
    def probe_due(self) -> bool:
        """Whether it has rested enough for one request to see how it is."""
        return self.circuit is Circuit.OPEN and self._now_s() >= max(self._rests_until_s, self._limited_until_s)

    def probing(self) -> None:
        """A probe begins; `succeeded` or `failed` ends it."""
        self.circuit = Circuit.HALF_OPEN

    def succeeded(self, choice: str = "") -> None:
        self._refused.pop(choice, None)
        self._close()

    def failed(self, error: ProviderError, choice: str = "", *, at_once: bool = False) -> None:
        """A request for `choice` failed; `at_once` opens the circuit whatever went before."""
        match error:
            case ProviderLimited():
                self.limited(error.retry_after_s)
                self._learned_nothing()
            case ProviderLoading():
                self._learned_nothing()
            case ProviderRefused(of_key=False):
                self._refuse(choice, error)
            case _:
                self._fail(error, at_once)

    def _learned_nothing(self) -> None:
        if self.circuit is Circuit.HALF_OPEN:
            self.circuit = Circuit.OPEN

    def _fail(self, error: ProviderError, at_once: bool) -> None:
        self._failures += 1
        if self.circuit is Circuit.HALF_OPEN:
            self._rest_s = min(self._rest_s * 2, LONGEST_REST_S)
            self._open()
        elif isinstance(error, ProviderRefused):
            self._rest_s = LONGEST_REST_S
            self._open()
        elif at_once or self._failures >= TRIPS_AFTER:
            self._open()

    def _refuse(self, choice: str, error: ProviderRefused) -> None:
        if self.circuit is Circuit.HALF_OPEN:
            # Who refuses a probe is there, and may take what others ask for.
            self._close()
        if error.of_request:
            return
        before = self._refused.pop(choice, None)
        in_a_row = 1 if before is None else before.in_a_row + 1
        until_s = self._now_s() + LONGEST_REST_S if in_a_row >= TRIPS_AFTER else 0.0
        self._refused[choice] = _Refusals(in_a_row, until_s)
        if len(self._refused) > _CHOICES_REMEMBERED:
            self._refused.popitem(last=False)

    def limited(self, for_s: float) -> None:
        """The provider takes no requests for so long."""
        self._limited_until_s = max(self._limited_until_s, self._now_s() + for_s)

    def _close(self) -> None:
        self._failures = 0
        self._rest_s = FIRST_REST_S
        self.circuit = Circuit.CLOSED

    def _open(self) -> None:
        self.circuit = Circuit.OPEN
        self._rests_until_s = self._now_s() + self._rest_s
