"""What a tracer is to calls and chats; `tracing` is one, for whoever has its extra installed."""

from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from reception.ports.events import CallObserver
from reception.providers.account import Account


class Trace(CallObserver, Account, Protocol):
    """What is shown of one call, or of one turn of a chat: an observer of it, and its account with vendors."""


class Tracer(Protocol):
    """Begins traces. `payer` is the account with vendors that a trace takes over, which is told, too."""

    def call(self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID, payer: Account | None = None) -> Trace:
        """The trace of one call, which begins now."""
        ...

    def chat_turn(
        self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID, turn: int, payer: Account | None = None
    ) -> AbstractContextManager[Trace]:
        """The trace of one turn of a chat, which is as long as the block, and fails with it."""
        ...
