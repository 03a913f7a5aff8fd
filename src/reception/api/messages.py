"""Messages that callers left for somebody of the business, callbacks they asked for, and whom of the waitlist to
ring up. Each is a lead, too."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi import Response as Answer

from reception.api.access import InTenant, in_tenant
from reception.api.paging import Cursor, Limit, Page, cursor_of, id_after
from reception.api.preconditions import IfMatch, check_unchanged, tag_of_view
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.core.errors import NotFound
from reception.domains.leads import service as leads
from reception.domains.leads.service import OPEN, Lead, LeadFilter, Stage
from reception.runtime.principal import Scope

router = APIRouter(prefix="/messages", tags=["messages"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.LEADS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.LEADS_WRITE))]
_Narrow = Annotated[Text, Query(max_length=120)]


class MessageStatus(StrEnum):
    """`new` until it is read; words that are added to it make it new again."""

    NEW = "new"
    READ = "read"
    DONE = "done"


class MessageRead(Response):
    """`kind` is message, callback or waitlist_offer; `recipient` whom it is for, empty for anybody."""

    id: UUID
    kind: str
    status: MessageStatus
    text: str
    name: str
    phone: str
    recipient: str
    assignee: str
    notes: str
    times: int
    conversation_id: UUID | None
    created_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, lead: Lead) -> "MessageRead":
        names = cls.model_fields.keys() - {"id", "status", "text"}
        values = {name: getattr(lead, name) for name in names}
        return cls(id=lead.lead_id, status=_status(lead), text=lead.summary, **values)


class MessageChange(Request):
    status: MessageStatus


def _status(lead: Lead) -> MessageStatus:
    if lead.stage not in OPEN:
        return MessageStatus.DONE
    return MessageStatus.NEW if lead.read_at is None else MessageStatus.READ


_WANTED = {
    None: LeadFilter(kinds=leads.MESSAGES),
    MessageStatus.NEW: LeadFilter(kinds=leads.MESSAGES, stages=OPEN, read=False),
    MessageStatus.READ: LeadFilter(kinds=leads.MESSAGES, stages=OPEN, read=True),
    MessageStatus.DONE: LeadFilter(kinds=leads.MESSAGES, stages=(Stage.WON, Stage.LOST)),
}


@router.get("", summary="List messages, the newest first")
async def list_all(
    services: ServicesDep,
    where: _Reader,
    status: MessageStatus | None = None,
    recipient: _Narrow = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[MessageRead]:
    wanted = _WANTED[status]
    wanted = LeadFilter(kinds=wanted.kinds, stages=wanted.stages, read=wanted.read, recipient=recipient)
    before = id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await leads.list_leads(session, wanted, limit=limit + 1, before=before)
    items = found[:limit]
    more = cursor_of(str(items[-1].lead_id)) if len(found) > limit else None
    return Page[MessageRead](items=tuple(MessageRead.of(lead) for lead in items), next_cursor=more)


def _message(lead: Lead) -> MessageRead:
    if lead.kind not in leads.MESSAGES:
        raise NotFound("There is no such message")
    return MessageRead.of(lead)


@router.get("/{message_id}", summary="Read a message")
async def read(message_id: UUID, services: ServicesDep, where: _Reader, answer: Answer) -> MessageRead:
    """It stays new until it is marked."""
    async with services.database.tenant_session(where.tenant_id) as session:
        told = _message(await leads.get_lead(session, message_id))
    answer.headers["ETag"] = tag_of_view(told)
    return told


@router.patch("/{message_id}", summary="Mark a message as new, read or done")
async def mark(
    message_id: UUID,
    body: MessageChange,
    services: ServicesDep,
    where: _Writer,
    answer: Answer,
    if_match: IfMatch = None,
) -> MessageRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        lead = await leads.get_lead(session, message_id, to_change=True)
        check_unchanged(tag_of_view(_message(lead)), if_match)
        stage = lead.stage
        if body.status is MessageStatus.DONE:
            # What came to nothing is done, too.
            stage = Stage.WON if stage in OPEN else stage
        elif stage not in OPEN:
            stage = Stage.NEW
        read = body.status is not MessageStatus.NEW
        marked = MessageRead.of(await leads.update_lead(session, message_id, stage=stage, read=read))
    answer.headers["ETag"] = tag_of_view(marked)
    return marked
