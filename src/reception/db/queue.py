"""Puts a job into the queue in the caller's own transaction: it is there when that commits, and never otherwise."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from procrastinate import PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from psycopg import AsyncConnection
from sqlalchemy.ext.asyncio import AsyncSession

QUEUE = "reception"


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
