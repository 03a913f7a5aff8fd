"""The composition root: builds everything from `Settings`, and takes it down again."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from fastapi import FastAPI

from reception.api.limits import RequestLimits
from reception.api.services import Services
from reception.api.speech_api import speech_router
from reception.app.background import keep_running
from reception.app.foundation import Login, Progress, create_platform_admin, found, open_database
from reception.app.watching import watched_from_outside
from reception.app.web import UPLOAD_PATH, create_app
from reception.core.clock import Clock, SystemClock
from reception.core.signing import tool_secret
from reception.core.telemetry import DEMO_SEEDED
from reception.db.database import LONG_S, Database
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.knowledge.chunking import Chunking
from reception.jobs.expiry import Expiry
from reception.jobs.ingestion import Ingestion
from reception.jobs.reembedding import Reembedding
from reception.jobs.retention import TranscriptRetention
from reception.jobs.rollups import Rollups
from reception.jobs.unanswered import Placement
from reception.jobs.waitlist import WaitlistAdvance, WaitlistOffers
from reception.jobs.worker import JobTask, JobWorker
from reception.providers.bundle import Speech, load_embedded
from reception.providers.desk import SpeechDesk, open_desk
from reception.providers.prices import Prices
from reception.providers.reranking import HttpReranker
from reception.providers.tool_webhooks import ToolWebhooks
from reception.runtime.attempts import LoginAttempts
from reception.runtime.authentication import Authenticator
from reception.runtime.calls import CallCentre, LiveCalls, ObserverFactory
from reception.runtime.capacity import Headroom
from reception.runtime.chat import ChatDesk
from reception.runtime.conversations import ConversationFactory
from reception.runtime.demo.seed import DemoAgent, seed_demo
from reception.runtime.dumps import CallDumps
from reception.runtime.language import AgentLanguage, open_language
from reception.runtime.metrics import Metrics, MetricsAccess, Observers
from reception.runtime.provider_keys import ProviderKeys
from reception.runtime.pulses import Pulses
from reception.runtime.queue_metrics import QueueMetrics
from reception.runtime.readiness import Readiness
from reception.runtime.recorder import MetricsRecorder
from reception.runtime.recording.service import Recordings
from reception.runtime.recording.store import RecordingStore
from reception.runtime.recording.waiting import WaitingRoom
from reception.runtime.repeats import Repeats
from reception.runtime.returning import LostCallers
from reception.runtime.spoken_answers import SpokenAnswers
from reception.runtime.switches import Switches
from reception.runtime.tokens import SigningKeys, Tickets, Tokens, ticket_register
from reception.runtime.traces import Tracer
from reception.runtime.uploads import IntakeDesk
from reception.runtime.usage import UsageBook
from reception.runtime.warming import load_packages, warm_speech
from reception.settings import (
    Settings,
    encryption,
    former_signing_keys,
    signing_key,
    wanted_language,
    wanted_providers,
)

__all__ = ["Login", "Reception", "build", "build_worker", "create_platform_admin", "found", "open_database"]

_log = structlog.get_logger(__name__)

_SEEDING = 7_321_905_114_202_612
"""The key of the database's lock under which one process at a time prepares the demo."""
_UPLOADS_TAKE = 20
"""Times as long as other requests, for they may be a thousand times as large."""
_ERASING = ("DELETE /people", "DELETE /tenants/*")
"""What goes through all that a tenant has."""
_MOST_FINALS = 2
"""Transcriptions that one process computes at once, where the cores allow it."""


