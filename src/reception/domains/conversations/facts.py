"""What came of a conversation, in one narrow row: what lists are filtered by, and analytics count."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_REFRESH = text("SELECT refresh_conversation_facts(:conversation_id)")


class Outcome(StrEnum):
    """The weightiest thing that came of a conversation, in this order."""

    HANDED_OVER = "handed_over"
    BOOKED = "booked"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    WAITLISTED = "waitlisted"
    LEAD = "lead"
    MESSAGE = "message"
    TASK = "task"
    """A flow of the agent's own ended with its tool."""
    ABANDONED = "abandoned"
    """The caller never said a word."""
    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    OTHER = "other"


async def refresh(session: AsyncSession, conversation_id: UUID) -> None:
    """Bring the facts of a conversation up to date with its rows, and lock it until the transaction ends; nothing for
    one that is gone."""
    await session.execute(_REFRESH, {"conversation_id": conversation_id})
