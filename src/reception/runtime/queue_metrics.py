"""What an operator watches of the queue of jobs. It is the database's, not a process's: read when it is asked for."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from reception.core.errors import Unavailable
from reception.core.telemetry import JOBS_NOT_COUNTED
from reception.db.database import Database
from reception.db.queue import TaskBacklog, read_backlog
from reception.runtime.metrics import Described

_log = structlog.get_logger(__name__)

_JOBS: Final = Described(
    "reception_jobs",
    "gauge",
    ("task", "state"),
    "Jobs in the queue: waiting, scheduled for later, running, or failed and given up",
)
_OLDEST: Final = Described(
    "reception_jobs_oldest_seconds", "gauge", ("task",), "How long the oldest job that could be done has waited"
)
DESCRIBED: Final = (_JOBS, _OLDEST)
_STATES: Final = ("waiting", "scheduled", "running", "failed")
_WITHIN_S: Final = 2.0


class QueueMetrics:
    """The queue by task; `tasks` are told of even when there is no job of theirs."""

    def __init__(self, database: Database, tasks: Sequence[str]) -> None:
        self._database = database
        self._tasks = tuple(tasks)

    async def render(self) -> bytes:
        """Prometheus's text format; empty while the database does not answer within two seconds."""
        try:
            async with asyncio.timeout(_WITHIN_S), self._database.unscoped_session() as session:
                backlog = await read_backlog(session)
        except (Unavailable, TimeoutError) as error:
            _log.warning(JOBS_NOT_COUNTED, kind=type(error).__name__)
            return b""
        idle = {task: TaskBacklog(task) for task in self._tasks}
        registry = CollectorRegistry()
        registry.register(_Backlog(tuple((idle | {one.task: one for one in backlog}).values())))
        return generate_latest(registry)


class _Backlog(Collector):
    def __init__(self, backlog: Sequence[TaskBacklog]) -> None:
        self._backlog = backlog

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily(_JOBS.name, _JOBS.meaning, labels=_JOBS.labels)
        oldest = GaugeMetricFamily(_OLDEST.name, _OLDEST.meaning, labels=_OLDEST.labels)
        for one in self._backlog:
            for state in _STATES:
                jobs.add_metric([one.task, state], getattr(one, state))
            oldest.add_metric([one.task], one.oldest_s)
        yield jobs
        yield oldest
