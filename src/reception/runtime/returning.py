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
_AGAIN_AFTER_S = 1.0
_AGAIN_AT_LEAST_EVERY_S = 15.0

CloseConversation = Callable[[str], Awaitable[None]]


class LostCallers:
    """The conversations of this process that wait for their caller, each closed after `grace_s` unless they return, or
    the process ends first; and those that have ended, until that is stored."""

    def __init__(self, grace_s: float = GRACE_S) -> None:
        self._grace_s = grace_s
        self._waiting: dict[UUID, asyncio.Task[None]] = {}
        self._ended: set[UUID] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    @property
    def count(self) -> int:
        return len(self._waiting)

    def has_ended(self, conversation_id: UUID) -> bool:
        """Whether the conversation has ended here, and it may not be stored yet."""
        return conversation_id in self._ended

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

    async def end(self, conversation_id: UUID, close: CloseConversation, reason: str) -> None:
        """Close a conversation whose caller is not to return; while that cannot be stored, again in the background."""
        self._ended.add(conversation_id)
        if await self._is_closed(conversation_id, close, reason):
            self._ended.discard(conversation_id)
            return
        task = asyncio.create_task(self._close_at_last(conversation_id, close, reason), name="ended-conversation")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def give_up(self) -> None:
        """Wait no more, as no caller can return to this process. Their conversations stay open, for another to go on
        with; what is held for them lapses by itself. What has ended is tried to be stored a last time."""
        self._over.set()
        await asyncio.gather(*self._waiting.values(), *self._closing)

    async def _wait(self, conversation_id: UUID, close: CloseConversation, reason: str) -> None:
        try:
            if not await self._over_within(self._grace_s) and not await self._is_closed(conversation_id, close, reason):
                await self._close_at_last(conversation_id, close, reason)
        finally:
            if self._waiting.get(conversation_id) is asyncio.current_task():
                del self._waiting[conversation_id]

    async def _close_at_last(self, conversation_id: UUID, close: CloseConversation, reason: str) -> None:
        over, wait_s = False, _AGAIN_AFTER_S
        while not over:
            over = await self._over_within(wait_s)
            if await self._is_closed(conversation_id, close, reason):
                break
            wait_s = min(2 * wait_s, _AGAIN_AT_LEAST_EVERY_S)
        self._ended.discard(conversation_id)

    async def _is_closed(self, conversation_id: UUID, close: CloseConversation, reason: str) -> bool:
        """Close it. False when that is to be tried again."""
        try:
            await close(reason)
        except AppError as error:
            # A hold that is not released lapses by itself.
            _log.warning("conversation.not_closed", call_id=str(conversation_id), code=error.code)
            return not error.retryable
        return True

    async def _over_within(self, wait_s: float) -> bool:
        """Whether the process ends before `wait_s` have passed; returns as soon as it does."""
        try:
            async with asyncio.timeout(wait_s):
                await self._over.wait()
        except TimeoutError:
            return False
        return True


class PatientLedger:
    """A `Ledger` that does not take a broken connection, or a fault of the call, for the end of the conversation.

    What is held stays held until the caller is back, or has been waited for long enough. A conversation that was
    taken over goes on, so that its former connection closes nothing. One that has ended is closed, if need be later.
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
            await self._lost.end(self._conversation_id, self._ledger.close, reason)
