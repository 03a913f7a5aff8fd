"""Conversations: found by what came of them and by their words, exported, and deleted with all that was said."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, status
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.paging import Cursor, Limit, Page, cursor_of, time_and_id_after
from reception.api.phones import known_phone
from reception.api.schemas import LocalDay, Response, Text
from reception.api.services import ServicesDep
from reception.domains.conversations import archive
from reception.domains.conversations.archive import Overview, Wanted
from reception.domains.conversations.facts import Outcome
from reception.domains.leads import service as leads
from reception.domains.tenants.service import get_business
from reception.ports.business import Business
from reception.runtime.principal import Scope

router = APIRouter(prefix="/conversations", tags=["conversations"])

ConversationReader = Annotated[InTenant, Depends(in_tenant(Scope.CONVERSATIONS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.CONVERSATIONS_WRITE))]


class ConversationRead(Response):
    """`duration_s` runs to the end, or so far to what was said last; `intents` are what the caller set about: names of
    flows, `question`, or `person`. `switches` are fallbacks to another provider. docs/ANALYTICS.md says what each
    outcome means."""

    id: UUID
    agent_id: UUID | None
    agent_version: int | None
    channel: str
    caller_phone: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str
    duration_s: float
    outcome: Outcome
    handed_over: bool
    has_reservation: bool
    has_lead: bool
    turns: int
    intents: tuple[str, ...]
    questions: int
    unanswered: int
    interruptions: int
    switches: int
    faults: int
    cache_hits: int
    cache_misses: int

    @classmethod
    def values_of(cls, one: Overview) -> Mapping[str, object]:
        names = ConversationRead.model_fields.keys() - {"id", "intents"}
        return {
            "id": one.conversation_id,
            "intents": tuple(one.intents),
            **{name: getattr(one, name) for name in names},
        }

    @classmethod
    def of(cls, one: Overview) -> "ConversationRead":
        return cls.model_validate(cls.values_of(one))


class RecordingRead(Response):
    """A call that was taken up again has several parts."""

    part: int
    size_bytes: int
    url: str = Field(description="Relative to the API")


class ConversationDetail(ConversationRead):
    reservation_ids: tuple[UUID, ...]
    lead_ids: tuple[UUID, ...]
    recordings: tuple[RecordingRead, ...]


@router.get("", summary="List conversations, the newest first")
async def list_all(
    services: ServicesDep,
    where: ConversationReader,
    agent_id: UUID | None = None,
    channel: Literal["voice", "chat"] | None = None,
    since: Annotated[LocalDay | None, Query(alias="from", description="Begun on this local day or later")] = None,
    until: Annotated[LocalDay | None, Query(alias="to", description="Begun on this local day or before")] = None,
    outcome: Outcome | None = None,
    phone: Annotated[Text, Query(max_length=32, description="Of the caller, in any usual form")] = "",
    has_lead: Annotated[bool | None, Query(description="A lead or message came of it")] = None,
    has_reservation: Annotated[bool | None, Query(description="A reservation was made or changed in it")] = None,
    q: Annotated[Text, Query(max_length=200, description='Words that were said: garden "table for two" -terrace')] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[ConversationRead]:
    """What begins meanwhile moves no page: a cursor stands for a place in time."""
    before = time_and_id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        business = await get_business(session)
        wanted = Wanted(
            agent_id=agent_id,
            channel=channel or "",
            since=_midnight(since, business) if since else None,
            until=_midnight(until + timedelta(days=1), business) if until else None,
            outcome=outcome,
            caller_phone=known_phone(phone, business) if phone else "",
            has_lead=has_lead,
            has_reservation=has_reservation,
            words=q,
        )
        found = await archive.list_conversations(session, wanted, limit=limit + 1, before=before)
    items = found[:limit]
    last = items[-1] if len(found) > limit else None
    more = cursor_of(last.started_at.isoformat(), str(last.conversation_id)) if last else None
    return Page[ConversationRead](items=tuple(ConversationRead.of(one) for one in items), next_cursor=more)


@router.get("/{conversation_id}", summary="Read what came of a conversation")
async def read(conversation_id: UUID, services: ServicesDep, where: ConversationReader) -> ConversationDetail:
    async with services.database.tenant_session(where.tenant_id) as session:
        one = await archive.get_overview(session, conversation_id)
        deeds = [deed for deed in await archive.list_deeds(session, conversation_id) if deed.done]
    kept = [
        RecordingRead(
            part=recording.part,
            size_bytes=await services.recordings.size_bytes(recording),
            url=f"/conversations/{conversation_id}/recordings/{recording.part}",
        )
        for recording in await services.recordings.of(where.tenant_id, conversation_id)
    ]
    return ConversationDetail.model_validate(
        {
            **ConversationDetail.values_of(one),
            "reservation_ids": tuple(dict.fromkeys(deed.reservation_id for deed in deeds if deed.reservation_id)),
            "lead_ids": tuple(dict.fromkeys(deed.lead_id for deed in deeds if deed.lead_id)),
            "recordings": tuple(kept),
        }
    )


@router.delete("/{conversation_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete a conversation")
async def delete(
    conversation_id: UUID,
    services: ServicesDep,
    where: _Writer,
    with_leads: Annotated[bool, Query(description="Also the leads and messages that came of it")] = False,
) -> None:
    """With all that was said, recorded and noted of it, for good. Reservations stay, and so does what is counted, which
    tells nothing of anybody. 409 while it is a call that goes on."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await archive.delete_conversation(session, conversation_id, services.clock.now())
        await leads.leave_conversations(session, [conversation_id], delete_leads=with_leads)
        # Where the recordings cannot be deleted now, the rows stay too, and it can be asked for again.
        await services.recordings.delete(where.tenant_id, [conversation_id])


def _midnight(day: date, business: Business) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(business.timezone))
