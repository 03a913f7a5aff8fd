"""Accounts of conversations."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from uuid import UUID

from reception.core.clock import SystemClock
from reception.core.errors import NotFound, Unavailable
from reception.core.rounds import WATCHED
from reception.db.database import Database
from reception.ports.events import CallEnded, TurnMetrics
from reception.providers.access import RequestSeen
from reception.providers.account import account
from reception.providers.prices import Prices
from reception.runtime.pulses import LoopPulse, LoopState
from reception.runtime.usage import CallUsage, UsageBook
from tests.unit.edges.test_background import Figures

TENANT, AGENT, CALL = UUID(int=1), UUID(int=2), UUID(int=3)


class NoDatabase:
    def tenant_session(self, tenant_id: UUID) -> None:
        raise Unavailable("away")


def make() -> tuple[UsageBook, CallUsage]:
    book = UsageBook(cast("Database", NoDatabase()), Prices.load(None), SystemClock())
    return book, book.call(TENANT, AGENT, CALL)


def spoken(characters: float, outcome: str = "ok") -> RequestSeen:
    return RequestSeen("tts", "deepgram:aura-2-thalia-en", outcome, 0.1, 0.05, characters)


def lines(book: UsageBook) -> list[tuple[int, int, float, float]]:
    return [(used.turn, used.requests, used.units, round(used.cost_usd or 0.0, 6)) for used in book._waiting]


async def test_a_round_that_stores_nothing_is_known_to_have_failed() -> None:
    book, call = make()
    call.add(spoken(10))
    call.on_event(CallEnded("goodbye"))
    pulse = LoopPulse("usage", SystemClock(), Figures())
    WATCHED.set(pulse)
    running = asyncio.create_task(book.run())
    async with asyncio.timeout(5):
        while pulse.state is not LoopState.FAILING:  # noqa: ASYNC110
            await asyncio.sleep(0)
    running.cancel()
    assert len(lines(book)) == 1


def test_each_turn_has_its_own_line_and_what_comes_last_belongs_to_the_last_turn() -> None:
    book, call = make()
    call.add(spoken(1000))
    call.add(spoken(500, "cancelled"))
    call.add(spoken(300, "provider_timeout"))
    call.on_event(TurnMetrics(1))
    call.on_event(TurnMetrics(2))
    call.add(spoken(100))
    call.on_event(CallEnded("goodbye"))
    assert lines(book) == [(1, 2, 1500, 0.045), (2, 1, 100, 0.003)]


def test_a_turn_of_a_chat_is_one_block() -> None:
    book, call = make()
    with call.turn(7):
        payer = account.get()
        assert payer is call
        payer.add(spoken(1000))
    assert account.get() is None
    assert lines(book) == [(7, 1, 1000, 0.03)]


def test_what_ends_after_the_call_or_the_turn_is_counted_too() -> None:
    book, call = make()
    call.on_event(TurnMetrics(1))
    call.on_event(CallEnded("goodbye"))
    call.add(spoken(1000))
    with call.turn(7):
        pass
    call.add(spoken(100))
    assert lines(book) == [(1, 1, 1000, 0.03), (7, 1, 100, 0.003)]


class GoneTenant:
    def tenant_session(self, tenant_id: UUID) -> None:
        raise NotFound("There is no such tenant")


async def test_what_a_tenant_used_that_is_gone_holds_up_nobody_else() -> None:
    book = UsageBook(cast("Database", GoneTenant()), Prices.load(None), SystemClock())
    book.call(TENANT, AGENT, CALL).add(spoken(1000))
    call = book.call(TENANT, AGENT, CALL)
    call.add(spoken(1000))
    call.on_event(CallEnded("goodbye"))
    await book.flush()
    assert lines(book) == []


class HangingDatabase:
    @asynccontextmanager
    async def tenant_session(self, tenant_id: UUID) -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield


async def test_what_was_being_stored_when_the_server_stops_is_not_lost() -> None:
    book = UsageBook(cast("Database", HangingDatabase()), Prices.load(None), SystemClock())
    for tenant_id in (TENANT, UUID(int=4)):
        call = book.call(tenant_id, AGENT, CALL)
        call.add(spoken(1000))
        call.on_event(CallEnded("goodbye"))
    storing = asyncio.create_task(book.flush())
    await asyncio.sleep(0)
    storing.cancel()
    await asyncio.gather(storing, return_exceptions=True)
    assert len(lines(book)) == 2


async def test_what_cannot_be_stored_waits() -> None:
    book, call = make()
    call.add(spoken(1000))
    call.on_event(CallEnded("goodbye"))
    await book.flush()
    assert len(lines(book)) == 1
