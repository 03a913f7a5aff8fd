"""Questions that nothing in the documents answered: what should be added to them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.db.bounds import clipped
from reception.db.queue import enqueue
from reception.domains.knowledge.search import as_text

PLACE = "knowledge.place_unanswered"
"""The name of the job that puts a question to those of the same meaning."""
SAME_MEANING = 0.78
"""The cosine from which on two questions count as one."""
_LONGEST = 300
_MOST_WORDINGS = 5
_NO_LETTERS = re.compile(r"[^\w]+")

_PUT = text(
    """
    INSERT INTO unanswered_questions (id, tenant_id, agent_id, question, normalized, group_id)
    VALUES (:id, :tenant_id, :agent_id, :question, :normalized, :id)
    ON CONFLICT ON CONSTRAINT unanswered_questions_normalized DO UPDATE SET question = unanswered_questions.question
    RETURNING id, id = :id AS is_new
    """
)
_COUNT = text(
    """
    INSERT INTO unanswered_askings (id, tenant_id, question_id) VALUES (:id, :tenant_id, :question_id)
    ON CONFLICT (id) DO NOTHING
    """
)
_LIST = text(
    """
    WITH asked AS (
        SELECT q.group_id, q.agent_id, q.question, count(*) AS times, min(a.asked_at) AS first_at,
            max(a.asked_at) AS last_at
        FROM unanswered_questions q JOIN unanswered_askings a ON a.question_id = q.id
        WHERE q.dismissed_at IS NULL
            AND (CAST(:agent_id AS uuid) IS NULL OR q.agent_id = CAST(:agent_id AS uuid))
            AND (CAST(:since AS timestamptz) IS NULL OR a.asked_at >= CAST(:since AS timestamptz))
            AND (CAST(:until AS timestamptz) IS NULL OR a.asked_at < CAST(:until AS timestamptz))
        GROUP BY q.id
    )
    SELECT group_id, sum(times)::bigint AS times, min(first_at) AS first_at, max(last_at) AS last_at,
        (array_agg(question ORDER BY times DESC, question))[1:CAST(:wordings AS integer)] AS wordings,
        array_remove(array_agg(DISTINCT agent_id), NULL) AS agents
    FROM asked GROUP BY group_id
    HAVING CAST(:after_times AS bigint) IS NULL OR (-sum(times), -extract(epoch FROM max(last_at)), group_id)
        > (-CAST(:after_times AS bigint), -extract(epoch FROM CAST(:after_last_at AS timestamptz)),
            CAST(:after_group AS uuid))
    ORDER BY times DESC, last_at DESC, group_id
    LIMIT :limit
    """
)
_PRESENT = text("SELECT now()")
_DISMISS = text(
    """
    UPDATE unanswered_questions SET dismissed_at = now() WHERE group_id = :group_id AND dismissed_at IS NULL
    RETURNING id
    """
)
_GET = text("SELECT question FROM unanswered_questions WHERE id = :id AND embedding IS NULL")
_NEAREST = text(
    """
    SELECT group_id, dismissed_at FROM unanswered_questions
    WHERE id <> :id AND embedding_model = :model AND embedding IS NOT NULL
        AND agent_id IS NOT DISTINCT FROM (SELECT agent_id FROM unanswered_questions WHERE id = :id)
        AND 1 - (embedding <=> CAST(:vector AS halfvec)) >= :same
    ORDER BY embedding <=> CAST(:vector AS halfvec)
    LIMIT 1
    """
)
_PLACE = text(
    """
    UPDATE unanswered_questions SET embedding = CAST(:vector AS halfvec), embedding_model = :model,
        group_id = coalesce(CAST(:group_id AS uuid), group_id),
        dismissed_at = coalesce(dismissed_at, CAST(:dismissed_at AS timestamptz))
    WHERE id = :id
    """
)


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """Questions of one meaning: how often they were asked within the period, and their commonest wordings."""

    group_id: UUID
    times: int
    first_at: datetime
    last_at: datetime
    wordings: tuple[str, ...]
    agents: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the list ended: how often the last question was asked, when last, and its id."""

    times: int
    last_at: datetime
    group_id: UUID


async def record(
    session: AsyncSession, tenant_id: UUID, agent_id: UUID | None, question: str, *, conversation_id: UUID, turn: int
) -> None:
    """Count a question that holds nothing of the one who asked. A turn counts once, however often it is stored."""
    question = clipped(" ".join(question.split()), _LONGEST)
    normalized = " ".join(_NO_LETTERS.sub(" ", question.casefold()).split())
    if not normalized:
        return
    values = {
        "id": uuid7(),
        "tenant_id": tenant_id,
        "agent_id": agent_id,
        "question": question,
        "normalized": normalized,
    }
    row = (await session.execute(_PUT, values)).one()
    asking = uuid5(conversation_id, f"{turn} {normalized}")
    await session.execute(_COUNT, {"id": asking, "tenant_id": tenant_id, "question_id": row.id})
    if row.is_new:
        await enqueue(session, PLACE, {"tenant_id": tenant_id, "question_id": row.id}, lock=f"unanswered:{tenant_id}")


async def present(session: AsyncSession) -> datetime:
    """The time by the clock that askings are stamped with."""
    now: datetime = (await session.execute(_PRESENT)).scalar_one()
    return now


async def list_unanswered(
    session: AsyncSession,
    *,
    agent_id: UUID | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    after: Place | None = None,
) -> Sequence[UnansweredQuestion]:
    """The questions that were not dismissed, the most frequent first; of one agent, and asked from `since` to before
    `until` (aware), where these are given. From one page to the next the order holds only with the same `until`."""
    rows = await session.execute(
        _LIST,
        {
            "agent_id": agent_id,
            "since": since,
            "until": until,
            "limit": limit,
            "after_times": after.times if after else None,
            "after_last_at": after.last_at if after else None,
            "after_group": after.group_id if after else None,
            "wordings": _MOST_WORDINGS,
        },
    )
    return [
        UnansweredQuestion(
            row.group_id, row.times, row.first_at, row.last_at, tuple(row.wordings), tuple(row.agents or ())
        )
        for row in rows
    ]


async def dismiss(session: AsyncSession, group_id: UUID) -> None:
    """Take the questions of one meaning off the list, for good.

    Raises:
        NotFound: there are none on it.
    """
    if (await session.execute(_DISMISS, {"group_id": group_id})).first() is None:
        raise NotFound("There is no such question on the list")


async def read_unplaced(session: AsyncSession, question_id: UUID) -> str | None:
    """A question that was not put to others yet."""
    question: str | None = (await session.execute(_GET, {"id": question_id})).scalar_one_or_none()
    return question


async def place(session: AsyncSession, question_id: UUID, vector: NDArray[np.float32], model: str) -> None:
    """Put a question to those of the same meaning; dismissed ones take it with them."""
    nearest = (
        await session.execute(
            _NEAREST, {"id": question_id, "vector": as_text(vector), "model": model, "same": SAME_MEANING}
        )
    ).one_or_none()
    await session.execute(
        _PLACE,
        {
            "id": question_id,
            "vector": as_text(vector),
            "model": model,
            "group_id": nearest.group_id if nearest else None,
            "dismissed_at": nearest.dismissed_at if nearest else None,
        },
    )
