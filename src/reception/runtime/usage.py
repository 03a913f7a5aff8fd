"""Keeps account of what calls use of providers."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from reception.core.clock import Clock
from reception.core.errors import AppError, NotFound, Unavailable
from reception.core.rounds import every
from reception.core.telemetry import USAGE_NOT_STORED
from reception.db.database import Database
from reception.domains.analytics.tally import ProviderUse, add_usage
from reception.domains.usage import service as usage
from reception.ports.events import CallEnded, CallEvent, TurnMetrics
from reception.providers.access import Part, RequestSeen
from reception.providers.account import charged_to
from reception.providers.prices import Prices
from reception.runtime.backlog import Backlog

_log = structlog.get_logger(__name__)
_STORED_EVERY_S = 5.0
_MOST_WAITING = 10_000
"""Rows that wait for a database which is away; the oldest are dropped beyond that."""
_BILLED = frozenset({"ok", "cancelled"})


class UsageBook:
    """What waits to be stored, of all calls of this process."""

    def __init__(self, database: Database, prices: Prices, clock: Clock) -> None:
        self._database = database
        self.prices = prices
        self._clock = clock
        self._waiting: Backlog[usage.Used] = Backlog(_MOST_WAITING)

    def call(self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID) -> "CallUsage":
        """The account of one call, which is also an observer of it."""
        return CallUsage(self, tenant_id, agent_id, conversation_id)

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def note(self, tenant_id: UUID, used: usage.Used) -> None:
        self._waiting.put(tenant_id, used)

    async def run(self) -> None:
        """Store what waits every few seconds, until cancelled."""
        await every(_STORED_EVERY_S, self._round, failed=USAGE_NOT_STORED)

    async def flush(self) -> bool:
        """Store what waits; what cannot be stored now waits on, and what a tenant used that is gone is forgotten.
        Whether nothing waits on."""
        return await self._waiting.store(self._store)

    async def _round(self) -> None:
        if not await self.flush():
            raise Unavailable("What was used cannot be stored")

    async def _store(self, tenant_id: UUID, rows: Sequence[usage.Used]) -> bool:
        try:
            async with self._database.tenant_session(tenant_id) as session:
                new = await usage.record(session, tenant_id, rows)
                await add_usage(session, tenant_id, [_counted(used) for used in new])
        except NotFound:
            _log.info(USAGE_NOT_STORED, code="tenant_gone", rows=len(rows))
        except AppError as error:
            _log.warning(USAGE_NOT_STORED, code=error.code, rows=len(rows))
            return False
        return True


@dataclass(slots=True)
class _Sum:
    requests: int = 0
    units: float = 0.0


@dataclass(slots=True)
class CallUsage:
    """One call's account. What is used between the end of one turn and the end of the next counts as the next one's;
    what ends after the call (an answer that is being kept, a sentence that others still listen to), as the last one's.
    """

    book: UsageBook
    tenant_id: UUID
    agent_id: UUID
    conversation_id: UUID
    _open: dict[tuple[Part, str], _Sum] = field(default_factory=lambda: defaultdict(_Sum))
    _last_turn: int = 0
    _over: bool = False

    def add(self, seen: RequestSeen) -> None:
        """Implements `providers.account.Account`. What failed is not billed, and what was broken off is."""
        if seen.outcome in _BILLED:
            total = self._open[seen.part, seen.provider]
            total.requests += 1
            total.units += seen.units
            if self._over:
                self._close(self._last_turn)

    @contextmanager
    def turn(self, turn: int) -> Iterator[None]:
        """What is used in the block is used by `turn`."""
        try:
            with charged_to(self):
                yield
        finally:
            self._end(turn)

    def on_event(self, event: CallEvent) -> None:
        """Implements `ports.events.CallObserver`."""
        match event:
            case TurnMetrics(turn=turn):
                self._last_turn = turn
                self._close(turn)
            case CallEnded():
                self._end(self._last_turn)

    def _end(self, turn: int) -> None:
        self._last_turn, self._over = turn, True
        self._close(turn)

    def _close(self, turn: int) -> None:
        for (part, provider), total in self._open.items():
            cost_usd = self.book.prices.cost_usd(part, provider, total.units)
            used = usage.Used(
                self.conversation_id,
                self.agent_id,
                turn,
                part,
                provider,
                total.requests,
                total.units,
                cost_usd,
                self.book.now,
            )
            self.book.note(self.tenant_id, used)
        self._open.clear()


def _counted(used: usage.Used) -> ProviderUse:
    return ProviderUse(used.at, used.agent_id, used.part, used.provider, used.requests, used.units, used.cost_usd)
