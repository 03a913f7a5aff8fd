"""What scenarios are run on: a database of their own, models loaded once, dialogues by the scenario's clock."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from reception.core.clock import Clock, SystemClock
from reception.core.errors import InvalidInput, Unavailable
from reception.core.ids import uuid7
from reception.db import address
from reception.db.address import RUNTIME_OPTIONS
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.ports.business import AgentSettings
from reception.ports.speech import Embedder
from reception.providers.bundle import Speech, load_embedded
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.runtime.conversations import ConversationFactory
from reception.runtime.evaluation.running import Bench, RememberingEmbedder
from reception.runtime.evaluation.setting_up import Theatre
from reception.runtime.language import LanguageOf, no_language, open_language
from reception.runtime.returning import LostCallers
from reception.settings import load_settings, wanted_language

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
            async with _language(mode, progress) as language:
                yield Prepared(await bench_on(database, embedder, mode, language), speech)
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
            await database.dispose()
            await asyncio.to_thread(server.stop)


def hasty(runtime_url: str) -> str:
    """The address of a database that need not outlive its machine: commits do not wait for the disk."""
    return address.text(
        address.with_options(address.parse(runtime_url), f"{RUNTIME_OPTIONS} -c synchronous_commit=off")
    )


async def _load(progress: Progress, *, spoken: bool) -> tuple[Embedder, Speech | None]:
    progress("Loading the models")
    if not spoken:
        return await asyncio.to_thread(MiniLmEmbedder), None
    speech = await load_embedded(progress)
    return speech.embedder, speech


@asynccontextmanager
async def _language(mode: str, progress: Progress) -> AsyncIterator[LanguageOf]:
    """The language model that the settings name, in mode `llm`; none in mode `local`, whatever agents ask for."""
    if mode == "local":
        yield no_language
        return
    settings = load_settings()
    config = wanted_language(settings)
    if not config.choices():
        raise InvalidInput("No language model is configured: set RECEPTION_LLM or a vendor's key, or use --mode local.")
    async with open_language(config, SystemClock(), progress, settings.llm_budget_s) as language:
        if await language(uuid7(), AgentSettings()) is None:
            raise Unavailable("The language model that is configured cannot be used now.")
        yield language


async def bench_on(database: Database, embedder: Embedder, mode: str, language: LanguageOf = no_language) -> Bench:
    """A bench on a migrated database."""
    remembering = RememberingEmbedder(embedder)
    understanding = LocalUnderstanding(remembering)
    await understanding.warm()
    lost = LostCallers()

    def conversations(clock: Clock) -> ConversationFactory:
        return ConversationFactory(database, understanding, remembering, clock, lost, language=language)

    return Bench(database, Theatre(database, remembering), conversations, mode)
