"""Leads: messages, callbacks and whatever else a person must take up. A message that was taken is of kind `message`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field, JsonValue

from reception.api.access import InTenant, in_tenant
from reception.api.paging import Cursor, Limit, Page, cursor_of, foreign_cursor, read_cursor
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.leads.service import Lead, LeadFilter, Stage, get_lead, list_leads, update_lead
from reception.runtime.principal import Scope

router = APIRouter(prefix="/leads", tags=["leads"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.LEADS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.LEADS_WRITE))]
_Narrow = Annotated[Text, Query(max_length=120)]


class LeadRead(Response):
    """`conversation_id` is the conversation behind it, the latest where the caller came with it several `times`;
    `recipient` is whom a message is for, `assignee` who takes care of it."""

    id: UUID
    kind: str
    stage: Stage
    name: str
    phone: str
    summary: str
    details: Mapping[str, JsonValue]
    recipient: str
    assignee: str
    notes: str
    times: int
    conversation_id: UUID | None
    created_at: datetime
    updated_at: datetime | None

    @classmethod
    def of(cls, lead: Lead) -> "LeadRead":
        values = {name: getattr(lead, name) for name in cls.model_fields if name != "id"}
        return cls(id=lead.lead_id, **values)


class LeadChange(Request):
    """Only the fields that are present change."""

    stage: Stage | None = None
    assignee: Annotated[Text, Field(max_length=120)] | None = None
    notes: Annotated[Text, Field(max_length=4000)] | None = None


@router.get("", summary="List leads, the newest first")
async def list_all(
    services: ServicesDep,
    where: _Reader,
    kind: Annotated[Text, Query(max_length=40, description="Such as message, callback, large_party or viewing")] = "",
    stage: Annotated[list[Stage] | None, Query()] = None,
    recipient: _Narrow = "",
    assignee: _Narrow = "",
    phone: _Narrow = "",
    conversation_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[LeadRead]:
    wanted = LeadFilter(kind, tuple(stage or ()), recipient, assignee, phone, conversation_id)
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await list_leads(session, wanted, limit=limit + 1, before=_before(cursor) if cursor else None)
    items = found[:limit]
    more = cursor_of(str(items[-1].lead_id)) if len(found) > limit else None
    return Page[LeadRead](items=tuple(LeadRead.of(lead) for lead in items), next_cursor=more)


def _before(cursor: str) -> UUID:
    (lead_id,) = read_cursor(cursor, 1)
    try:
        return UUID(lead_id)
    except ValueError as error:
        raise foreign_cursor() from error


@router.get("/{lead_id}", summary="Read a lead")
async def read(lead_id: UUID, services: ServicesDep, where: _Reader) -> LeadRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        return LeadRead.of(await get_lead(session, lead_id))


@router.patch("/{lead_id}", summary="Take a lead further")
async def change(lead_id: UUID, body: LeadChange, services: ServicesDep, where: _Writer) -> LeadRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        return LeadRead.of(
            await update_lead(session, lead_id, stage=body.stage, assignee=body.assignee, notes=body.notes)
        )
