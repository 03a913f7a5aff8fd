"""What else can be seen of an agent: its graph, and the secret that its tools check signatures with."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, status
from fastapi import Response as Answer

from reception.api.agents import AgentReader, AgentWriter, OfDraft
from reception.api.schemas import Response
from reception.api.services import ServicesDep
from reception.dialogue.kinds.diagram import agent_diagram
from reception.domains.agents import service as agents
from reception.domains.agents import versions

router = APIRouter(prefix="/agents/{agent_id}", tags=["agents"])

MERMAID = "text/vnd.mermaid"


class AgentGraph(Response):
    """`mermaid` is a flowchart: https://mermaid.js.org/syntax/flowchart.html."""

    agent_id: UUID
    version: int
    mermaid: str


class ToolSecret(Response):
    secret: str


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
    """It is made from the installation's own key, and changes with that."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await agents.get_agent(session, agent_id)
    answer.headers["Cache-Control"] = "no-store"
    return ToolSecret(secret=services.tool_secret(where.tenant_id, agent_id))
