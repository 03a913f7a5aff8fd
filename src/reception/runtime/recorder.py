"""Stores what is measured of conversations, behind them: an event never waits for the database."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import structlog

from reception.core.clock import Clock
from reception.core.errors import AppError, Unavailable
from reception.core.rounds import every
from reception.core.telemetry import METRICS_NOT_STORED
from reception.db.database import Database
from reception.domains.analytics.tally import STAGES, StageTime, add_stage_times
from reception.domains.conversations.events import FAULT, SWITCH, record_event
from reception.domains.conversations.service import record_metrics
from reception.ports.dialogue import Channel, Json
from reception.ports.events import (
    CallEvent,
    CallFault,
    CallObserver,
    ProviderSwitched,
    TranscriptHeard,
    TurnMetrics,
)
from reception.runtime.backlog import Backlog

_log = structlog.get_logger(__name__)
_MOST_WAITING = 1024
_ADDED_EVERY_S = 5.0
_MOST_TIMES = 20_000
"""Times that wait for a database which is away; the oldest are dropped beyond that."""


@dataclass(frozen=True, slots=True)
class _Measurement:
    tenant_id: UUID
    conversation_id: UUID
    turn: int
    metrics: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Happening:
    tenant_id: UUID
    conversation_id: UUID
    turn: int
    kind: str
    data: Mapping[str, Json]


_Record: TypeAlias = _Measurement | _Happening


class MetricsRecorder:
    """One writer for all conversations. When it falls behind by 1024 records, further ones are dropped and counted in
    the log. The times of the stages of calls are added up, and stored every few seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiting: asyncio.Queue[_Record] = asyncio.Queue(_MOST_WAITING)
        self._times: Backlog[StageTime] = Backlog(_MOST_TIMES)
        self._dropped = 0

    def observer(
        self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID, channel: Channel = "voice"
    ) -> CallObserver:
        return _TurnObserver(self, tenant_id, agent_id, conversation_id, channel)

    @property
    def now(self) -> datetime:
        return self._clock.now()

    def take(self, record: _Record) -> None:
        try:
            self._waiting.put_nowait(record)
        except asyncio.QueueFull:
            self._dropped += 1

    def count(self, tenant_id: UUID, time: StageTime) -> None:
        self._times.put(tenant_id, time)

    async def run(self) -> None:
        """Write until cancelled; what waits then is written by `flush`."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_on(), name="metrics-writer")
            await every(_ADDED_EVERY_S, self._round, failed=METRICS_NOT_STORED)

    async def flush(self) -> None:
        while not self._waiting.empty():
            await self._write(self._waiting.get_nowait())
        await self._add_times()

    async def _write_on(self) -> None:
        while True:
            await self._write(await self._waiting.get())

    async def _write(self, record: _Record) -> None:
        try:
            async with self._database.tenant_session(record.tenant_id) as session:
                match record:
                    case _Measurement(_, conversation_id, turn, metrics):
                        await record_metrics(session, conversation_id, turn, metrics)
                    case _Happening(_, conversation_id, turn, kind, data):
                        await record_event(session, conversation_id, turn, kind, data)
        except AppError as error:
            _log.warning(METRICS_NOT_STORED, code=error.code, dropped=self._dropped)

    async def _round(self) -> None:
        if not await self._add_times():
            raise Unavailable("Times of stages cannot be stored")

    async def _add_times(self) -> bool:
        """Add up what waits; what cannot be stored waits on. Whether nothing does."""
        return await self._times.store(self._add)

    async def _add(self, tenant_id: UUID, times: Sequence[StageTime]) -> bool:
        try:
            async with self._database.tenant_session(tenant_id) as session:
                await add_stage_times(session, tenant_id, times)
        except AppError as error:
            _log.warning(METRICS_NOT_STORED, code=error.code, dropped=self._dropped)
            return False
        return True


@dataclass(slots=True)
class _TurnObserver:
    recorder: MetricsRecorder
    tenant_id: UUID
    agent_id: UUID
    conversation_id: UUID
    channel: Channel
    _turn: int = 0

    def on_event(self, event: CallEvent) -> None:
        match event:
            case TranscriptHeard(turn=turn):
                self._turn = turn
            case TurnMetrics(turn=turn):
                self._turn = turn
                self.recorder.take(_Measurement(self.tenant_id, self.conversation_id, turn, _as_json(event)))
                if self.channel == "voice":
                    self._count(event)
            case ProviderSwitched(part, before, after, reason):
                self._happened(SWITCH, {"part": part, "from": before, "to": after, "reason": reason})
            case CallFault(code=code, fatal=fatal):
                self._happened(FAULT, {"code": code, "fatal": fatal})

    def _happened(self, kind: str, data: Mapping[str, Json]) -> None:
        self.recorder.take(_Happening(self.tenant_id, self.conversation_id, self._turn, kind, data))

    def _count(self, metrics: TurnMetrics) -> None:
        at = self.recorder.now
        for stage in STAGES:
            took_ms = getattr(metrics, f"{stage}_ms")
            if took_ms is not None:
                self.recorder.count(self.tenant_id, StageTime(at, self.agent_id, stage, took_ms))


def _as_json(metrics: TurnMetrics) -> dict[str, Json]:
    values: dict[str, Json] = {field.name: getattr(metrics, field.name) for field in fields(metrics)}
    values["providers"] = dict(metrics.providers)
    return values
