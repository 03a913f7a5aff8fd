"""What callers asked and the documents did not answer."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status

from reception.api.knowledge import Reader, Writer
from reception.api.paging import Cursor, Limit, Page, cursor_of, foreign_cursor, read_cursor
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
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[Unanswered]:
    """A question that is asked again moves up: later pages count what had been asked when the first was read."""
    seen_at, after = _place(cursor) if cursor else (None, None)
    for name, moment in (("since", since), ("until", until)):
        if moment is not None and moment.tzinfo is None:
            told = "must have a time zone, like 2027-03-10T18:00:00Z"
            raise Unprocessable(f"{name} {told}", problems=(FieldProblem(f"/{name}", told),))
    async with services.database.tenant_session(where.tenant_id) as session:
        seen_at = seen_at or await unanswered.present(session)
        found = await unanswered.list_unanswered(
            session,
            agent_id=agent_id,
            since=since,
            until=min(until, seen_at) if until else seen_at,
            limit=limit + 1,
            after=after,
        )
    items = found[:limit]
    more = _cursor_after(items[-1], seen_at) if len(found) > limit else None
    return Page[Unanswered](items=tuple(Unanswered.of(question) for question in items), next_cursor=more)


def _cursor_after(last: UnansweredQuestion, seen_at: datetime) -> str:
    return cursor_of(seen_at.isoformat(), str(last.times), last.last_at.isoformat(), str(last.group_id))


def _place(cursor: str) -> tuple[datetime, unanswered.Place]:
    """When the first page was read, and where the page before ended."""
    seen_at, times, last_at, group_id = read_cursor(cursor, 4)
    try:
        first = datetime.fromisoformat(seen_at)
        after = unanswered.Place(int(times), datetime.fromisoformat(last_at), UUID(group_id))
    except ValueError as error:
        raise foreign_cursor() from error
    if first.tzinfo is None or after.last_at.tzinfo is None or not 0 <= after.times < 2**62:
        raise foreign_cursor()
    return first, after


@router.delete(
    "/unanswered/{question_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Take a question off the list"
)
async def dismiss(question_id: UUID, services: ServicesDep, where: Writer) -> None:
    """It does not come back, however it is worded."""
    async with services.database.tenant_session(where.tenant_id) as session:
        await unanswered.dismiss(session, question_id)
