"""Whether each part of the service can do its work now."""

import asyncio
from collections.abc import Mapping
from enum import StrEnum

from reception.core.errors import Unavailable
from reception.db.database import Database
from reception.providers.bundle import Speech
from reception.runtime.calls import LiveCalls
from reception.runtime.pulses import LoopState, Pulses


class PartState(StrEnum):
    READY = "ready"
    ABSENT = "absent"
    """Not installed; the service works without it."""
    DOWN = "down"
    DRAINING = "draining"


_PING_WITHIN_S = 2.0
_HINDERS = frozenset({PartState.DOWN, PartState.DRAINING})


class Readiness:
    """Asks every part. Speech models are in memory from before the server listens, so only their presence varies."""

    def __init__(self, database: Database, speech: Speech, live: LiveCalls, pulses: Pulses) -> None:
        self._database = database
        self._speech = speech
        self._live = live
        self.pulses = pulses

    def loops(self) -> Mapping[str, LoopState]:
        """What runs beside the calls in this process. A process takes calls without it, and so stays ready."""
        return self.pulses.states()

    async def parts(self) -> Mapping[str, PartState]:
        return {"database": await self._database_state(), **self.parts_here()}

    def parts_here(self) -> Mapping[str, PartState]:
        """The parts within this process, which are not waited for."""
        return {
            "vad": PartState.READY,
            "stt": PartState.READY,
            "tts": PartState.READY,
            "embeddings": PartState.READY,
            "turn_detector": PartState.READY if self._speech.turn_detector else PartState.ABSENT,
            "calls": PartState.DRAINING if self._live.draining else PartState.READY,
        }

    async def _database_state(self) -> PartState:
        try:
            async with asyncio.timeout(_PING_WITHIN_S):
                await self._database.ping()
        except (Unavailable, TimeoutError):
            return PartState.DOWN
        return PartState.READY


def is_ready(parts: Mapping[str, PartState]) -> bool:
    return not _HINDERS.intersection(parts.values())
