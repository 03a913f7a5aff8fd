"""Records the calls that are to be recorded, and deletes recordings that have been kept long enough."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import structlog

from reception.core.clock import Clock
from reception.core.errors import NotFound
from reception.core.rounds import every
from reception.core.telemetry import RECORDINGS_NOT_CLEANED
from reception.db.database import Database
from reception.domains.conversations.service import recording_days_of
from reception.domains.tenants.service import get_business
from reception.ports.business import AgentSettings
from reception.ports.leg import CallLeg
from reception.runtime.recording.leg import RecordedLeg
from reception.runtime.recording.spool import SpoolFile
from reception.runtime.recording.store import Recording, RecordingStore, began_at
from reception.runtime.recording.storing import RecordingFigures, Storing
from reception.runtime.recording.waiting import Waiting, WaitingRoom, held

_log = structlog.get_logger(__name__)

CLEAN_EVERY_S = 24 * 3600.0
CLEAN_AGAIN_S = 3600.0
_DAYS_OF_STRAYS = AgentSettings().recording_days


class Recordings:
    """The recordings of an installation. Files grow in `room` and are moved to `store` when their call has ended."""

    def __init__(
        self,
        store: RecordingStore,
        room: WaitingRoom,
        database: Database,
        clock: Clock,
        figures: RecordingFigures | None = None,
    ) -> None:
        self._store = store
        self._room = room
        self._database = database
        self._clock = clock
        self._figures = figures
        self._writing: set[asyncio.Task[None]] = set()
        self.storing = Storing(room, store, figures)

    @asynccontextmanager
    async def recording(self, leg: CallLeg, tenant_id: UUID, conversation_id: UUID) -> AsyncIterator[CallLeg]:
        """`leg`, recorded for as long as the block lasts. A recording that fails says so in the log only, and so does
        one that is not begun because too much waits to be stored."""
        if await asyncio.to_thread(lambda: self._room.full):
            _log.error("recording.not_begun", reason="too much waits to be stored")
            if self._figures is not None:
                self._figures.on_recording("not_recorded")
            yield leg
            return
        file = SpoolFile(self._room.place(tenant_id, conversation_id), leg.rate_hz)
        writing = asyncio.create_task(file.run(), name="recording")
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        recorded = RecordedLeg(leg, file, self._clock)
        try:
            yield recorded
        finally:
            recorded.finish()
            file.close()

    async def of(self, tenant_id: UUID, conversation_id: UUID) -> list[Recording]:
        """A conversation's recordings, its parts in order; one that goes on is not among them.

        Raises:
            Unavailable: the storage cannot be reached.
        """
        return await asyncio.to_thread(self._store.of, tenant_id, conversation_id)

    async def size_bytes(self, recording: Recording) -> int:
        """Raises `Unavailable` when the storage cannot be reached."""
        return await asyncio.to_thread(self._store.size_bytes, recording)

    def read(self, recording: Recording, start: int, end: int) -> Iterator[bytes]:
        """Its bytes from `start` to before `end`. Blocks, and so is for threads."""
        return self._store.read(recording, start, end)

    async def delete(self, tenant_id: UUID, conversation_ids: Collection[UUID]) -> None:
        """Delete what was recorded of conversations, what waits to be stored included.

        Raises:
            Unavailable: the storage cannot be reached.
        """
        for conversation_id in conversation_ids:
            await self.storing.blocking(self._room.forget, tenant_id, conversation_id)
        # A folder is listed once, however many conversations there were in its month.
        for one in {f"{began_at(each):%Y-%m}": each for each in conversation_ids}.values():
            for recording in await self.storing.blocking(self._store.of_month, tenant_id, one):
                if recording.conversation_id in conversation_ids:
                    await self.storing.blocking(self._store.delete, recording)

    async def written(self) -> None:
        """Wait until all that was recorded is on the disk."""
        while self._writing:
            await asyncio.wait(self._writing)

    async def aclose(self) -> None:
        """Wait until what was recorded is written, and try to store it."""
        await self.written()
        await self.storing.aclose()

    async def keep_clean(self) -> None:
        """Clean up now and once a day, until cancelled."""
        await every(CLEAN_EVERY_S, self.clean, failed=RECORDINGS_NOT_CLEANED, after_failure_s=CLEAN_AGAIN_S)

    async def clean(self) -> int:
        """Delete what is older than its conversation's `recording_days`, and everything of tenants that are gone, here
        and in the store. Returns how many recordings were deleted, those of such tenants not counted.

        Raises:
            Unavailable: the database or the storage cannot be reached.
        """
        deleted = await self._clean_here()
        for tenant_id in await self.storing.blocking(self._store.tenants):
            found = await self.storing.blocking(self._store.recordings, tenant_id)
            days = await self._days(tenant_id, {recording.conversation_id for recording in found})
            if days is None:
                await self.storing.blocking(self._store.forget_tenant, tenant_id)
                continue
            for recording in found:
                if self._is_over(recording.conversation_id, days):
                    await self.storing.blocking(self._store.delete, recording)
                    deleted += 1
        if deleted:
            _log.info("recordings.deleted", count=deleted)
        return deleted

    async def forget_tenant(self, tenant_id: UUID) -> None:
        """Delete every recording of a tenant, those of calls that still run too.

        Raises:
            Unavailable: the storage cannot be reached.
        """
        await self.storing.blocking(self._room.forget, tenant_id)
        await self.storing.blocking(self._store.forget_tenant, tenant_id)

    async def _clean_here(self) -> int:
        """What waits in vain is kept no longer than what is stored."""
        deleted = 0
        waiting = await asyncio.to_thread(self._room.all)
        for tenant_id in {one.tenant_id for one in waiting}:
            of_tenant = [one for one in waiting if one.tenant_id == tenant_id]
            days = await self._days(tenant_id, {one.conversation_id for one in of_tenant})
            over = [one for one in of_tenant if days is None or self._is_over(one.conversation_id, days)]
            deleted += await asyncio.to_thread(_remove, over)
        return deleted

    def _is_over(self, conversation_id: UUID, days: Mapping[UUID, int]) -> bool:
        kept_for = timedelta(days=days.get(conversation_id, _DAYS_OF_STRAYS))
        return self._clock.now() - began_at(conversation_id) > kept_for

    async def _days(self, tenant_id: UUID, conversations: set[UUID]) -> Mapping[UUID, int] | None:
        """How long each conversation's recordings are kept; None when the tenant is gone."""
        try:
            async with self._database.tenant_session(tenant_id) as session:
                await get_business(session)
                return await recording_days_of(session, conversations)
        except NotFound:
            return None

    def _written(self, writing: "asyncio.Task[None]") -> None:
        self._writing.discard(writing)
        self.storing.wake()


def _remove(those: Iterable[Waiting]) -> int:
    """Returns how many of them were finished, and are gone now."""
    removed = 0
    for one in those:
        with held(one.path) as ours:
            if ours:
                one.path.unlink()
                removed += 1
    return removed
