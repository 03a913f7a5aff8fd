"""The demo's public endpoints and its page. Mounted in demo mode only."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from importlib import resources
from pathlib import Path
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import FileResponse

from reception.api.auth import Token
from reception.api.knowledge_search import CitedPassage
from reception.api.schemas import Request, Response
from reception.api.services import Services, ServicesDep
from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.domains.knowledge.documents import get_passage
from reception.ports.business import AgentKind
from reception.runtime.demo.seed import DemoAgent
from reception.runtime.principal import DEMO_SCOPES, Principal

router = APIRouter(tags=["demo"])

_PAGE_FILES = frozenset({".html", ".js", ".css", ".svg", ".png", ".ico", ".woff2", ".json", ".webmanifest"})
_TOKEN_LIFETIME = timedelta(hours=1)


class DemoAgentRead(Response):
    name: str
    slug: str
    kind: AgentKind
    agent_id: UUID
    blurb: str
    sample_questions: tuple[str, ...]


class DemoTokenRequest(Request):
    agent_id: UUID


@router.get("/demo/agents", summary="The demo's agents")
async def demo_agents(services: ServicesDep) -> list[DemoAgentRead]:
    return [
        DemoAgentRead(
            name=agent.name,
            slug=agent.slug,
            kind=agent.kind,
            agent_id=agent.agent_id,
            blurb=agent.blurb,
            sample_questions=agent.sample_questions,
        )
        for agent in services.demo_agents
    ]


@router.post("/demo/token", summary="A token to call and chat with one demo agent")
async def demo_token(body: DemoTokenRequest, services: ServicesDep) -> Token:
    agent = _demo_agent(services, body.agent_id)
    # Each visitor is somebody of their own, though nobody knows who.
    visitor = Principal(f"demo:{agent.slug}:{uuid7()}", agent.tenant_id, DEMO_SCOPES, agent.agent_id)
    issued = services.tokens.issue(visitor, _TOKEN_LIFETIME)
    return Token(access_token=issued.value, expires_in=issued.expires_in_s)


@router.get("/demo/agents/{agent_id}/passages/{chunk_id}", summary="A passage that a demo agent has cited")
async def demo_passage(agent_id: UUID, chunk_id: UUID, services: ServicesDep) -> CitedPassage:
    """For the page, whose token reads no documents. 404 where the document has been replaced since."""
    agent = _demo_agent(services, agent_id)
    async with services.database.tenant_session(agent.tenant_id) as session:
        return CitedPassage.of(await get_passage(session, chunk_id))


def _demo_agent(services: Services, agent_id: UUID) -> DemoAgent:
    agent = next((agent for agent in services.demo_agents if agent.agent_id == agent_id), None)
    if agent is None:
        raise NotFound("There is no such demo agent.")
    return agent


def page_router() -> APIRouter:
    """One GET route for each file of the page: a mount would turn every wrong method into a missing path."""
    pages = APIRouter()
    root = Path(str(resources.files("reception.api").joinpath("demo_page")))
    for file in sorted(path for path in root.rglob("*") if path.suffix in _PAGE_FILES and path.is_file()):
        relative = file.relative_to(root).as_posix()
        route = "/" if relative == "index.html" else f"/{relative}"
        pages.add_api_route(route, _page_file(file), methods=["GET", "HEAD"], include_in_schema=False, name=route)
    return pages


def _page_file(file: Path) -> Callable[[], Awaitable[FileResponse]]:
    async def serve() -> FileResponse:
        return FileResponse(file, headers={"Cache-Control": "no-cache"})

    return serve
