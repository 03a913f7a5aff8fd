"""What else can be seen of an agent: its graph, and the secret that its tools check signatures with."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, status
from fastapi import Response as Answer
from pydantic import Field

from reception.api.agents import AgentReader, AgentWriter, OfDraft
from reception.api.idempotency import done_once
from reception.api.schemas import Request, Response
from reception.api.services import Services, ServicesDep
from reception.dialogue.kinds.diagram import agent_diagram
from reception.domains.agents import service as agents
from reception.domains.agents import versions
from reception.domains.agents.secrets import LONGEST_OVERLAP, SecretInUse, rotate_secret, secret_in_use

router = APIRouter(prefix="/agents/{agent_id}", tags=["agents"])

MERMAID = "text/vnd.mermaid"


class AgentGraph(Response):
    """`mermaid` is a flowchart: https://mermaid.js.org/syntax/flowchart.html."""

    agent_id: UUID
    version: int
    mermaid: str


class ToolSecret(Response):
    """Calls are signed with the secret before this one, too, until `previous_until`; null where they are not."""

    secret: str
    previous_until: datetime | None = None


class Rotation(Request):
    overlap_hours: Annotated[
        int,
        Field(ge=0, le=int(LONGEST_OVERLAP / timedelta(hours=1)), description="So long the old secret goes on, too"),
    ] = 24


@router.get(
    "/graph",
    summary="Draw an agent's graph",
    response_model=AgentGraph,
    responses={status.HTTP_200_OK: {"content": {MERMAID: {"schema": {"type": "string"}}}}},
)
async def graph(
    agent_id: UUID,
    services: ServicesDep,
    where: AgentReader,
    draft: OfDraft = False,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="An older version")] = None,
    accept: Annotated[str, Header(max_length=500)] = "application/json",
) -> AgentGraph | Answer:
    """The turn as a graph, with the agent's flows, their slots and what happens at their end. As JSON, or with
    `Accept: text/vnd.mermaid` as the diagram alone."""
    async with services.database.tenant_session(where.tenant_id) as session:
        if version is not None:
            agent = await versions.get_version(session, agent_id, version)
        else:
            stored = await agents.read_agent(session, agent_id)
            agent = stored.draft if draft and stored.draft is not None else stored.agent
    drawn = agent_diagram(agent)
    if MERMAID in accept:
        return Answer(drawn, media_type=MERMAID)
    return AgentGraph(agent_id=agent.agent_id, version=agent.version, mermaid=drawn)


@router.get("/tool-secret", summary="Read the secret that an agent's tools check signatures with")
async def tool_secret(agent_id: UUID, services: ServicesDep, where: AgentWriter, answer: Answer) -> ToolSecret:
    """It is made from the installation's own key and the agent's number of rotations, and changes with either."""
    async with services.database.tenant_session(where.tenant_id) as session:
        in_use = await secret_in_use(session, agent_id)
    return _secret(in_use, agent_id, services, where, answer)


@router.post("/tool-secret/rotate", summary="Put a new secret for an agent's tools in use")
@done_once
async def rotate(
    agent_id: UUID, body: Rotation, services: ServicesDep, where: AgentWriter, answer: Answer
) -> ToolSecret:
    """The answer has the new secret. For `overlap_hours` each call carries two signatures, by the old secret and by the
    new one, so that receivers can change over without missing a call."""
    async with services.database.tenant_session(where.tenant_id) as session:
        overlap = timedelta(hours=body.overlap_hours)
        in_use = await rotate_secret(session, agent_id, overlap, services.clock.now())
    return _secret(in_use, agent_id, services, where, answer)


def _secret(in_use: SecretInUse, agent_id: UUID, services: Services, where: AgentWriter, answer: Answer) -> ToolSecret:
    answer.headers["Cache-Control"] = "no-store"
    overlaps = len(in_use.numbers(services.clock.now())) > 1
    secret = services.tool_secret(where.tenant_id, agent_id, in_use.number)
    return ToolSecret(secret=secret, previous_until=in_use.before_until if overlaps else None)
