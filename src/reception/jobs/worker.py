"""Takes jobs from the queue and does them, as long as the process lives.

A job whose worker has died is found by the worker's heartbeat, and done again by another; one that is under way when
the process is stopped goes back into the queue. So every task must bear to be done twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import procrastinate
import psycopg
import structlog
from procrastinate import JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job

from reception.core.errors import AppError, Unavailable
from reception.core.rounds import beat
from reception.core.telemetry import JOB_FAILED, JOB_RESCUED, JOB_RETRIED, JOBS_INTERRUPTED
from reception.db.address import conninfo
from reception.db.database import Database
from reception.db.queue import QUEUE

_log = structlog.get_logger(__name__)

_MOST_ATTEMPTS = 8
_LONGEST_PAUSE_S = 600
_RECONNECTS_AFTER_S = 5.0
_RESCUING = 7_321_905_114_202_613
"""The key of the database's lock under which one process at a time puts jobs of dead workers back."""


async def _nothing(**_: UUID) -> None:
    return None


@dataclass(frozen=True, slots=True)
class JobTask:
    """What is to be done for jobs of a name.

    `run` gets the job's ids; an `AppError` with `retryable` is tried again, later and later. `give_up` gets the same
    ids once nothing will be tried any more.
    """

    name: str
    run: Callable[..., Awaitable[None]]
    give_up: Callable[..., Awaitable[None]] = _nothing


class JobRetries(procrastinate.BaseRetryStrategy):
    """Again, ever later, after what may pass; at once, after the process was told to stop."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_in={"seconds": 0})
        if not _may_pass(exception, job):
            _log.error(JOB_FAILED, task=job.task_name, kind=type(exception).__name__)
            return None
        _log.warning(JOB_RETRIED, task=job.task_name, attempt=job.attempts + 1)
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), _LONGEST_PAUSE_S)})


class JobWorker:
    """The jobs of one process, `at_once` of them together.

    Args:
        dead_after: how long after its last sign of life a worker counts as dead; it gives one three times as often.
        finishes_within: what a job gets to end when the process is to stop, before it goes back into the queue.
    """

    def __init__(
        self,
        service_url: str,
        database: Database,
        tasks: Sequence[JobTask],
        *,
        at_once: int = 1,
        dead_after: timedelta = timedelta(seconds=30),
        finishes_within: timedelta = timedelta(seconds=2),
    ) -> None:
        self._database = database
        self._at_once = at_once
        self._dead_after_s = dead_after.total_seconds()
        self._finishes_within_s = finishes_within.total_seconds()
        connector = PsycopgConnector(conninfo=conninfo(service_url), min_size=1, max_size=2 + at_once)
        self._app = procrastinate.App(connector=connector)
        for task in tasks:
            self._app.task(name=task.name, queue=QUEUE, retry=JobRetries(), pass_context=True)(_runner(task))

    async def run(self) -> None:
        """Work until cancelled; begins anew when the database was away."""
        while True:
            try:
                await self._work()
            except (ConnectorException, psycopg.Error, Unavailable) as error:
                _log.warning(JOBS_INTERRUPTED, kind=type(error).__name__)
            await asyncio.sleep(_RECONNECTS_AFTER_S)

    async def run_waiting(self) -> None:
        """Do what waits now, what dead workers have left included, and return."""
        async with self._app.open_async():
            await self._rescue()
            await self._app.run_worker_async(
                queues=[QUEUE], wait=False, install_signal_handlers=False, delete_jobs="successful"
            )

    async def _work(self) -> None:
        async with self._app.open_async():
            rescuing = asyncio.create_task(self._keep_rescuing(), name="job-rescue")
            try:
                await self._app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=self._at_once,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=self._finishes_within_s,
                    update_heartbeat_interval=self._dead_after_s / 3,
                    stalled_worker_timeout=self._dead_after_s,
                )
            finally:
                rescuing.cancel()
                await asyncio.gather(rescuing, return_exceptions=True)

    async def _keep_rescuing(self) -> None:
        while True:
            try:
                await self._rescue()
                beat(self._dead_after_s / 2)
            except (ConnectorException, psycopg.Error, Unavailable) as error:
                _log.warning(JOBS_INTERRUPTED, kind=type(error).__name__)
            await asyncio.sleep(self._dead_after_s / 2)

    async def _rescue(self) -> None:
        """Put the jobs of dead workers back into the queue."""
        async with self._database.exclusively(_RESCUING):
            stalled = await self._app.job_manager.get_stalled_jobs(
                queue=QUEUE, seconds_since_heartbeat=self._dead_after_s
            )
            for job in stalled:
                _log.warning(JOB_RESCUED, task=job.task_name)
                await self._app.job_manager.retry_job(job)


def _may_pass(error: BaseException, job: Job) -> bool:
    return isinstance(error, AppError) and error.retryable and job.attempts + 1 < _MOST_ATTEMPTS


def _runner(task: JobTask) -> Callable[..., Awaitable[None]]:
    async def run(context: JobContext, **arguments: str) -> None:
        ids = {name: UUID(value) for name, value in arguments.items()}
        if context.job.attempts >= _MOST_ATTEMPTS:
            # Its workers have died of it, one after the other.
            await task.give_up(**ids)
            return
        try:
            await task.run(**ids)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            if not _may_pass(error, context.job):
                await task.give_up(**ids)
            raise

    return run
