"""The server that a capacity benchmark calls: the product's transports, engine and turn detectors, with a recogniser,
a dialogue and a voice that answer at once. Run as a process of its own, on one core."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from uuid import UUID

import numpy as np
import typer
import uvloop
from fastapi import FastAPI
from starlette.routing import WebSocketRoute

from reception.api.edge import Edge
from reception.call.config import CallConfig
from reception.cli.bench_material import GREETING, RATE_HZ, REPLIES, Material
from reception.cli.listening import http_server, listen
from reception.cli.logs import configure_logs
from reception.core.clock import SystemClock
from reception.core.errors import NotFound
from reception.core.ids import uuid7
from reception.domains.conversations.carrier import CarrierCall
from reception.ports.audio import Pcm16
from reception.ports.business import Agent, AgentKind, AgentSettings, BookingRules, Business, BusinessKind, OpeningHours
from reception.ports.dialogue import CallerTurn, Channel, PreparedTurn, ReplyPart, Say
from reception.ports.events import CallEvent, CallObserver
from reception.ports.expectation import Completeness, Expectation
from reception.ports.speech import Transcript, TranscriptionHints, Voice
from reception.providers.bundle import Speech
from reception.providers.embedded.embeddings import MiniLmEmbedder
from reception.providers.embedded.turn import SmartTurn
from reception.providers.embedded.vad import SileroVad
from reception.providers.segmented import SegmentedRecognizer
from reception.providers.speech_cache import CachedTextToSpeech
from reception.runtime.calls import CallCentre, LiveCalls, ResumedDialogue
from reception.runtime.capacity import Headroom
from reception.runtime.conversations import WiredAgent
from reception.runtime.load import LoopLag
from reception.runtime.principal import Principal, Scope
from reception.runtime.tokens import Tickets
from reception.transports.twilio_stream import PATH, TwilioStream

_CACHE_BYTES = 8 << 20
_WARM_STREAMS = 32
_WORDS = "what the caller said"


class InstantSpeechToText:
    provider = "instant"

    async def transcribe(
        self, samples: Pcm16, sample_rate_hz: int, hints: TranscriptionHints, *, partial: bool
    ) -> Transcript:
        return Transcript(_WORDS, 1.0, samples.size * 1000 // sample_rate_hz, 0.0, self.provider)


class RecordedVoice:
    """Speaks only what was spoken before."""

    provider = "recorded"

    def __init__(self, replies: dict[str, Pcm16]) -> None:
        self._replies = replies

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        if text in self._replies:
            yield self._replies[text].copy()


class InstantDialogue:
    """Answers every turn at once with a recorded sentence. One turn in `unsure_every` leaves it to the turn detector
    whether the caller has finished; the others are complete."""

    def __init__(self, unsure_every: int) -> None:
        self.conversation_id = uuid7()
        self._unsure_every = unsure_every
        self._turn = 0

    def expectation(self) -> Expectation:
        return Expectation()

    def hints(self) -> TranscriptionHints:
        return TranscriptionHints()

    def completeness(self, text: str) -> Completeness:
        every = self._unsure_every
        return Completeness.UNSURE if every and self._turn % every == 0 else Completeness.COMPLETE

    async def open(self) -> Sequence[ReplyPart]:
        return (Say(GREETING),)

    def discard(self, prepared: PreparedTurn) -> None:
        return None

    def left_unanswered(self, caller: CallerTurn) -> None:
        return None

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        return PreparedTurn(caller, self.completeness(caller.text), (self._say(caller.turn),))

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        self._turn = prepared.caller.turn
        yield self._say(prepared.caller.turn)

    async def on_silence(self, count: int) -> Sequence[ReplyPart]:
        return (Say(REPLIES[0]),)

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        return None

    async def close(self, reason: str) -> None:
        return None

    def _say(self, turn: int) -> Say:
        return Say(REPLIES[turn % len(REPLIES)])


@dataclass(frozen=True, slots=True)
class InstantConversations:
    wired: WiredAgent
    unsure_every: int

    async def find_agent(self, tenant_id: UUID, agent_id: UUID) -> WiredAgent:
        return self.wired

    def prepare(self, wired: WiredAgent) -> None:
        return None

    async def start(
        self, wired: WiredAgent, channel: Channel, *, caller_phone: str = "", carrier_call_id: str = ""
    ) -> InstantDialogue:
        return InstantDialogue(self.unsure_every)

    async def find_cut_off(self, tenant_id: UUID, agent_id: UUID, carrier_call_id: str) -> CarrierCall | None:
        return None

    async def check_open(self, wired: WiredAgent, conversation_id: UUID) -> WiredAgent:
        raise NotFound

    async def take_up(self, wired: WiredAgent, conversation_id: UUID) -> ResumedDialogue:
        raise NotFound


class OpenTickets(Tickets):
    """Every ticket is good, for the one agent there is."""

    def __init__(self) -> None:
        """Knows no key: nothing is read."""

    async def redeem(self, value: str) -> Principal:
        return Principal("bench", _NOBODY, frozenset({Scope.CALL}), _NOBODY)


_NOBODY = UUID(int=0)


class _Unobserved:
    def on_event(self, event: CallEvent) -> None:
        return None


def unobserved(tenant_id: UUID, agent_id: UUID, conversation_id: UUID) -> CallObserver:
    return _Unobserved()


def _timings(settings: AgentSettings) -> CallConfig:
    """The product's, but that a judged turn waits no longer when it sounds cut off: then every judged turn is due after
    the same silence, and what is longer than that is the framework's."""
    timings = CallConfig.for_agent(settings)
    return replace(timings, unsure_ms=timings.unsure_least_ms)


