"""Whose turn a conversation is, agreed among all processes on one database."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.conversations.models import ConversationRow


async def hold_turn(session: AsyncSession, conversation_id: UUID, holder: UUID, at_most: timedelta) -> bool:
    """Keep the conversation for `holder`'s turn. False when another has it, or there is no such conversation.

    It is nobody's again once `holder` gives it back, and `at_most` later at the latest, by the database's clock.
    """
    free = or_(ConversationRow.turn_held_until.is_(None), ConversationRow.turn_held_until <= func.now())
    held = await session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id, free)
        .values(turn_holder=holder, turn_held_until=func.now() + at_most)
        .returning(ConversationRow.id)
        .execution_options(synchronize_session=False)
    )
    return held.first() is not None


async def give_back_turn(session: AsyncSession, conversation_id: UUID, holder: UUID) -> None:
    """End `holder`'s turn; nothing happens when the conversation is another's by now."""
    await session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id, ConversationRow.turn_holder == holder)
        .values(turn_holder=None, turn_held_until=None)
        .execution_options(synchronize_session=False)
    )
