"""Versions of an agent: drafts, publishing and going back."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.agents import (
    AgentRead,
    AgentReader,
    AgentState,
    AgentWriter,
    check_tools,
    etag_of,
)
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, number_after
from reception.api.preconditions import IfMatch, check_unchanged
from reception.api.schemas import Request, Response, Text
from reception.api.services import ServicesDep
from reception.domains.agents import service as agents
from reception.domains.agents import versions
from reception.domains.conversations.service import count_by_version

router = APIRouter(prefix="/agents/{agent_id}", tags=["agents"])

_Note = Annotated[Text, Field(max_length=agents.LONGEST_NOTE, description="Why, for those who read the list later")]
_Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Publication(Request):
    note: _Note = ""


class Rollback(Request):
    version: _Version
    note: _Note = ""


class VersionRead(Response):
    """`current`: it takes calls. `restores` is the older version whose content it brought back; `conversations` is how
    many it has had."""

    version: int
    published_at: datetime
    current: bool
    note: str
    restores: int | None
    conversations: int


@router.get("/versions", summary="List an agent's versions")
async def list_all(
    agent_id: UUID, services: ServicesDep, where: AgentReader, limit: Limit = 50, cursor: Cursor = ""
) -> Page[VersionRead]:
    """Newest first."""
    before = number_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        current = (await agents.get_agent(session, agent_id)).version
        found = await versions.list_versions(session, agent_id, limit=limit + 1, before=before)
        published = found[:limit]
        had = await count_by_version(session, agent_id, [one.version for one in published])
    more = cursor_of(str(published[-1].version)) if len(found) > limit else None
    listed = tuple(
        VersionRead(
            version=one.version,
            published_at=one.published_at,
            current=one.version == current,
            note=one.note,
            restores=one.restores,
            conversations=had.get(one.version, 0),
        )
        for one in published
    )
    return Page[VersionRead](items=listed, next_cursor=more)


@router.get("/versions/{version}", summary="Read one version of an agent")
async def read(
    agent_id: UUID, version: Annotated[int, Path(ge=1, le=2**31 - 1)], services: ServicesDep, where: AgentReader
) -> AgentRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        return AgentRead.of(await versions.get_version(session, agent_id, version))


@router.post("/publish", summary="Publish an agent's draft")
@done_once
async def publish(
    agent_id: UUID,
    services: ServicesDep,
    where: AgentWriter,
    answer: Answer,
    body: Publication | None = None,
    if_match: IfMatch = None,
) -> AgentState:
    """New calls get it from now on; those in progress keep the version they began with."""
    async with services.database.tenant_session(where.tenant_id) as session:
        stored = await agents.read_agent(session, agent_id, to_change=True)
        check_unchanged(etag_of(stored), if_match)
        check_tools(stored.draft.definition if stored.draft else None, services)
        await versions.publish_draft(session, agent_id, note=body.note if body else "")
        stored = await agents.read_agent(session, agent_id)
    services.load(stored.agent.settings)
    answer.headers["ETag"] = etag_of(stored)
    return AgentState.at(stored)


@router.post("/rollback", summary="Go back to an older version of an agent")
@done_once
async def roll_back(
    agent_id: UUID, body: Rollback, services: ServicesDep, where: AgentWriter, answer: Answer, if_match: IfMatch = None
) -> AgentState:
    """Its content is published again under a new number. A draft stays as it is."""
    async with services.database.tenant_session(where.tenant_id) as session:
        check_unchanged(etag_of(await agents.read_agent(session, agent_id, to_change=True)), if_match)
        await versions.roll_back(session, agent_id, body.version, note=body.note)
        stored = await agents.read_agent(session, agent_id)
    services.load(stored.agent.settings)
    answer.headers["ETag"] = etag_of(stored)
    return AgentState.at(stored)


@router.delete("/draft", status_code=status.HTTP_204_NO_CONTENT, summary="Discard an agent's draft")
async def discard(agent_id: UUID, services: ServicesDep, where: AgentWriter, if_match: IfMatch = None) -> None:
    async with services.database.tenant_session(where.tenant_id) as session:
        check_unchanged(etag_of(await agents.read_agent(session, agent_id, to_change=True)), if_match)
        await versions.discard_draft(session, agent_id)