def bench_agent() -> WiredAgent:
    hours, rules = OpeningHours(((),) * 7), BookingRules()
    business = Business(
        _NOBODY, "bench", "Bench", BusinessKind.OTHER, "UTC", "US", "en-US", "+14155550100", "", hours, rules
    )
    agent = Agent(_NOBODY, _NOBODY, "Bench", AgentKind.RECEPTIONIST, AgentSettings(), 1)
    return WiredAgent(business, agent)


def _speech(material: Material) -> Speech:
    vad = SileroVad()
    return Speech(
        vad=vad,
        vad_behind_s=vad.behind_s,
        recognizer=SegmentedRecognizer(InstantSpeechToText()),
        turn_detector=SmartTurn(),
        tts=CachedTextToSpeech(RecordedVoice(material.replies), _CACHE_BYTES),
        embedder=MiniLmEmbedder(),
    )


def _app(speech: Speech, max_calls: int, unsure_every: int, lag: LoopLag) -> FastAPI:
    clock = SystemClock()
    headroom = Headroom(lag, speech.vad_behind_s, lambda: live.count)
    live = LiveCalls(max_calls, is_full=lambda: headroom.full)
    conversations = InstantConversations(bench_agent(), unsure_every)
    calls = CallCentre(conversations, live, speech, clock, unobserved, _timings)
    app = FastAPI()
    app.router.routes.append(WebSocketRoute(PATH, TwilioStream(calls, OpenTickets()).answer))
    app.add_middleware(Edge, max_body_bytes=1 << 20, clock=clock)
    return app


async def _warm(speech: Speech) -> None:
    """The first runs of a model take memory that stays, and is no call's."""
    if speech.turn_detector is not None:
        await speech.turn_detector.complete_probability(np.ones(8 * RATE_HZ, np.int16), RATE_HZ)
    streams = [speech.vad.open(RATE_HZ, lambda _: None) for _ in range(_WARM_STREAMS)]
    for stream in streams:
        stream.feed(np.ones(RATE_HZ, np.int16))
    await asyncio.sleep(1.0)
    for stream in streams:
        stream.close()


async def _serve(app: FastAPI, speech: Speech, lag: LoopLag) -> None:
    await _warm(speech)
    sampling = asyncio.create_task(lag.run())
    with listen("127.0.0.1", 0) as listener:
        server = http_server(app, max_frame_bytes=1 << 20)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        gc.collect()
        gc.freeze()
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        # The parent's end of standard input closes with the parent, however it ends.
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving
        sampling.cancel()


@asynccontextmanager
async def answering(material: Material, max_calls: int) -> AsyncIterator[int]:
    """The same server in this process and on its event loop, to see what else does beside calls; gives its port."""
    speech, lag = _speech(material), LoopLag()
    await _warm(speech)
    sampling = asyncio.create_task(lag.run())
    with listen("127.0.0.1", 0) as listener:
        server = http_server(_app(speech, max_calls, 2, lag), max_frame_bytes=1 << 20)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving
            sampling.cancel()


def main(
    material: Path,
    max_calls: Annotated[int, typer.Option()] = 10_000,
    core: Annotated[int, typer.Option()] = -1,
    unsure_every: Annotated[int, typer.Option()] = 2,
) -> None:
    if core >= 0:
        os.sched_setaffinity(0, {core})
    configure_logs("warning", as_json=True)
    speech = _speech(Material.load(material))
    lag = LoopLag()
    uvloop.run(_serve(_app(speech, max_calls, unsure_every, lag), speech, lag))


if __name__ == "__main__":
    typer.run(main)
