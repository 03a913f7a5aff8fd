"""What scenarios are run on: a database of their own, models loaded once, dialogues by the scenario's clock."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reception.core.clock import Clock
from reception.core.errors import Unavailable
from reception.db import address
from reception.db.address import TIMEOUTS
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.dialogue.context import Understanding
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.ports.speech import Embedder
from reception.providers.bundle import Speech, load_embedded
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.conversations import ConversationFactory
from reception.runtime.evaluation.running import Bench, RememberingEmbedder
from reception.runtime.returning import LostCallers

Progress = Callable[[str], None]
_POOL = 16


@dataclass(frozen=True, slots=True)
class Prepared:
    """`speech` is None where scenarios are run as text only."""

    bench: Bench
    speech: Speech | None


@asynccontextmanager
async def prepared(mode: str, progress: Progress, *, spoken: bool) -> AsyncIterator[Prepared]:
    """A bench on a fresh embedded database, which is removed at exit with all that is in it.

    Raises:
        AppError: the database or a model cannot be had, or the mode is not configured.
    """
    with tempfile.TemporaryDirectory(prefix="reception-eval-", ignore_cleanup_errors=True) as directory:
        loading = asyncio.create_task(_load(progress, spoken=spoken))
        try:
            progress("Starting a database")
            server = await asyncio.to_thread(EmbeddedPostgres.start, Path(directory))
        except BaseException:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
            raise
        database = Database(hasty(server.runtime_url), pool_size=_POOL)
        try:
            await asyncio.to_thread(migrate, server.owner_url)
            embedder, speech = await loading
            yield Prepared(await bench_on(database, embedder, mode), speech)
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
            await database.dispose()
            await asyncio.to_thread(server.stop)


def hasty(runtime_url: str) -> str:
    """The address of a database that need not outlive its machine: commits do not wait for the disk."""
    return address.text(address.with_options(address.parse(runtime_url), f"{TIMEOUTS} -c synchronous_commit=off"))


async def _load(progress: Progress, *, spoken: bool) -> tuple[Embedder, Speech | None]:
    progress("Loading the models")
    if not spoken:
        return await asyncio.to_thread(MiniLmEmbedder), None
    speech = await load_embedded(progress)
    return speech.embedder, speech


async def bench_on(database: Database, embedder: Embedder, mode: str) -> Bench:
    """A bench on a migrated database.

    Raises:
        Unavailable: `mode` is `llm` and no language model is configured.
    """
    remembering = RememberingEmbedder(embedder)
    understanding = await _understanding(mode, remembering)
    lost = LostCallers()

    def conversations(clock: Clock) -> ConversationFactory:
        return ConversationFactory(database, understanding, remembering, clock, lost)

    return Bench(database, remembering, conversations, mode)


async def _understanding(mode: str, embedder: Embedder) -> Understanding:
    if mode != "local":
        raise Unavailable("No language model is configured: run the scenarios with --mode local.")
    local = LocalUnderstanding(embedder)
    await local.warm()
    return local