@dataclass(frozen=True, slots=True)
class Reception:
    """A running process of an installation, short of its listening socket."""

    app: FastAPI
    live: LiveCalls
    demo_login: Login | None
    demo_agents: tuple[DemoAgent, ...]


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
    settings: Settings, progress: Progress, service_url: Awaitable[str], workers: int, number: int
) -> AsyncIterator[Reception]:
    """Number `number` of `workers` processes on a foundation that another process has laid, or is laying: the models
    load while `service_url` is awaited. `demo_login` is for the one that laid it to tell.

    Raises:
        AppError: a part cannot start.
    """
    async with (
        _loading(progress, workers=workers) as loading,
        _served(settings, await service_url, loading, progress, number) as reception,
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
    settings: Settings, service_url: str, loading: asyncio.Task[Speech], progress: Progress, number: int = 1
) -> AsyncIterator[Reception]:
    clock = SystemClock()
    database = Database(service_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.dispose)
        trace = await stack.enter_async_context(watched_from_outside(settings, clock))
        speech = await loading
        figures = Metrics(number)
        desk = await stack.enter_async_context(open_desk(speech, wanted_providers(settings), watch=figures))
        understanding = LocalUnderstanding(speech.embedder)
        await understanding.warm()
        on_show: tuple[DemoAgent, ...] = ()
        if settings.demo_mode:
            progress("Preparing the demo businesses")
            async with database.exclusively(_SEEDING):
                on_show = tuple(await seed_demo(database, desk.embedder, clock.now()))
            _log.info(DEMO_SEEDED, agents=len(on_show))
        keys = ProviderKeys(database, encryption(settings), embeds_outside=not desk.embeds_locally)
        language = await stack.enter_async_context(
            open_language(
                wanted_language(settings),
                clock,
                progress,
                settings.llm_budget_s,
                keys_of=keys.of,
                watch=figures,
                switches=Switches(figures.on_event),
            )
        )
        parts = _Parts(
            settings, service_url, database, speech, understanding, clock, desk, figures, language, on_show, keys, trace
        )
        app, live = await stack.enter_async_context(_running(parts))
        yield Reception(app, live, None, on_show)


@dataclass(frozen=True, slots=True)
class _Parts:
    settings: Settings
    service_url: str
    database: Database
    speech: Speech
    understanding: LocalUnderstanding
    clock: Clock
    desk: SpeechDesk
    figures: Metrics
    language: AgentLanguage
    demo_agents: tuple[DemoAgent, ...]
    keys: ProviderKeys
    trace: Tracer | None


@asynccontextmanager
async def _running(parts: _Parts) -> AsyncIterator[tuple[FastAPI, LiveCalls]]:
    """The application with its background work, which ends with it."""
    settings, database, speech, clock = parts.settings, parts.database, parts.speech, parts.clock
    lost = LostCallers()
    key = signing_key(settings)
    tools = ToolWebhooks(key, clock, allow_loopback=not settings.production)
    reranker = _reranker(settings)
    conversations = ConversationFactory(
        database, parts.understanding, parts.desk.embedder, clock, lost, tools, parts.language, reranker
    )
    recorder = MetricsRecorder(database, clock)
    figures = parts.figures
    headroom = Headroom(figures.lag, speech.vad_behind_s, lambda: live.count)
    pulses = Pulses(clock, figures)
    live = LiveCalls(settings.max_calls, on_refusal=figures.on_refusal, is_full=lambda: headroom.full)
    store = await asyncio.to_thread(RecordingStore, settings.recordings_at)
    room = WaitingRoom(settings.data_dir / "recording", settings.recordings_waiting_bytes)
    recordings = Recordings(store, room, database, clock, figures)
    signing = SigningKeys(key, former_signing_keys(settings))
    tokens = Tokens(signing, clock)
    tickets = Tickets(signing, clock, ticket_register(database, clock))
    retention = TranscriptRetention(database, recordings, clock)
    tasks = (*_job_tasks(parts), retention.task)
    used = UsageBook(database, Prices.load(settings.prices), clock)
    services = Services(
        database=database,
        recordings=recordings,
        embedder=parts.desk.embedder,
        desk=parts.desk,
        language=parts.language,
        provider_keys=parts.keys,
        usage=used,
        clock=clock,
        tokens=tokens,
        authenticator=Authenticator(database, tokens, clock),
        tickets=tickets,
        attempts=LoginAttempts(database, clock),
        repeats=Repeats(database, (key, *former_signing_keys(settings)), clock),
        chat=ChatDesk(database, conversations, used, recorder, parts.keys, parts.trace),
        answers=conversations.answers,
        intake=IntakeDesk(database, parts.desk.embedder.model, _chunking(settings)),
        readiness=Readiness(database, speech, live, pulses),
        token_lifetime=timedelta(minutes=settings.token_minutes),
        session_lifetime=timedelta(days=settings.session_days),
        metrics=figures,
        queue_metrics=QueueMetrics(database, [task.name for task in tasks]),
        metrics_access=_metrics_access(settings),
        reranker=reranker,
        loopback_tools=not settings.production,
        tool_secret=partial(tool_secret, key),
        demo_agents=parts.demo_agents,
    )
    spoken = SpokenAnswers(conversations.answers)
    dumps = CallDumps(settings.dump_dir, clock) if settings.dump_dir else None
    observe = _observed_by(recorder, figures)
    calls = CallCentre(
        conversations,
        live,
        speech,
        clock,
        observe,
        recordings=recordings,
        dumps=dumps,
        desk=parts.desk,
        keys=parts.keys,
        usage=used,
        spoken=spoken,
        trace=parts.trace,
    )
    app = create_app(
        services,
        calls,
        max_body_bytes=settings.max_body_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        documented=not settings.production,
        demo_mode=settings.demo_mode,
        allowed_origins=settings.allowed_origins,
        trusted_proxies=settings.trusted_proxies,
        limits=_limits(settings),
    )
    if settings.speech_api_key is not None:
        app.include_router(speech_router(speech, settings.speech_api_key.get_secret_value()))
    background: dict[str, Callable[[], Awaitable[None]]] = {
        "metrics-recorder": recorder.run,
        "metrics": partial(figures.run, lambda: (live.count, live.room), speech.queues, speech.vad_behind_s),
        "recordings": recordings.storing.run,
        "clean-recordings": recordings.keep_clean,
        "usage": used.run,
        "answer-cache": conversations.answers.run,
        "spoken-answers": spoken.run,
        "warm-speech": partial(warm_speech, speech.tts, conversations, parts.demo_agents),
        "load-packages": partial(load_packages, database, services.load),
    }
    if settings.jobs_at_once:
        background |= {
            "jobs": JobWorker(parts.service_url, database, tasks, at_once=settings.jobs_at_once).run,
            "schedule-reembedding": Reembedding(database, parts.desk.embedder).schedule,
            "schedule-retention": retention.keep_scheduling,
            "expiry": Expiry(database, clock, timedelta(days=settings.jobs_kept_days)).run,
            "rollups": Rollups(database, clock).run,
        }
    running = [keep_running(pulses.of(name), work) for name, work in background.items()]
    try:
        yield app, live
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await recorder.flush()
        await used.flush()
        await conversations.answers.flush()
        await spoken.flush()
        await lost.give_up()
        await conversations.aclose()
        await tools.aclose()
        if reranker is not None:
            await reranker.aclose()
        await recordings.aclose()


