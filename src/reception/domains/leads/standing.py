"""Leads that stand for something else, and are open as long as it is."""

from uuid import UUID

from sqlalchemy import ColumnElement, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.ids import uuid7
from reception.domains.leads.models import LeadRow
from reception.domains.leads.service import OPEN, Stage
from reception.ports.tools import CreateLead

ABOUT = "about"
"""The key of `details` under which the id is kept of what a lead stands for."""


async def stand_for(session: AsyncSession, tenant_id: UUID, about: UUID, lead: CreateLead) -> None:
    """Note `lead`, whose texts are within their bounds, as what stands for `about`; one of its kind that does already,
    or did, is left as it is."""
    noted = select(LeadRow.id).where(*_about(lead.kind, about)).limit(1)
    if (await session.execute(noted)).first() is not None:
        return
    values = {
        "kind": lead.kind,
        "name": lead.name,
        "phone": lead.phone,
        "recipient": lead.recipient,
        "summary": lead.summary,
        "details": {**lead.details, ABOUT: str(about)},
    }
    await session.execute(insert(LeadRow).values(id=uuid7(), tenant_id=tenant_id, conversation_id=None, **values))


async def settle(session: AsyncSession, kind: str, about: UUID, stage: Stage) -> None:
    """Close what stands for `about`; nothing where a person has done so already."""
    await session.execute(
        update(LeadRow)
        .where(*_about(kind, about), LeadRow.stage.in_([stage.value for stage in OPEN]))
        .values(stage=stage.value, updated_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _about(kind: str, about: UUID) -> tuple[ColumnElement[bool], ...]:
    return (LeadRow.kind == kind, LeadRow.details[ABOUT].astext == str(about))
