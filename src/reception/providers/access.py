"""What an adapter needs to reach its vendor, and who is told how that went."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import httpx

from reception.core.errors import ProviderError
from reception.providers.limits import TimeLimits
from reception.providers.warm_sockets import WarmSockets
from reception.providers.wire import used_up_for_s, vendor_errors

Part: TypeAlias = Literal["stt", "tts", "embeddings", "llm_in", "llm_out"]


@dataclass(frozen=True, slots=True)
class RequestSeen:
    """How one request to a vendor went.

    `outcome` is `ok`, `cancelled` or an error's code. `units` are what vendors bill: seconds of audio for `stt`,
    characters for `tts`, tokens for the others.
    """

    part: Part
    provider: str
    outcome: str
    elapsed_s: float
    first_s: float | None
    units: float


class Watch(Protocol):
    """Is told of every request, on the event loop. Must not block and must not raise."""

    def on_vendor(self, seen: RequestSeen) -> None: ...

    def on_limit(self, provider: str, for_s: float) -> None:
        """The vendor says that it takes no request for so long."""
        ...


class NoWatch:
    def on_vendor(self, seen: RequestSeen) -> None:
        return None

    def on_limit(self, provider: str, for_s: float) -> None:
        return None


@dataclass(slots=True)
class Request:
    """One request under way; an adapter says what it learns."""

    units: float
    first_s: float | None = None
    started_s: float = field(default_factory=time.perf_counter)

    def begun(self) -> None:
        """The first of the answer is here."""
        if self.first_s is None:
            self.first_s = time.perf_counter() - self.started_s


@dataclass(frozen=True, slots=True)
class Access:
    """One model of one vendor, with the key for it.

    `provider` is its name in events and metrics, such as `groq:whisper-large-v3-turbo`. `http` and
    `sockets` are shared by all.
    """

    provider: str
    model: str
    base_url: str
    http: httpx.AsyncClient = field(repr=False)
    api_key: str = field(default="", repr=False)
    limits: TimeLimits = field(default_factory=TimeLimits)
    watch: Watch = field(default_factory=NoWatch, repr=False)
    sockets: WarmSockets = field(default_factory=WarmSockets, repr=False)

    @contextmanager
    def request(self, part: Part, units: float) -> Iterator[Request]:
        """One request: whatever the libraries raise within becomes a `ProviderError`, and the watch is told."""
        request = Request(units)
        outcome = "ok"
        try:
            with vendor_errors(self.provider):
                yield request
        except ProviderError as error:
            outcome = error.code
            raise
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            elapsed_s = time.perf_counter() - request.started_s
            self.watch.on_vendor(RequestSeen(part, self.provider, outcome, elapsed_s, request.first_s, request.units))

    def unasked(self, part: Part, units: float) -> None:
        """`units` went to the vendor with no request that answers for them; nothing is told of none."""
        if units > 0:
            self.watch.on_vendor(RequestSeen(part, self.provider, "cancelled", 0.0, None, units))

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take note of the limits that an answer tells of."""
        for_s = used_up_for_s(headers)
        if for_s > 0:
            self.watch.on_limit(self.provider, for_s)

    def bearer(self) -> dict[str, str]:
        """The usual header; none without a key, as servers of one's own may want none."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}
