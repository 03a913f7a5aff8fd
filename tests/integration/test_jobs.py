"""A job is done once it is committed, whatever becomes of the process that took it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from reception.core.clock import FixedClock
from reception.core.errors import ProviderError, Unavailable, Unprocessable
from reception.core.ids import uuid7
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.queue import enqueue, forget_finished
from reception.jobs.expiry import Expiry
from reception.jobs.worker import JobTask, JobWorker
from reception.runtime.queue_metrics import QueueMetrics
from tests.support.postgres import make_business

TASK = "tests.note"
COUNTED = "tests.counted"


class Noted:
    """What was done, and what was given up."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.done: list[UUID] = []
        self.given_up: list[UUID] = []

    async def run(self, tenant_id: UUID) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.done.append(tenant_id)

    async def give_up(self, tenant_id: UUID) -> None:
        self.given_up.append(tenant_id)

    @property
    def task(self) -> JobTask:
        return JobTask(TASK, self.run, self.give_up)


async def _put(database: Database, tenant_id: UUID, **options: Any) -> bool:
    async with database.tenant_session(tenant_id) as session:
        return await enqueue(session, TASK, {"tenant_id": tenant_id}, **options)


async def _put_in_vain(database: Database, tenant_id: UUID) -> None:
    async with database.tenant_session(tenant_id) as session:
        await enqueue(session, TASK, {"tenant_id": tenant_id})
        raise Unprocessable("something else went wrong")


async def _due_now(database: Database) -> None:
    """Jobs that are to be tried again later are due."""
    async with database.tenant_session(uuid7()) as session:
        await session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'"))


async def test_a_job_is_there_when_its_transaction_commits_and_never_otherwise(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    kept, dropped, noted = uuid7(), uuid7(), Noted()
    assert await _put(database, kept)
    with pytest.raises(Unprocessable):
        await _put_in_vain(database, dropped)
    worker = JobWorker(postgres.runtime_url, database, [noted.task])
    await worker.run_waiting()
    await worker.run_waiting()
    assert noted.done == [kept]


async def test_one_that_waits_already_is_not_put_twice(database: Database, postgres: EmbeddedPostgres) -> None:
    tenant_id, noted = uuid7(), Noted()
    assert await _put(database, tenant_id, once=f"note:{tenant_id}")
    async with database.tenant_session(tenant_id) as session:
        assert not await enqueue(session, TASK, {"tenant_id": tenant_id}, once=f"note:{tenant_id}")
        assert (await session.execute(text("SELECT 1"))).scalar_one() == 1
    await JobWorker(postgres.runtime_url, database, [noted.task]).run_waiting()
    assert noted.done == [tenant_id]


async def test_what_may_pass_is_tried_again_and_what_cannot_is_given_up(
    database: Database, postgres: EmbeddedPostgres
) -> None:
    tenant_id, noted = uuid7(), Noted(Unavailable(), ProviderError("model", retryable=True))
    worker = JobWorker(postgres.runtime_url, database, [noted.task])
    await _put(database, tenant_id)
    for _ in range(2):
        await worker.run_waiting()
        assert (noted.done, noted.given_up) == ([], [])
        await _due_now(database)
    await worker.run_waiting()
    assert (noted.done, noted.given_up) == ([tenant_id], [])

    noted.faults.append(Unprocessable("never"))
    await _put(database, tenant_id)
    await worker.run_waiting()
    assert (noted.done, noted.given_up) == ([tenant_id], [tenant_id])


async def test_a_job_whose_worker_died_is_done_by_another(database: Database, postgres: EmbeddedPostgres) -> None:
    tenant_id, noted = uuid7(), Noted()
    await _put(database, tenant_id)
    async with database.tenant_session(tenant_id) as session:
        # What a process leaves behind that is killed: a worker without a heartbeat, and its job under way.
        dead = (await session.execute(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))).scalar_one()
        await session.execute(
            text("SELECT id FROM procrastinate_fetch_job_v2(ARRAY['reception']::varchar[], :dead)"), {"dead": dead}
        )
        await session.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id = :dead"),
            {"dead": dead},
        )
    await JobWorker(postgres.runtime_url, database, [noted.task]).run_waiting()
    assert noted.done == [tenant_id]


