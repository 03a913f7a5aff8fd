"""A dialogue that lets the caller's side know what the agent is about to say of its own accord."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from reception.dialogue.conversation import GraphDialogue
from reception.ports.dialogue import CallerTurn, PreparedTurn, ReplyPart, Say
from reception.ports.expectation import Completeness, Expectation
from reception.ports.speech import TranscriptionHints


class OverheardDialogue:
    """Implements `Dialogue` by another one. `announced` are the sentences of the greeting, or of the last words to a
    silence, whichever came last."""

    def __init__(self, inner: GraphDialogue) -> None:
        self._inner = inner
        self.announced: tuple[str, ...] = ()

    @property
    def conversation_id(self) -> UUID:
        return self._inner.conversation_id

    def expectation(self) -> Expectation:
        return self._inner.expectation()

    def hints(self) -> TranscriptionHints:
        return self._inner.hints()

    def completeness(self, text: str) -> Completeness:
        return self._inner.completeness(text)

    async def open(self) -> Sequence[ReplyPart]:
        return self._announcing(await self._inner.open())

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        return await self._inner.prepare(caller)

    def discard(self, prepared: PreparedTurn) -> None:
        self._inner.discard(prepared)

    def left_unanswered(self, caller: CallerTurn) -> None:
        self._inner.left_unanswered(caller)

    def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        return self._inner.commit(prepared)

    async def on_silence(self, count: int) -> Sequence[ReplyPart]:
        return self._announcing(await self._inner.on_silence(count))

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        await self._inner.heard(turn, text, interrupted=interrupted)

    async def close(self, reason: str) -> None:
        await self._inner.close(reason)

    def _announcing(self, parts: Sequence[ReplyPart]) -> Sequence[ReplyPart]:
        self.announced = tuple(part.text for part in parts if isinstance(part, Say))
        return parts