def _job_tasks(parts: _Parts) -> tuple[JobTask, ...]:
    """Everything that is done in the background."""
    ingestion = Ingestion(parts.database, parts.desk.embedder, chunking=_chunking(parts.settings))
    embedding = (
        ingestion.task,
        Placement(parts.database, parts.desk.embedder).task,
        Reembedding(parts.database, parts.desk.embedder).task,
    )
    waitlist = (WaitlistAdvance(parts.database, parts.clock).task, WaitlistOffers(parts.database).task)
    return (*(_with_keys(task, parts.keys) for task in embedding), *waitlist)


def _with_keys(task: JobTask, keys: ProviderKeys) -> JobTask:
    """`task`, done with the keys of the tenant whom it is done for."""

    async def run(tenant_id: UUID, **named: UUID) -> None:
        async with keys.in_use(tenant_id):
            await task.run(tenant_id=tenant_id, **named)

    return replace(task, run=run)


def _reranker(settings: Settings) -> HttpReranker | None:
    if not settings.reranker_url:
        return None
    key = settings.reranker_key.get_secret_value() if settings.reranker_key else ""
    return HttpReranker(settings.reranker_url, settings.reranker_model, key)


def _limits(settings: Settings) -> RequestLimits:
    return RequestLimits(
        settings.requests_per_s,
        settings.requests_burst,
        settings.request_timeout_s,
        {
            f"POST {UPLOAD_PATH}": settings.request_timeout_s * _UPLOADS_TAKE,
            **dict.fromkeys(_ERASING, max(settings.request_timeout_s, LONG_S)),
        },
    )


def _chunking(settings: Settings) -> Chunking:
    return Chunking(settings.knowledge_chunk_chars, settings.knowledge_overlap_chars)


def _observed_by(recorder: MetricsRecorder, figures: Metrics) -> ObserverFactory:
    return lambda *call: Observers((recorder.observer(*call), figures))


def _metrics_access(settings: Settings) -> MetricsAccess:
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else ""
    return MetricsAccess(token, on_loopback=not settings.production)
