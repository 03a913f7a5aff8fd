"""Agents of a tenant."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.idempotency import done_once
from reception.api.paging import Cursor, Limit, Page, cursor_of, id_after
from reception.api.preconditions import IfMatch, check_unchanged
from reception.api.schemas import Request, Response, Text
from reception.api.services import Services, ServicesDep
from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.agents import service as agents
from reception.domains.agents import versions
from reception.domains.agents.rules import is_loopback
from reception.ports.business import Agent, AgentKind, AgentSettings
from reception.ports.definition import AgentDefinition
from reception.runtime.principal import Scope

router = APIRouter(prefix="/agents", tags=["agents"])

AgentReader = Annotated[InTenant, Depends(in_tenant(Scope.AGENTS_READ))]
AgentWriter = Annotated[InTenant, Depends(in_tenant(Scope.AGENTS_WRITE))]
_Name = Annotated[Text, Field(min_length=1, max_length=120)]
_Word = Annotated[Text, Field(min_length=1, max_length=agents.LONGEST_WORD)]
OfDraft = Annotated[bool, Query(alias="draft", description="The draft instead of what is published")]


class AgentTuning(Request):
    """What an owner may tune; `patience` scales every wait at the end of an utterance."""

    greeting: Annotated[Text, Field(max_length=500)] = ""
    persona_name: Annotated[Text, Field(max_length=60)] = ""
    voice: str = Field(default="heart", pattern=r"^[A-Za-z0-9_.-]{1,60}$")
    voice_speed: float = Field(default=1.0, ge=0.5, le=2.0, allow_inf_nan=False)
    stt: str = Field(default="", max_length=400, examples=["deepgram:nova-3, embedded"])
    tts: str = Field(default="", max_length=400, examples=["elevenlabs:eleven_flash_v2_5, embedded"])
    language: str = Field(default="", pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3})?$", max_length=35)
    pronunciations: Annotated[dict[_Word, _Word], Field(max_length=agents.MOST_PRONUNCIATIONS)] = Field(
        default_factory=dict, description="How words are to be said, by how they are written."
    )
    patience: float = Field(default=1.0, ge=0.5, le=3.0, allow_inf_nan=False)
    silence_prompt_s: float = Field(default=8.0, ge=2.0, le=60.0, allow_inf_nan=False)
    silence_prompts: int = Field(default=2, ge=0, le=5)
    filler_after_ms: int = Field(default=700, ge=200, le=5000)
    max_call_s: int = Field(default=1800, ge=30, le=4 * 3600)
    handoff_phone: str = Field(default="", pattern=r"^(\+[1-9][0-9]{5,14})?$")
    vocabulary: Annotated[tuple[_Word, ...], Field(max_length=agents.MOST_WORDS)] = ()
    recording: bool = False
    recording_notice: Annotated[Text, Field(max_length=300)] = ""
    recording_days: int = Field(default=30, ge=1, le=3650)
    llm: Annotated[Text, Field(max_length=400, examples=["groq:openai/gpt-oss-20b, openai:gpt-5-mini"])] = ""

    def value(self) -> AgentSettings:
        return AgentSettings(**self.model_dump())

    @classmethod
    def of(cls, settings: AgentSettings) -> "AgentTuning":
        return cls.model_construct(**{name: getattr(settings, name) for name in cls.model_fields})


class NewAgent(Request):
    name: _Name
    kind: AgentKind = AgentKind.RECEPTIONIST
    settings: AgentTuning = AgentTuning()
    definition: AgentDefinition = AgentDefinition()


class AgentChange(Request):
    """Only what is present changes; of `settings`, too. `definition` is replaced as a whole."""

    name: _Name | None = None
    settings: AgentTuning | None = None
    definition: AgentDefinition | None = None


class AgentRead(Response):
    """`version` is the one that takes calls."""

    id: UUID
    tenant_id: UUID
    name: str
    kind: AgentKind
    settings: AgentTuning
    definition: AgentDefinition
    version: int

    @classmethod
    def of(cls, agent: Agent) -> "AgentRead":
        return cls(
            id=agent.agent_id,
            tenant_id=agent.tenant_id,
            name=agent.name,
            kind=agent.kind,
            settings=AgentTuning.of(agent.settings),
            definition=agent.definition,
            version=agent.version,
        )


class AgentState(AgentRead):
    """`has_draft`: there are changes that are not published."""

    has_draft: bool

    @classmethod
    def at(cls, stored: agents.StoredAgent, *, draft: bool = False) -> "AgentState":
        shown = stored.draft if draft and stored.draft is not None else stored.agent
        return cls(**dict(AgentRead.of(shown)), has_draft=stored.draft is not None)


def etag_of(stored: agents.StoredAgent) -> str:
    return f'"{stored.agent.version}-{stored.revision}"'


def check_tools(definition: AgentDefinition | None, services: Services) -> None:
    """Tools on this very machine are for development."""
    if definition is None or services.loopback_tools:
        return
    problems = tuple(
        FieldProblem(f"/definition/tools/{index}/url", "must not be on this machine, outside development")
        for index, tool in enumerate(definition.tools)
        if is_loopback(tool.url)
    )
    if problems:
        raise Unprocessable("A tool must be on the public internet.", problems=problems)


def _check_speech(settings: AgentTuning, services: Services) -> None:
    if problem := services.desk.problem(settings.stt, settings.tts, settings.voice):
        raise Unprocessable("Nobody can hear or speak like this.", problems=(problem,))


@router.post("", status_code=status.HTTP_201_CREATED, summary="Create an agent")
@done_once
async def create(body: NewAgent, services: ServicesDep, where: AgentWriter, answer: Answer) -> AgentState:
    """It takes calls at once, as version 1."""
    _check_speech(body.settings, services)
    check_tools(body.definition, services)
    async with services.database.tenant_session(where.tenant_id) as session:
        agent = await agents.create_agent(
            session,
            where.tenant_id,
            name=body.name,
            kind=body.kind,
            settings=body.settings.value(),
            definition=body.definition,
        )
        stored = await agents.read_agent(session, agent.agent_id)
    services.load(agent.settings)
    answer.headers["ETag"] = etag_of(stored)
    return AgentState.at(stored)


@router.get("", summary="List the tenant's agents")
async def list_all(
    services: ServicesDep, where: AgentReader, limit: Limit = 50, cursor: Cursor = ""
) -> Page[AgentState]:
    """Oldest first."""
    after = id_after(cursor)
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await agents.list_stored(session, limit=limit + 1, after=after)
    items = found[:limit]
    more = cursor_of(str(items[-1].agent.agent_id)) if len(found) > limit else None
    return Page[AgentState](items=tuple(AgentState.at(stored) for stored in items), next_cursor=more)


@router.get("/{agent_id}", summary="Read an agent")
async def read(
    agent_id: UUID, services: ServicesDep, where: AgentReader, answer: Answer, draft: OfDraft = False
) -> AgentState:
    """With `draft=true` the draft, or what is published where there is none. The ETag is the same for both."""
    async with services.database.tenant_session(where.tenant_id) as session:
        stored = await agents.read_agent(session, agent_id)
    answer.headers["ETag"] = etag_of(stored)
    return AgentState.at(stored, draft=draft)


@router.patch("/{agent_id}", summary="Change an agent")
async def change(
    agent_id: UUID,
    body: AgentChange,
    services: ServicesDep,
    where: AgentWriter,
    answer: Answer,
    draft: OfDraft = False,
    if_match: IfMatch = None,
) -> AgentState:
    """Published at once, as a new version; with `draft=true` only the draft changes, which begins as what is published.

    Without `draft=true` it is refused while there is a draft.
    """
    check_tools(body.definition, services)
    async with services.database.tenant_session(where.tenant_id) as session:
        stored = await agents.read_agent(session, agent_id, to_change=True)
        check_unchanged(etag_of(stored), if_match)
        base = stored.draft if draft and stored.draft is not None else stored.agent
        settings = None
        if body.settings is not None:
            kept = AgentTuning.of(base.settings).model_dump()
            tuning = AgentTuning(**{**kept, **body.settings.model_dump(exclude_unset=True)})
            if {"voice", "stt", "tts"} & body.settings.model_fields_set:
                _check_speech(tuning, services)
            settings = tuning.value()
        save = versions.save_draft if draft else agents.update_agent
        await save(session, agent_id, name=body.name, settings=settings, definition=body.definition)
        stored = await agents.read_agent(session, agent_id)
    if settings is not None:
        services.load(settings)
    answer.headers["ETag"] = etag_of(stored)
    return AgentState.at(stored, draft=draft)


@router.delete("/{agent_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete an agent")
async def delete(agent_id: UUID, services: ServicesDep, where: AgentWriter) -> None:
    async with services.database.tenant_session(where.tenant_id) as session:
        await agents.delete_agent(session, agent_id)
