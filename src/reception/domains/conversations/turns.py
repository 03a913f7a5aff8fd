"""Who has a conversation, agreed among all processes on one database."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
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


async def take_up(session: AsyncSession, conversation_id: UUID) -> int:
    """Take a call from the connection that had it. Returns how often that has happened, which names the new holder.

    Raises:
        NotFound: the call has ended, or there is none.
    """
    taken = await session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id, ConversationRow.ended_at.is_(None))
        .values(taken_up=ConversationRow.taken_up + 1)
        .returning(ConversationRow.taken_up)
        .execution_options(synchronize_session=False)
    )
    times = taken.scalar_one_or_none()
    if times is None:
        raise NotFound("This call has ended: start a new one, without conversation_id.")
    return times


async def still_has(session: AsyncSession, conversation_id: UUID, taken_up: int) -> bool:
    """Whether nobody has taken up the call since the one named `taken_up`, nor will until the transaction ends."""
    found = await session.execute(
        # Not the key: who stores a message meanwhile, and waits for nobody else, is not to wait for this.
        select(ConversationRow.taken_up).where(ConversationRow.id == conversation_id).with_for_update(key_share=True)
    )
    return found.scalar_one_or_none() == taken_up
