"""The composition root: builds everything from `Settings`, and takes it down again."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

import structlog
from fastapi import FastAPI
from starlette.routing import WebSocketRoute

from reception import __version__
from reception.api.edge import DOCUMENTATION_PATH, Edge
from reception.api.problems import install_problems
from reception.api.routers import routers
from reception.api.services import Services
from reception.core.clock import Clock, SystemClock
from reception.core.errors import NotFound
from reception.core.signing import tool_secret
from reception.core.telemetry import DEMO_SEEDED
from reception.db.database import Database
from reception.db.embedded import EmbeddedPostgres
from reception.db.migrate import migrate, runtime_url
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.access.service import Role, create_user, set_password
from reception.domains.knowledge.chunking import Chunking
from reception.jobs.ingestion import Ingestion
from reception.jobs.worker import JobTask, JobWorker
from reception.providers.bundle import Speech, load_embedded
from reception.providers.desk import SpeechDesk
from reception.providers.http import open_http
from reception.providers.limits import TimeLimits
from reception.providers.tool_webhooks import ToolWebhooks
from reception.runtime.attempts import LoginAttempts
from reception.runtime.calls import CallCentre, LiveCalls, ObserverFactory
from reception.runtime.capacity import Headroom
from reception.runtime.chat import ChatDesk
from reception.runtime.conversations import ConversationFactory
from reception.runtime.demo.seed import DemoAgent, seed_demo
from reception.runtime.dumps import CallDumps
from reception.runtime.metrics import Metrics, MetricsAccess, Observers
from reception.runtime.readiness import Readiness
from reception.runtime.recorder import MetricsRecorder
from reception.runtime.recording.service import Recordings
from reception.runtime.recording.store import RecordingStore
from reception.runtime.returning import LostCallers
from reception.runtime.tokens import Tickets, Tokens, ticket_register
from reception.runtime.uploads import IntakeDesk
from reception.runtime.warming import warm_speech
from reception.settings import Settings, signing_key, wanted_providers
from reception.transports.twilio_stream import PATH as TWILIO_PATH
from reception.transports.twilio_stream import TwilioStream
from reception.transports.voice_stream import VoiceStream

_log = structlog.get_logger(__name__)

DEMO_ADMIN_EMAIL = "demo@example.com"
_DEMO_ADMIN_ID = UUID("0192d3a0-0000-7000-8000-00000000de30")
_SEEDING = 7_321_905_114_202_612
"""The key of the database's lock under which one process at a time prepares the demo."""
_MOST_FINALS = 2
"""Transcriptions that one process computes at once, where the cores allow it."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Login:
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Reception:
    """A running process of an installation, short of its listening socket."""

    app: FastAPI
    live: LiveCalls
    demo_login: Login | None
    demo_agents: tuple[DemoAgent, ...]


@dataclass(frozen=True, slots=True)
class Foundation:
    """What every process of an installation stands on: a migrated database, at `service_url` for the service.

    `login` is the demo's, None outside the demo.
    """

    owner_url: str
    service_url: str
    login: Login | None


@asynccontextmanager
async def found(settings: Settings, progress: Progress) -> AsyncIterator[Foundation]:
    """The database, embedded unless `database_url` is set, migrated; stopped at exit if it was started.

    Raises:
        AppError: a setting is wrong, or the database cannot be used; its detail says why, and what mends it.
    """
    wanted_providers(settings)
    async with _storage(settings, progress) as (owner_url, service_url):
        yield Foundation(owner_url, service_url, await _demo_login(owner_url) if settings.demo_mode else None)


@asynccontextmanager
async def build(settings: Settings, progress: Progress) -> AsyncIterator[Reception]:
    """Everything in one process, from the database to the routes; torn down at exit, the database last.

    Raises:
        AppError: a part cannot start; its detail says which, and what mends it.
    """
    async with (
        _loading(progress, workers=1) as loading,
        found(settings, progress) as foundation,
        _served(settings, foundation.service_url, loading, progress) as reception,
    ):
        yield replace(reception, demo_login=foundation.login)


@asynccontextmanager
async def build_worker(
    settings: Settings, progress: Progress, service_url: Awaitable[str], workers: int
) -> AsyncIterator[Reception]:
    """One of `workers` processes on a foundation that another process has laid, or is laying: the models load while
    `service_url` is awaited. `demo_login` is for the one that laid it to tell.

    Raises:
        AppError: a part cannot start.
    """
    async with (
        _loading(progress, workers=workers) as loading,
        _served(settings, await service_url, loading, progress) as reception,
    ):
        yield reception


@asynccontextmanager
async def _loading(progress: Progress, *, workers: int) -> AsyncIterator[asyncio.Task[Speech]]:
    """The models, being loaded, with a fair share of the machine's cores; given up when the block ends early."""
    share = max(1, (os.cpu_count() or 1) // workers)
    task = asyncio.create_task(load_embedded(progress, finals_at_once=min(share, _MOST_FINALS)), name="load-speech")
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def _served(
    settings: Settings, service_url: str, loading: asyncio.Task[Speech], progress: Progress
) -> AsyncIterator[Reception]:
    clock = SystemClock()
    database = Database(service_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.dispose)
        speech = await loading
        figures = Metrics()
        desk = await stack.enter_async_context(_desk(settings, speech, figures))
        understanding = LocalUnderstanding(speech.embedder)
        await understanding.warm()
        on_show: tuple[DemoAgent, ...] = ()
        if settings.demo_mode:
            progress("Preparing the demo businesses")
            async with database.exclusively(_SEEDING):
                on_show = tuple(await seed_demo(database, desk.embedder, clock.now()))
            _log.info(DEMO_SEEDED, agents=len(on_show))
        tokens = Tokens(signing_key(settings), clock)
        parts = _Parts(settings, service_url, database, speech, understanding, clock, tokens, desk, figures, on_show)
        app, live = await stack.enter_async_context(_running(parts))
        yield Reception(app, live, None, on_show)


def create_app(
    services: Services,
    calls: CallCentre,
    *,
    max_body_bytes: int,
    max_upload_bytes: int,
    documented: bool,
    demo_mode: bool,
) -> FastAPI:
    """The HTTP and WebSocket application over parts that run already.

    `documented` serves the description of the API at /openapi.json and /docs.
    """
    app = FastAPI(
        title="Reception",
        version=__version__,
        openapi_url="/openapi.json" if documented else None,
        docs_url=DOCUMENTATION_PATH if documented else None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    install_problems(app)
    for router in routers(demo_mode=demo_mode):
        app.include_router(router)
    stream = VoiceStream(calls, services.tokens, services.tickets)
    telephone = TwilioStream(calls, services.tickets)
    app.router.routes += [
        WebSocketRoute("/voice/stream", stream.answer, name="voice_stream"),
        WebSocketRoute(TWILIO_PATH, telephone.answer, name="twilio_stream"),
    ]
    app.add_middleware(
        Edge,
        max_body_bytes=max_body_bytes,
        clock=services.clock,
        observe=services.metrics.on_request,
        larger_bodies={"/knowledge/upload": max_upload_bytes},
    )
    return app


@dataclass(frozen=True, slots=True)
class _Parts:
    settings: Settings
    service_url: str
    database: Database
    speech: Speech
    understanding: LocalUnderstanding
    clock: Clock
    tokens: Tokens
    desk: SpeechDesk
    figures: Metrics
    demo_agents: tuple[DemoAgent, ...]


@asynccontextmanager
async def _running(parts: _Parts) -> AsyncIterator[tuple[FastAPI, LiveCalls]]:
    """The application with its background work, which ends with it."""
    settings, database, speech, clock = parts.settings, parts.database, parts.speech, parts.clock
    lost = LostCallers()
    key = signing_key(settings)
    tools = ToolWebhooks(key, clock, allow_loopback=not settings.production)
    conversations = ConversationFactory(database, parts.understanding, parts.desk.embedder, clock, lost, tools)
    recorder = MetricsRecorder(database)
    figures = parts.figures
    headroom = Headroom(figures.lag, speech.vad_behind_s)
    live = LiveCalls(settings.max_calls, on_refusal=figures.on_refusal, is_full=lambda: headroom.full)
    tickets = Tickets(key, clock, ticket_register(database, clock))
    services = Services(
        database=database,
        embedder=parts.desk.embedder,
        desk=parts.desk,
        clock=clock,
        tokens=parts.tokens,
        tickets=tickets,
        attempts=LoginAttempts(clock),
        chat=ChatDesk(database, conversations),
        answers=conversations.answers,
        intake=IntakeDesk(database, parts.desk.embedder.model, _chunking(settings)),
        readiness=Readiness(database, speech, live),
        token_lifetime=timedelta(minutes=settings.token_minutes),
        metrics=figures,
        metrics_access=_metrics_access(settings),
        loopback_tools=not settings.production,
        tool_secret=partial(tool_secret, key),
        demo_agents=parts.demo_agents,
    )
    store = await asyncio.to_thread(RecordingStore, settings.recordings_at)
    recordings = Recordings(store, settings.data_dir / "recording", database, clock)
    dumps = CallDumps(settings.dump_dir, clock) if settings.dump_dir else None
    observe = _observed_by(recorder, figures)
    calls = CallCentre(conversations, live, speech, clock, observe, recordings=recordings, dumps=dumps, desk=parts.desk)
    app = create_app(
        services,
        calls,
        max_body_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        documented=not settings.production,
        demo_mode=settings.demo_mode,
    )
    background = [
        asyncio.create_task(recorder.run(), name="metrics-recorder"),
        asyncio.create_task(figures.run(lambda: live.count, speech.queues, speech.vad_behind_s), name="metrics"),
        asyncio.create_task(recordings.run(), name="recordings"),
        asyncio.create_task(conversations.answers.run(), name="answer-cache"),
        asyncio.create_task(warm_speech(speech.tts, conversations, parts.demo_agents), name="warm-speech"),
    ]
    if settings.jobs_at_once:
        worker = JobWorker(parts.service_url, database, _job_tasks(parts), at_once=settings.jobs_at_once)
        background.append(asyncio.create_task(worker.run(), name="jobs"))
    for task in background:
        task.add_done_callback(_report_failure)
    try:
        yield app, live
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await recorder.flush()
        await conversations.answers.flush()
        await lost.give_up()
        await tools.aclose()
        await recordings.flush()


def _job_tasks(parts: _Parts) -> tuple[JobTask, ...]:
    """Everything that is done in the background."""
    ingestion = Ingestion(parts.database, parts.desk.embedder, chunking=_chunking(parts.settings))
    return (ingestion.task,)


def _chunking(settings: Settings) -> Chunking:
    return Chunking(settings.knowledge_chunk_chars, settings.knowledge_overlap_chars)


@asynccontextmanager
async def _desk(settings: Settings, speech: Speech, figures: Metrics) -> AsyncIterator[SpeechDesk]:
    """Who hears and speaks, with the connections to vendors, which are closed at exit."""
    async with open_http(connect_s=TimeLimits().connect_s) as http:
        desk = SpeechDesk(speech, wanted_providers(settings), http, watch=figures)
        try:
            yield desk
        finally:
            await desk.aclose()


def _observed_by(recorder: MetricsRecorder, figures: Metrics) -> ObserverFactory:
    return lambda tenant_id, conversation_id: Observers((recorder.observer(tenant_id, conversation_id), figures))


def _metrics_access(settings: Settings) -> MetricsAccess:
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    return MetricsAccess(token, on_loopback=not settings.production)


def _report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("background.failed", task=task.get_name(), exc_info=task.exception())


@asynccontextmanager
async def _storage(settings: Settings, progress: Progress) -> AsyncIterator[tuple[str, str]]:
    """The addresses of a migrated database, of its owning role and of the service's."""
    embedded: EmbeddedPostgres | None = None
    if settings.database_url is None:
        progress("Starting PostgreSQL")
        embedded = await asyncio.to_thread(EmbeddedPostgres.start, settings.data_dir)
        owner_url, service_url = embedded.owner_url, embedded.runtime_url
    else:
        owner_url = settings.database_url.get_secret_value()
        service_url = runtime_url(owner_url)
    try:
        progress("Migrating the database")
        await asyncio.to_thread(migrate, owner_url)
        yield owner_url, service_url
    finally:
        if embedded is not None:
            await asyncio.to_thread(embedded.stop)


async def _demo_login(owner_url: str) -> Login:
    """A platform admin whose password is new at each start and kept nowhere."""
    login = Login(DEMO_ADMIN_EMAIL, secrets.token_urlsafe(12))
    await _ensure_platform_admin(owner_url, login, _DEMO_ADMIN_ID)
    return login


async def create_platform_admin(settings: Settings, login: Login) -> None:
    """Create a platform admin in the installation's database, or give the one of this e-mail a new password.

    Raises:
        AppError: the database cannot be used now, or the e-mail or password is not acceptable.
    """
    user_id = uuid5(NAMESPACE_URL, f"mailto:{login.email.strip().lower()}")
    async with _storage(settings, lambda _: None) as (owner_url, _):
        await _ensure_platform_admin(owner_url, login, user_id)


async def _ensure_platform_admin(owner_url: str, login: Login, user_id: UUID) -> None:
    """Needs the role that owns the tables."""
    owner = Database(owner_url, pool_size=1)
    try:
        async with owner.login_session(login.email) as session:
            try:
                await set_password(session, user_id, login.password)
            except NotFound:
                await create_user(
                    session,
                    tenant_id=None,
                    email=login.email,
                    password=login.password,
                    role=Role.PLATFORM_ADMIN,
                    user_id=user_id,
                )
    finally:
        await owner.dispose()
