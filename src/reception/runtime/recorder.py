"""Stores what calls measure, behind them: an event never waits for the database."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields
from uuid import UUID

import structlog

from reception.core.errors import AppError
from reception.db.database import Database
from reception.domains.conversations.service import record_metrics
from reception.ports.dialogue import Json
from reception.ports.events import CallEvent, CallObserver, TurnMetrics

_log = structlog.get_logger(__name__)
_MOST_WAITING = 1024


@dataclass(frozen=True, slots=True)
class _Measurement:
    tenant_id: UUID
    conversation_id: UUID
    turn: int
    metrics: Mapping[str, Json]


class MetricsRecorder:
    """One writer for all calls. When it falls behind by 1024 turns, further ones are dropped and counted in the log."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: asyncio.Queue[_Measurement] = asyncio.Queue(_MOST_WAITING)
        self._dropped = 0

    def observer(self, tenant_id: UUID, conversation_id: UUID) -> CallObserver:
        return _TurnObserver(self, tenant_id, conversation_id)

    def take(self, measurement: _Measurement) -> None:
        try:
            self._waiting.put_nowait(measurement)
        except asyncio.QueueFull:
            self._dropped += 1

    async def run(self) -> None:
        """Write until cancelled; what waits then is written by `flush`."""
        while True:
            await self._write(await self._waiting.get())

    async def flush(self) -> None:
        while not self._waiting.empty():
            await self._write(self._waiting.get_nowait())

    async def _write(self, measured: _Measurement) -> None:
        try:
            async with self._database.tenant_session(measured.tenant_id) as session:
                await record_metrics(session, measured.conversation_id, measured.turn, measured.metrics)
        except AppError as error:
            _log.warning("metrics.not_stored", code=error.code, dropped=self._dropped)


@dataclass(frozen=True, slots=True)
class _TurnObserver:
    recorder: MetricsRecorder
    tenant_id: UUID
    conversation_id: UUID

    def on_event(self, event: CallEvent) -> None:
        if isinstance(event, TurnMetrics):
            self.recorder.take(_Measurement(self.tenant_id, self.conversation_id, event.turn, _as_json(event)))


def _as_json(metrics: TurnMetrics) -> dict[str, Json]:
    values: dict[str, Json] = {field.name: getattr(metrics, field.name) for field in fields(metrics)}
    values["providers"] = dict(metrics.providers)
    return values