async def test_a_job_under_way_when_the_process_stops_goes_back(database: Database, postgres: EmbeddedPostgres) -> None:
    tenant_id, begun, noted = uuid7(), asyncio.Event(), Noted()

    async def hang(tenant_id: UUID) -> None:
        begun.set()
        await asyncio.Event().wait()

    await _put(database, tenant_id)
    hanging = JobWorker(postgres.runtime_url, database, [JobTask(TASK, hang)], finishes_within=timedelta())
    running = asyncio.create_task(hanging.run())
    await begun.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await JobWorker(postgres.runtime_url, database, [noted.task]).run_waiting()
    assert noted.done == [tenant_id]


async def test_the_queue_holds_ids_and_nothing_else_of_a_tenant(database: Database) -> None:
    business = await make_business(database)
    await _put(database, business.tenant_id)
    async with database.tenant_session(uuid7()) as session:
        rows = await session.execute(text("SELECT args FROM procrastinate_jobs"))
        for (arguments,) in rows:
            assert all(UUID(value) for value in arguments.values())


async def test_what_the_queue_holds_is_told_by_task_and_state(database: Database, postgres: EmbeddedPostgres) -> None:
    tenant_id, metrics = uuid7(), QueueMetrics(database, [COUNTED, "tests.nothing"])
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def run(tenant_id: UUID) -> None:
        begun.set()
        await go_on.wait()
        raise Unprocessable("never")

    async def told() -> dict[str, float]:
        lines = (await metrics.render()).decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def sample(state: str, task: str = COUNTED) -> str:
        return f'reception_jobs{{state="{state}",task="{task}"}}'

    oldest = f'reception_jobs_oldest_seconds{{task="{COUNTED}"}}'
    before = await told()
    assert before[sample("waiting", "tests.nothing")] == before[sample("waiting")] == before[oldest] == 0

    async with database.tenant_session(tenant_id) as session:
        await enqueue(session, COUNTED, {"tenant_id": tenant_id})
        await enqueue(session, COUNTED, {"tenant_id": tenant_id}, at=datetime.now(UTC) + timedelta(hours=1))
    async with database.tenant_session(tenant_id) as session:
        await session.execute(text("UPDATE procrastinate_events SET at = at - interval '90 seconds'"))
    found = await told()
    assert (found[sample("waiting")], found[sample("scheduled")], found[sample("running")]) == (1, 1, 0)
    assert 90 <= found[oldest] < 600

    tasks = [JobTask(COUNTED, run), Noted().task]
    working = asyncio.create_task(JobWorker(postgres.runtime_url, database, tasks).run_waiting())
    await begun.wait()
    found = await told()
    assert (found[sample("waiting")], found[sample("running")], found[oldest]) == (0, 1, 0)
    failed_before = found[sample("failed")]
    go_on.set()
    await working
    found = await told()
    assert (found[sample("running")], found[sample("failed")] - failed_before) == (0, 1)
    assert str(tenant_id) not in (await metrics.render()).decode()


async def test_a_job_that_failed_is_deleted_after_a_time_and_one_that_waits_is_not(database: Database) -> None:
    now, failed, waits = datetime.now(UTC), uuid7(), uuid7()
    for tenant_id in (failed, failed, failed, waits):
        await _put(database, tenant_id, at=now + timedelta(days=90))

    async def left() -> list[int]:
        counted = text("SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'tenant_id' = :id")
        async with database.unscoped_session() as session:
            return [(await session.execute(counted, {"id": str(one)})).scalar_one() for one in (failed, waits)]

    async with database.unscoped_session() as session:
        # What other tests have left.
        await forget_finished(session, now + timedelta(days=1), most=10_000)
        fail = text("UPDATE procrastinate_jobs SET status = 'failed' WHERE args ->> 'tenant_id' = :id")
        await session.execute(fail, {"id": str(failed)})
    async with database.unscoped_session() as session:
        assert await forget_finished(session, now - timedelta(hours=1), most=10_000) == 0
    later = now + timedelta(days=1)
    async with database.unscoped_session() as session, database.unscoped_session() as another:
        assert await forget_finished(session, later, most=2) == 2
        assert await forget_finished(another, later, most=2) == 0, "another process is deleting"
    assert await left() == [1, 1]
    await Expiry(database, FixedClock(now + timedelta(days=15)), timedelta(days=14)).delete()
    assert await left() == [0, 1]


async def test_without_a_database_the_queue_is_left_out_of_the_metrics() -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/nothing")
    try:
        assert await QueueMetrics(gone, [TASK]).render() == b""
    finally:
        await gone.dispose()
