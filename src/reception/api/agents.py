"""Agents of a tenant."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, status
from pydantic import Field

from reception.api.access import InTenant, in_tenant
from reception.api.schemas import Request, Response, Text
from reception.api.services import Services, ServicesDep
from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.agents import service as agents
from reception.ports.business import Agent, AgentKind, AgentSettings
from reception.runtime.principal import Scope

router = APIRouter(prefix="/agents", tags=["agents"])

_Reader = Annotated[InTenant, Depends(in_tenant(Scope.AGENTS_READ))]
_Writer = Annotated[InTenant, Depends(in_tenant(Scope.AGENTS_WRITE))]
_Name = Annotated[Text, Field(min_length=1, max_length=120)]
_Word = Annotated[Text, Field(min_length=1, max_length=agents.LONGEST_WORD)]


class AgentTuning(Request):
    """What an owner may tune; `patience` scales every wait at the end of an utterance."""

    greeting: Annotated[Text, Field(max_length=500)] = ""
    persona_name: Annotated[Text, Field(max_length=60)] = ""
    voice: str = Field(default="heart", pattern=r"^[A-Za-z0-9_.-]{1,60}$")
    voice_speed: float = Field(default=1.0, ge=0.5, le=2.0, allow_inf_nan=False)
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

    def value(self) -> AgentSettings:
        return AgentSettings(**self.model_dump())

    @classmethod
    def of(cls, settings: AgentSettings) -> "AgentTuning":
        return cls.model_construct(**{name: getattr(settings, name) for name in cls.model_fields})


class NewAgent(Request):
    name: _Name
    kind: AgentKind = AgentKind.RECEPTIONIST
    settings: AgentTuning = AgentTuning()


class AgentChange(Request):
    """Only what is present changes; of `settings`, too."""

    name: _Name | None = None
    settings: AgentTuning | None = None


class AgentRead(Response):
    id: UUID
    tenant_id: UUID
    name: str
    kind: AgentKind
    settings: AgentTuning
    version: int

    @classmethod
    def of(cls, agent: Agent) -> "AgentRead":
        return cls(
            id=agent.agent_id,
            tenant_id=agent.tenant_id,
            name=agent.name,
            kind=agent.kind,
            settings=AgentTuning.of(agent.settings),
            version=agent.version,
        )


def _check_voice(settings: AgentTuning, services: Services) -> None:
    if settings.voice not in services.voices:
        known = ", ".join(services.voices)
        problem = FieldProblem("/settings/voice", f"must be one of the voices available here: {known}")
        raise Unprocessable(f"There is no such voice; there is: {known}.", problems=(problem,))


@router.post("", status_code=status.HTTP_201_CREATED, summary="Create an agent")
async def create(body: NewAgent, services: ServicesDep, where: _Writer) -> AgentRead:
    _check_voice(body.settings, services)
    async with services.database.tenant_session(where.tenant_id) as session:
        agent = await agents.create_agent(
            session, where.tenant_id, name=body.name, kind=body.kind, settings=body.settings.value()
        )
    return AgentRead.of(agent)


@router.get("", summary="List the tenant's agents")
async def list_all(services: ServicesDep, where: _Reader) -> list[AgentRead]:
    async with services.database.tenant_session(where.tenant_id) as session:
        return [AgentRead.of(agent) for agent in await agents.list_agents(session)]


@router.get("/{agent_id}", summary="Read an agent")
async def read(agent_id: UUID, services: ServicesDep, where: _Reader) -> AgentRead:
    async with services.database.tenant_session(where.tenant_id) as session:
        return AgentRead.of(await agents.get_agent(session, agent_id))


@router.patch("/{agent_id}", summary="Change an agent")
async def change(agent_id: UUID, body: AgentChange, services: ServicesDep, where: _Writer) -> AgentRead:
    if body.settings is not None and "voice" in body.settings.model_fields_set:
        _check_voice(body.settings, services)
    async with services.database.tenant_session(where.tenant_id) as session:
        settings = None
        if body.settings is not None:
            kept = AgentTuning.of((await agents.get_agent(session, agent_id, to_change=True)).settings).model_dump()
            settings = AgentTuning(**{**kept, **body.settings.model_dump(exclude_unset=True)}).value()
        return AgentRead.of(await agents.update_agent(session, agent_id, name=body.name, settings=settings))


@router.delete("/{agent_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Delete an agent")
async def delete(agent_id: UUID, services: ServicesDep, where: _Writer) -> None:
    async with services.database.tenant_session(where.tenant_id) as session:
        await agents.delete_agent(session, agent_id)
