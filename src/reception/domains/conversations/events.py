"""What happens in a conversation beside what is said: providers that are replaced, parts that fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded_json
from reception.domains.conversations.facts import refresh
from reception.domains.conversations.models import ConversationRow, EventRow
from reception.ports.dialogue import Json

SWITCH = "switch"
FAULT = "fault"
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is `switch` (with part, from, to, reason) or `fault` (with code); in or after `turn`."""

    turn: int
    kind: str
    data: Mapping[str, Json]
    at: datetime


async def record_event(
    session: AsyncSession, conversation_id: UUID, turn: int, kind: str, data: Mapping[str, Json]
) -> None:
    """Store that something happened.

    Raises:
        NotFound: there is no such conversation.
        Unprocessable: more than 2,000 characters of JSON.
    """
    found = await session.execute(
        select(ConversationRow.tenant_id).where(ConversationRow.id == conversation_id).with_for_update(key_share=True)
    )
    tenant_id = found.scalar_one_or_none()
    if tenant_id is None:
        raise NotFound("There is no such conversation")
    await session.execute(
        insert(EventRow).values(
            id=uuid7(),
            tenant_id=tenant_id,
            conversation_id=conversation_id,
            turn=turn,
            kind=kind,
            data=bounded_json(data, "/data", longest=2_000),
        )
    )
    await refresh(session, conversation_id)


async def list_events(session: AsyncSession, conversation_id: UUID, *, first: int, last: int) -> Sequence[Event]:
    """What happened from turn `first` to turn `last`, in order; the first thousand."""
    rows = await session.execute(
        select(EventRow)
        .where(EventRow.conversation_id == conversation_id, EventRow.turn.between(first, last))
        .order_by(EventRow.id)
        .limit(_MOST)
    )
    return [Event(row.turn, row.kind, row.data, row.created_at) for row in rows.scalars()]
