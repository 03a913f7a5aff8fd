"""Records the calls that are to be recorded, and deletes recordings that have been kept long enough."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import structlog

from reception.core.clock import Clock
from reception.core.errors import AppError, NotFound
from reception.db.database import Database
from reception.domains.agents.service import list_agents
from reception.domains.conversations.service import agents_of
from reception.domains.tenants.service import get_business
from reception.ports.business import AgentSettings
from reception.ports.leg import CallLeg
from reception.runtime.recording.leg import RecordedLeg
from reception.runtime.recording.spool import SpoolFile, mend
from reception.runtime.recording.store import Recording, RecordingStore

_log = structlog.get_logger(__name__)

CLEAN_EVERY_S = 24 * 3600.0
LEFT_OVER_S = 900.0
"""A file in the spool that nobody has written to for so long is a dead process's."""
_DAYS_WITHOUT_AGENT = AgentSettings().recording_days


class Recordings:
    """The recordings of an installation. Files grow in `spool` and are moved to `store` when their call has ended."""

    def __init__(self, store: RecordingStore, spool: Path, database: Database, clock: Clock) -> None:
        self._store = store
        self._spool = spool
        self._database = database
        self._clock = clock
        self._keeping: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def recording(self, leg: CallLeg, tenant_id: UUID, conversation_id: UUID) -> AsyncIterator[CallLeg]:
        """`leg`, recorded for as long as the block lasts. A recording that fails says so in the log only."""
        path = self._spool / str(tenant_id) / f"{conversation_id}.{uuid4().hex[:8]}.wav"
        file = SpoolFile(path, leg.rate_hz)
        writing = asyncio.create_task(file.run(), name="recording")
        recorded = RecordedLeg(leg, file, self._clock)
        try:
            yield recorded
        finally:
            recorded.finish()
            file.close()
            keeping = asyncio.create_task(self._keep(writing, path), name="keep-recording")
            self._keeping.add(keeping)
            keeping.add_done_callback(self._keeping.discard)

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

    async def delete(self, tenant_id: UUID, conversation_id: UUID) -> None:
        """Delete what was recorded of a conversation.

        Raises:
            Unavailable: the storage cannot be reached.
        """
        for recording in await self.of(tenant_id, conversation_id):
            await asyncio.to_thread(self._store.delete, recording)

    async def flush(self) -> None:
        """Wait until what was recorded so far is in its place."""
        while self._keeping:
            await asyncio.wait(self._keeping)

    async def run(self) -> None:
        """Clean up now and once a day, until cancelled."""
        while True:
            try:
                await self.keep_left_overs()
                await self.clean()
            except AppError as error:
                _log.warning("recordings.not_cleaned", code=error.code)
            await asyncio.sleep(CLEAN_EVERY_S)

    async def clean(self) -> int:
        """Delete what is older than its agent's `recording_days`, and everything of tenants that are gone. Returns how
        many recordings were deleted, those of such tenants not counted.

        Raises:
            Unavailable: the database or the storage cannot be reached.
        """
        deleted = 0
        for tenant_id in await asyncio.to_thread(self._store.tenants):
            found = await asyncio.to_thread(self._store.recordings, tenant_id)
            days = await self._days(tenant_id, found)
            if days is None:
                await asyncio.to_thread(self._store.forget_tenant, tenant_id)
                continue
            for recording in found:
                kept_for = timedelta(days=days.get(recording.conversation_id, _DAYS_WITHOUT_AGENT))
                if self._clock.now() - recording.began_at > kept_for:
                    await asyncio.to_thread(self._store.delete, recording)
                    deleted += 1
        if deleted:
            _log.info("recordings.deleted", count=deleted)
        return deleted

    async def forget_tenant(self, tenant_id: UUID) -> None:
        """Delete every recording of a tenant, those of calls that still run too.

        Raises:
            Unavailable: the storage cannot be reached.
        """
        await asyncio.to_thread(shutil.rmtree, self._spool / str(tenant_id), ignore_errors=True)
        await asyncio.to_thread(self._store.forget_tenant, tenant_id)

    async def _days(self, tenant_id: UUID, recordings: list[Recording]) -> Mapping[UUID, int] | None:
        """How long each conversation's recordings are kept; None when the tenant is gone."""
        try:
            async with self._database.tenant_session(tenant_id) as session:
                await get_business(session)
                agents = {agent.agent_id: agent.settings.recording_days for agent in await list_agents(session)}
                whose = await agents_of(session, {recording.conversation_id for recording in recordings})
        except NotFound:
            return None
        return {conversation_id: agents[agent_id] for conversation_id, agent_id in whose.items() if agent_id in agents}

    async def _keep(self, writing: "asyncio.Task[None]", path: Path) -> None:
        await writing
        try:
            await asyncio.to_thread(self._move, path)
        except (AppError, OSError) as error:
            _log.warning("recording.not_kept", code=type(error).__name__)

    async def keep_left_overs(self) -> None:
        """Put in its place what a process that died left in the spool, as far as it can be read."""
        left = await asyncio.to_thread(self._left_overs)
        for path in left:
            try:
                await asyncio.to_thread(self._move, path)
            except (AppError, OSError) as error:
                _log.warning("recording.not_kept", code=type(error).__name__)

    def _move(self, path: Path) -> None:
        """From the spool to the store; a file without sound, or of a strange name, is removed."""
        if not path.exists():
            return
        try:
            tenant_id, conversation_id = UUID(path.parent.name), UUID(path.name.partition(".")[0])
        except ValueError:
            path.unlink()
            return
        if mend(path):
            self._store.keep(path, tenant_id, conversation_id)
        else:
            path.unlink()

    def _left_overs(self) -> list[Path]:
        # The file system's own clock, by which its times were written.
        before_s = time.time() - LEFT_OVER_S
        return [path for path in sorted(self._spool.glob("*/*.wav")) if path.stat().st_mtime < before_s]
