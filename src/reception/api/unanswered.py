"""What callers asked and the documents did not answer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from reception.api.knowledge import Reader, Writer
from reception.api.schemas import Response
from reception.api.services import ServicesDep
from reception.core.errors import FieldProblem, Unprocessable
from reception.domains.knowledge import unanswered
from reception.domains.knowledge.unanswered import UnansweredQuestion

router = APIRouter(prefix="/knowledge", tags=["knowledge"])


class Unanswered(Response):
    """Questions of one meaning. `question` is the commonest wording, without what tells who asked."""

    id: UUID
    question: str
    wordings: list[str]
    times: int
    first_asked_at: datetime
    last_asked_at: datetime
    agent_ids: list[UUID]

    @classmethod
    def of(cls, found: UnansweredQuestion) -> "Unanswered":
        return cls(
            id=found.group_id,
            question=found.wordings[0],
            wordings=list(found.wordings),
            times=found.times,
            first_asked_at=found.first_at,
            last_asked_at=found.last_at,
            agent_ids=list(found.agents),
        )


@router.get("/unanswered", summary="What should be added to the documents, by how often it was asked")
async def list_unanswered(
    services: ServicesDep,
    where: Reader,
    agent_id: UUID | None = None,
    since: Annotated[datetime | None, Query(description="Asked at this time or later, with its zone")] = None,
    until: Annotated[datetime | None, Query(description="Asked before this time, with its zone")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> list[Unanswered]:
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            told = "must have a time zone, like 2027-03-10T18:00:00Z"
            raise Unprocessable(f"{name} {told}", problems=(FieldProblem(f"/{name}", told),))
    async with services.database.tenant_session(where.tenant_id) as session:
        found = await unanswered.list_unanswered(
            session, agent_id=agent_id, since=since, until=until, limit=limit, offset=offset
        )
    return [Unanswered.of(question) for question in found]


@router.delete(
    "/unanswered/{question_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Take a question off the list"
)
async def dismiss(question_id: UUID, services: ServicesDep, where: Writer) -> None:
    """It does not come back, however it is worded."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await unanswered.dismiss(session, question_id)
