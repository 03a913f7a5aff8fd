"""Puts a job into the queue in the caller's own transaction: it is there when that commits, and never otherwise. Tells
what the queue holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from procrastinate import PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from psycopg import AsyncConnection
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession

QUEUE = "reception"

_BACKLOG = text(
    """
    WITH held AS (
        SELECT task_name, id, status, scheduled_at, status = 'todo' AND coalesce(scheduled_at <= now(), true) AS due
        FROM procrastinate_jobs WHERE status IN ('todo', 'doing', 'failed')
    ), counted AS (
        SELECT task_name, count(*) FILTER (WHERE due) AS waiting,
            count(*) FILTER (WHERE status = 'todo' AND NOT due) AS scheduled,
            count(*) FILTER (WHERE status = 'doing') AS running,
            count(*) FILTER (WHERE status = 'failed') AS failed,
            min(scheduled_at) FILTER (WHERE due) AS due_at,
            min(id) FILTER (WHERE due AND scheduled_at IS NULL) AS first_id
        FROM held GROUP BY task_name
    )
    SELECT task_name, waiting, scheduled, running, failed, coalesce(extract(epoch FROM now() - least(
        due_at, (SELECT min(at) FROM procrastinate_events WHERE job_id = first_id))), 0) AS oldest_s
    FROM counted ORDER BY task_name
    """
)


_FORGETTING = 7_321_905_114_202_614
"""The key of the database's lock under which one process at a time deletes jobs."""
_TRY_FORGETTING = text("SELECT pg_try_advisory_xact_lock(:key)")
_FORGET = text(
    """
    DELETE FROM procrastinate_jobs WHERE id IN (
        SELECT id FROM procrastinate_jobs AS job
        WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
            -- When a job was scheduled for, which may be yet to come, is told as an event too.
            AND NOT EXISTS (
                SELECT 1 FROM procrastinate_events
                WHERE job_id = job.id AND at >= :before AND type IS DISTINCT FROM 'scheduled')
        ORDER BY id LIMIT :most
    )
    """
)


async def enqueue(
    session: AsyncSession,
    task: str,
    arguments: Mapping[str, UUID],
    *,
    lock: str | None = None,
    once: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Enqueue `task`; False when a job marked with the same `once` waits already.

    Args:
        arguments: ids only, as the queue is not divided by tenant: whoever does the job reads the rest under
            row-level security.
        lock: jobs of one lock are done one after the other.
        at: when it is to be done, aware; at once where that is None or past.
    """
    raw = await (await session.connection()).get_raw_connection()
    driver = raw.driver_connection
    assert isinstance(driver, AsyncConnection)
    job = configure_task(
        name=task,
        job_manager=JobManager(PsycopgConnector()),
        queue=QUEUE,
        lock=lock,
        queueing_lock=once,
        schedule_at=at,
        connection=driver,
    )
    try:
        async with driver.transaction():
            await job.defer_async(**{name: str(value) for name, value in arguments.items()})
    except AlreadyEnqueued:
        return False
    return True


@dataclass(frozen=True, slots=True)
class TaskBacklog:
    """The jobs of one task that are not done: `waiting` could be done now, `scheduled` are for later, `running` are
    under way, `failed` have been given up. `oldest_s` is how long the oldest that waits has done so."""

    task: str
    waiting: int = 0
    scheduled: int = 0
    running: int = 0
    failed: int = 0
    oldest_s: float = 0.0


async def forget_finished(session: AsyncSession, before: datetime, *, most: int) -> int:
    """Delete up to `most` jobs with nothing left to be done to which nothing has happened since `before`, oldest first,
    and return how many; 0 while another process deletes some."""
    if not (await session.execute(_TRY_FORGETTING, {"key": _FORGETTING})).scalar_one():
        return 0
    deleted = await session.execute(_FORGET, {"before": before, "most": most})
    assert isinstance(deleted, CursorResult)
    return deleted.rowcount


async def read_backlog(session: AsyncSession) -> list[TaskBacklog]:
    """What the queue holds, by task. Those that are done are not in it; one that is tried again waits anew."""
    return [
        TaskBacklog(row.task_name, row.waiting, row.scheduled, row.running, row.failed, float(row.oldest_s))
        for row in await session.execute(_BACKLOG)
    ]
