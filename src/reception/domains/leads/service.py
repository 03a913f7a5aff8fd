"""Store and list leads: messages, callbacks, large parties, whatever a person must take up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.errors import ForeignKeyViolation
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.bounds import bounded, bounded_json
from reception.db.violations import is_violation
from reception.domains.leads.models import LeadRow
from reception.ports.dialogue import Json
from reception.ports.tools import CreateLead


@dataclass(frozen=True, slots=True)
class Lead:
    """A stored lead. `conversation_id` is the conversation behind it, `created_at` aware UTC."""

    lead_id: UUID
    conversation_id: UUID | None
    kind: str
    name: str
    phone: str
    summary: str
    details: Mapping[str, Json]
    created_at: datetime


async def create_lead(session: AsyncSession, tenant_id: UUID, conversation_id: UUID | None, lead: CreateLead) -> UUID:
    """Store a lead and return its id.

    Raises:
        NotFound: there is no such tenant.
        Unprocessable: a field is too long, or there is no kind.
    """
    lead_id = uuid7()
    values = {
        "id": lead_id,
        "tenant_id": tenant_id,
        "conversation_id": conversation_id,
        "kind": bounded(lead.kind, "/kind", shortest=1, longest=40),
        "name": bounded(lead.name, "/name", longest=120),
        "phone": bounded(lead.phone, "/phone", longest=32),
        "summary": bounded(lead.summary, "/summary", longest=2000),
        "details": bounded_json(lead.details, "/details", longest=20_000),
    }
    try:
        async with session.begin_nested():
            await session.execute(insert(LeadRow).values(**values))
    except IntegrityError as error:
        if is_violation(error, ForeignKeyViolation):
            raise NotFound("There is no such business") from error
        raise
    return lead_id


async def list_leads(session: AsyncSession, *, limit: int = 100) -> list[Lead]:
    """The tenant's newest leads, newest first."""
    rows = await session.execute(select(LeadRow).order_by(LeadRow.id.desc()).limit(limit))
    return [
        Lead(row.id, row.conversation_id, row.kind, row.name, row.phone, row.summary, row.details, row.created_at)
        for row in rows.scalars()
    ]
