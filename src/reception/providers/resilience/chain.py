"""The order in which providers are asked, and what a call is told when another one answers."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

import structlog

from reception.core.errors import ProviderError, ProviderLoading, ProviderRefused, ProviderTimeout
from reception.core.telemetry import PROVIDER_RECOVERED, PROVIDER_REFUSED
from reception.ports.events import ProviderSwitched
from reception.providers.resilience.health import Health, loop_s
from reception.providers.unforeseen import provider_errors

_log = structlog.get_logger(__name__)

T = TypeVar("T")
SPARED_S = 20.0
"""How long a call leaves a provider alone that has failed it: a voice that comes and goes is worse than another one."""

PROBED_WITHIN_S = 35.0
"""More than the longest of the requests that probes send is given by itself."""

OnSwitch = Callable[[ProviderSwitched], None]

present_call: ContextVar[OnSwitch | None] = ContextVar("present_call", default=None)
"""Is told of the switches of chains that are older than the call which they serve; tasks inherit it."""


@dataclass(frozen=True, slots=True, eq=False)
class Link(Generic[T]):
    """One provider in a chain, shared by all calls that use it. `probe` sends it one small request."""

    provider: str
    asked: T
    probe: Callable[[], Awaitable[None]]
    health: Health = field(default_factory=Health)


class Probes:
    """Sees whether providers whose circuit is open are back, so that no caller has to wait to find out."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, link: Link[T]) -> None:
        """Probe `link` in the background."""
        link.health.probing()
        # In a context of its own: a probe is on no caller's account.
        task = asyncio.create_task(self._probe(link), name=f"probe {link.provider}", context=Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _probe(self, link: Link[T]) -> None:
        try:
            async with asyncio.timeout(PROBED_WITHIN_S):
                with provider_errors(link.provider):
                    await link.probe()
        except ProviderError as error:
            link.health.failed(error)
        except TimeoutError:
            link.health.failed(ProviderTimeout(link.provider))
        except asyncio.CancelledError:
            link.health.failed(ProviderTimeout(link.provider))
            raise
        else:
            link.health.succeeded()
            _log.info(PROVIDER_RECOVERED, provider=link.provider)


class Chain(Generic[T]):
    """The providers of one call for one part, in order of preference. `choices` are what the call asks each of them
    for, beside its model, by a name that tells it from what others ask for."""

    def __init__(
        self,
        part: Literal["stt", "tts", "llm"],
        links: Sequence[Link[T]],
        probes: Probes,
        on_switch: OnSwitch,
    ) -> None:
        self._part = part
        self.links = tuple(links)
        self._probes = probes
        self._on_switch = on_switch
        self._spared_until_s = [0.0] * len(self.links)
        self._failed_s = [-math.inf] * len(self.links)
        self._reason = ""
        self.choices: Sequence[str] = [""] * len(self.links)
        self.current = 0

    @property
    def provider(self) -> str:
        """Who answered last."""
        return self.links[self.current].provider

    def order(self, ready: Sequence[bool] = ()) -> list[int]:
        """Whom to ask, in this order; everybody when nobody is fit. `ready` says who needs nothing from outside."""
        return self.able(ready) or list(range(len(self.links)))

    def able(self, ready: Sequence[bool] = ()) -> list[int]:
        """Whom to ask, in this order; nobody when all are to be left alone."""
        now_s = loop_s()
        for link in self.links:
            if link.health.probe_due:
                self._probes.send(link)
        places = range(len(self.links))
        refused = {place for place in places if self.links[place].health.refuses(self.choices[place])}
        if self.current in refused:
            self._reason = self._reason or ProviderRefused.code
        able = [
            place
            for place in places
            if (self.links[place].health.admits and place not in refused) or (bool(ready) and ready[place])
        ]
        fit = [place for place in able if self._spared_until_s[place] <= now_s]
        return fit or able

    def answered(self, place: int, asked_s: float = math.inf) -> None:
        """`place` has answered what it was asked at `asked_s`; the call is told when it was another before. Who has
        failed meanwhile is not back by that."""
        if place == self.current or (place < self.current and self._failed_s[place] >= asked_s):
            return
        before, self.current = self.current, place
        reason = self._reason if place > before else "recovered"
        self._on_switch(
            ProviderSwitched(self._part, self.links[before].provider, self.links[place].provider, reason or "unfit")
        )
        self._reason = ""

    def named(self, order: Sequence[int]) -> list[str]:
        """The providers at these places."""
        return [self.links[place].provider for place in order]

    def succeeded(self, place: int) -> None:
        self.links[place].health.succeeded(self.choices[place])

    def failed(self, place: int, error: ProviderError) -> None:
        """`place` failed this call."""
        self.links[place].health.failed(error, self.choices[place])
        spared_s = 0.0 if isinstance(error, ProviderLoading) else SPARED_S
        if isinstance(error, ProviderRefused):
            # The log says whose agent it is, whose owner alone can mend it.
            _log.warning(PROVIDER_REFUSED, part=self._part, provider=error.provider, detail=error.detail)
            if not (error.of_key or error.of_request):
                # It will not have in this call what it does not have now.
                spared_s = math.inf
        self._failed_s[place] = loop_s()
        self._spared_until_s[place] = loop_s() + spared_s
        self._reason = self._reason or error.code

    def overtaken(self, place: int) -> None:
        """`place` was so slow that another answered first."""
        self.failed(place, ProviderTimeout(self.links[place].provider, "another was faster"))
