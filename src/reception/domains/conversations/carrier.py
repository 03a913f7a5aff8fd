"""Telephone calls, by what their carrier calls them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from reception.domains.conversations.models import ConversationRow
from reception.ports.dialogue import Json


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """The conversation that a telephone call is. `ended_at` is None while it goes on, `agent_id` once the agent was
    deleted; `taken_up` is how often it was gone on with over a new connection."""

    conversation_id: UUID
    agent_id: UUID | None
    ended_at: datetime | None
    taken_up: int
    state: Mapping[str, Json]


async def find_carrier_call(session: AsyncSession, carrier_call_id: str) -> CarrierCall | None:
    """The tenant's call of this name; None where its conversation has not begun."""
    found = await session.execute(
        select(
            ConversationRow.id,
            ConversationRow.agent_id,
            ConversationRow.ended_at,
            ConversationRow.taken_up,
            ConversationRow.state,
        ).where(ConversationRow.carrier_call_id == carrier_call_id)
    )
    row = found.one_or_none()
    return None if row is None else CarrierCall(row.id, row.agent_id, row.ended_at, row.taken_up, row.state)
