"""Leads: messages, callbacks and whatever else a person must take up. A message that was taken is of kind `message`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from fastapi import Response as Answer
from pydantic import Field, JsonValue

from reception.api.access import InTenant, in_tenant
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, id_after
from reception.api.preconditions import IfMatch, check_unchanged, tag_of_view
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.leads import service as leads
from reception.domains.leads.service import Lead, LeadFilter, Stage
from reception.ports.tools import CreateLead
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


class NewLead(Request):
    """What a person notes themselves; a `kind` of the business's own is as good as the agent's."""

    kind: Annotated[Text, Field(min_length=1, max_length=40)] = "message"
    name: Annotated[Text, Field(max_length=120)] = ""
    phone: Annotated[Text, Field(max_length=32)] = ""
    summary: Annotated[Text, Field(max_length=2000)] = ""
    recipient: Annotated[Text, Field(max_length=120)] = ""
    details: Annotated[dict[str, JsonValue], Field(max_length=100)] = Field(default_factory=dict)


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
        found = await leads.list_leads(session, wanted, limit=limit + 1, before=id_after(cursor))
    items = found[:limit]
    more = cursor_of(str(items[-1].lead_id)) if len(found) > limit else None
    return Page[LeadRead](items=tuple(LeadRead.of(lead) for lead in items), next_cursor=more)


@router.post("", status_code=status.HTTP_201_CREATED, summary="Note a lead")
@done_once
async def create(body: NewLead, services: ServicesDep, where: _Writer, answer: Answer) -> LeadRead:
    """The open lead of the same kind, for the same person, from the same phone number is brought up to date instead."""
    noted = CreateLead(body.kind, body.name, body.phone, body.summary, body.details, body.recipient)
    async with services.database.tenant_session(where.tenant_id) as session:
        lead_id = await leads.create_lead(session, where.tenant_id, None, noted)
        return _tagged(await leads.get_lead(session, lead_id), answer)


def _tagged(lead: Lead, answer: Answer) -> LeadRead:
    told = LeadRead.of(lead)
    answer.headers["ETag"] = tag_of_view(told)
    return told


@router.get("/{lead_id}", summary="Read a lead")
async def read(lead_id: UUID, services: ServicesDep, where: _Reader, answer: Answer) -> LeadRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        return _tagged(await leads.get_lead(session, lead_id), answer)


@router.patch("/{lead_id}", summary="Take a lead further")
async def change(
    lead_id: UUID, body: LeadChange, services: ServicesDep, where: _Writer, answer: Answer, if_match: IfMatch = None
) -> LeadRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        check_unchanged(tag_of_view(LeadRead.of(await leads.get_lead(session, lead_id, to_change=True))), if_match)
        changed = await leads.update_lead(session, lead_id, stage=body.stage, assignee=body.assignee, notes=body.notes)
    return _tagged(changed, answer)


@router.delete("/{lead_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a lead")
async def delete(lead_id: UUID, services: ServicesDep, where: _Writer) -> None:
    async with services.database.tenant_session(where.tenant_id) as session:
        await leads.delete_lead(session, lead_id)
