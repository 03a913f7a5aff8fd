"""A receptionist's own dialogue behind a call in virtual time, on a book of the tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from reception.ports.dialogue import CallerTurn, PreparedTurn, ReplyPart
from reception.ports.expectation import Completeness, Expectation
from reception.ports.speech import TranscriptionHints
from reception.ports.tools import Effect, Outcome
from tests.support.call_fakes import FakeDialogue
from tests.unit.dialogue.fakes import BookLedger
from tests.unit.dialogue.stage import Caller, book_of, restaurant


class SlowLedger(BookLedger):
    """Its effects take `effects_s`."""

    effects_s = 0.01

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        await asyncio.sleep(self.effects_s)
        return await super().run(turn, effects)


class Desk(FakeDialogue):
    """A restaurant's receptionist; `book` is what comes of the call."""

    def __init__(self, effects_s: float = 0.01) -> None:
        super().__init__()
        caller = Caller(book_of(restaurant()))
        self.book = caller.book
        self.ledger = SlowLedger(caller.book, caller.conversation_id)
        self.ledger.effects_s = effects_s
        caller.take_up(None, 0, self.ledger)
        self.own = caller.dialogue

    @property
    def conversation_id(self) -> UUID:
        return self.own.conversation_id

    def expectation(self) -> Expectation:
        return self.own.expectation()

    def hints(self) -> TranscriptionHints:
        return self.own.hints()

    def completeness(self, text: str) -> Completeness:
        return Completeness.COMPLETE

    async def open(self) -> Sequence[ReplyPart]:
        return await self.own.open()

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        return await self.own.prepare(caller)

    def discard(self, prepared: PreparedTurn) -> None:
        self.own.discard(prepared)

    def left_unanswered(self, caller: CallerTurn) -> None:
        self.own.left_unanswered(caller)

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        self.committed.append(prepared.caller)
        async for part in self.own.commit(prepared):
            yield part

    async def on_silence(self, count: int) -> Sequence[ReplyPart]:
        return await self.own.on_silence(count)

    async def close(self, reason: str) -> None:
        await super().close(reason)
        await self.own.close(reason)
