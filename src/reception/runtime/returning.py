"""Callers whose connection broke: their conversation stays open for a while, so that they can take it up again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import structlog

from reception.core.errors import AppError
from reception.ports.leg import LOST_REASONS, TAKEN_OVER
from reception.ports.tools import Effect, Ledger, Outcome, TurnRecord

_log = structlog.get_logger(__name__)

GRACE_S = 60.0

CloseConversation = Callable[[str], Awaitable[None]]


class LostCallers:
    """The conversations of this process that wait for their caller, each closed after `grace_s` unless they return, or
    the process ends first."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._waiting: dict[UUID, asyncio.Task[None]] = {}
        self._over = asyncio.Event()

    @property
    def count(self) -> int:
        return len(self._waiting)

    def expect(self, conversation_id: UUID, close: CloseConversation, reason: str) -> None:
        """Close the conversation with `reason` when its caller does not return in time."""
        task = asyncio.create_task(self._wait(conversation_id, close, reason), name="lost-caller")
        self._waiting[conversation_id] = task

    async def returned(self, conversation_id: UUID) -> None:
        """The caller is back: the conversation stays open, unless it has been closed already."""
        task = self._waiting.pop(conversation_id, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def give_up(self) -> None:
        """Wait no more, as no caller can return to this process. Their conversations stay open: they return to another,
        or it finds them abandoned; what is held for them lapses by itself."""
        self._over.set()
        await asyncio.gather(*self._waiting.values())

    async def _wait(self, conversation_id: UUID, close: CloseConversation, reason: str) -> None:
        try:
            async with asyncio.timeout(self._grace_s):
                await self._over.wait()
        except TimeoutError:
            await self._close(conversation_id, close, reason)
        finally:
            if self._waiting.get(conversation_id) is asyncio.current_task():
                del self._waiting[conversation_id]

    async def _close(self, conversation_id: UUID, close: CloseConversation, reason: str) -> None:
        try:
            await close(reason)
        except AppError as error:
            # A hold that is not released lapses by itself.
            _log.warning("conversation.not_closed", call_id=str(conversation_id), code=error.code)


class PatientLedger:
    """A `Ledger` that does not take a broken connection for the end of the conversation.

    What is held stays held until the caller is back, or has been waited for long enough. A conversation that was
    taken over goes on, so that its former connection closes nothing.
    """

    def __init__(self, ledger: Ledger, conversation_id: UUID, lost: LostCallers) -> None:
        self._ledger = ledger
        self._conversation_id = conversation_id
        self._lost = lost

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        return await self._ledger.run(turn, effects)

    async def record(self, record: TurnRecord) -> None:
        await self._ledger.record(record)

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        await self._ledger.heard(turn, text, interrupted=interrupted)

    async def close(self, reason: str) -> None:
        if reason in LOST_REASONS:
            self._lost.expect(self._conversation_id, self._ledger.close, reason)
        elif reason != TAKEN_OVER:
            await self._ledger.close(reason)
