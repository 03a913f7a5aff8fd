"""How long a caller who was lost is waited for."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest

from reception.core.errors import Unavailable
from reception.ports.dialogue import Json
from reception.ports.tools import Effect, Outcome, TurnRecord
from reception.runtime.returning import LostCallers, PatientLedger
from reception.transports.resumption import MOST_MESSAGES, RecentCalls, SentMessages
from tests.support.virtual_time import run_virtual

CALL = UUID(int=7)
STATE: Mapping[str, Json] = {}


class Book:
    """A ledger that notes when and why it was closed, after it could not be so many times."""

    def __init__(self, *, fails: int = 0) -> None:
        self.closed: list[tuple[float, str]] = []
        self.fails = fails

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        return ()

    async def record(self, record: TurnRecord) -> None:
        return None

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        return None

    async def close(self, reason: str) -> None:
        if self.fails:
            self.fails -= 1
            raise Unavailable
        self.closed.append((asyncio.get_running_loop().time(), reason))


@pytest.mark.parametrize("reason", ["connection_lost", "error"])
def test_a_lost_caller_is_waited_for_a_minute(reason: str) -> None:
    """Or one whose call failed on our side."""

    async def scenario() -> None:
        book, lost = Book(), LostCallers()
        await PatientLedger(book, CALL, lost).close(reason)
        await asyncio.sleep(59)
        assert not book.closed
        assert lost.count == 1
        await asyncio.sleep(2)
        assert book.closed == [(60.0, reason)]
        assert lost.count == 0

    run_virtual(scenario())


def test_one_who_returns_finds_everything_as_it_was() -> None:
    async def scenario() -> None:
        book, lost = Book(), LostCallers()
        await PatientLedger(book, CALL, lost).close("client_does_not_read")
        await asyncio.sleep(30)
        await lost.returned(CALL)
        await lost.returned(CALL)
        await asyncio.sleep(120)
        assert not book.closed

    run_virtual(scenario())


def test_one_who_hangs_up_is_not_waited_for_and_one_who_moves_closes_nothing() -> None:
    async def scenario() -> None:
        book, lost = Book(), LostCallers()
        ledger = PatientLedger(book, CALL, lost)
        await ledger.close("taken_over")
        assert not book.closed
        await ledger.close("stopped_by_caller")
        assert book.closed == [(0.0, "stopped_by_caller")]

    run_virtual(scenario())


def test_when_the_process_ends_nobody_is_waited_for_and_nothing_closed() -> None:
    async def scenario() -> None:
        book, lost = Book(), LostCallers()
        await PatientLedger(book, CALL, lost).close("connection_lost")
        await lost.give_up()
        assert asyncio.get_running_loop().time() == 0.0
        assert lost.count == 0
        await PatientLedger(book, CALL, lost).close("connection_lost")
        await asyncio.sleep(120)
        assert not book.closed, "they may go on with another process"

    run_virtual(scenario())


def test_an_end_that_cannot_be_stored_is_stored_later_and_known_meanwhile() -> None:
    async def scenario() -> None:
        book, lost = Book(fails=4), LostCallers()
        await PatientLedger(book, CALL, lost).close("silence")
        await asyncio.sleep(10)
        assert lost.has_ended(CALL)
        assert not book.closed
        await asyncio.sleep(10)
        assert book.closed == [(15.0, "silence")]
        assert not lost.has_ended(CALL)
        # A caller who did not return in time is likewise closed once that is possible.
        book = Book(fails=1)
        await PatientLedger(book, CALL, lost).close("connection_lost")
        await asyncio.sleep(70)
        assert [reason for _, reason in book.closed] == ["connection_lost"]

    run_virtual(scenario())


def test_an_end_that_is_not_stored_when_the_process_ends_is_tried_once_more() -> None:
    async def scenario() -> None:
        good, bad, lost = Book(fails=1), Book(fails=9), LostCallers()
        await PatientLedger(good, CALL, lost).close("server_stopping")
        await PatientLedger(bad, UUID(int=8), lost).close("server_stopping")
        await lost.give_up()
        assert good.closed == [(0.0, "server_stopping")]
        assert not bad.closed

    run_virtual(scenario())


def test_what_was_missed_is_told_once_without_what_has_passed() -> None:
    sent = SentMessages(3)
    for message in (
        {"type": "ready"},
        {"type": "transcript", "final": False},
        {"type": "transcript", "final": True},
        {"type": "audio"},
        {"type": "reply", "text": "Hello"},
    ):
        sent.number(message)
    assert sent.next_seq == 8
    assert sent.after(5) == [{"type": "reply", "text": "Hello", "missed": True}]
    assert sent.after(0) == []


def test_what_is_kept_is_bounded() -> None:
    sent, recent = SentMessages(), RecentCalls()
    for number in range(1000):
        sent.number({"type": "reply", "text": str(number)})
    recent.keep(CALL, sent)
    assert len(recent.take(CALL).after(-1)) == MOST_MESSAGES
    assert recent.take(CALL).next_seq == 0
