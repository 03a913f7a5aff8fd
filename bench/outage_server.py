"""The processes of `bench.outages many`: a server whose ears, voice and language model are vendors, and the vendors
themselves."""

import asyncio
import contextlib
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import uvloop
from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from tests.support.vendors.chat_models import OpenAiChatServer, Prompt, Writes
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor, _send_chunks, _send_head
from tests.unit.dialogue.test_knowledge import scene_of

from bench.outage_words import SENTENCES, spoken
from reception.api.edge import Edge
from reception.cli.bench_material import Material
from reception.cli.bench_server import (
    InstantConversations,
    InstantDialogue,
    OpenTickets,
    _serve,
    _speech,
    _timings,
    bench_agent,
)
from reception.cli.logs import configure_logs
from reception.core.clock import SystemClock
from reception.dialogue.language.answers import WrittenAnswer
from reception.dialogue.language.turn import LanguageModel, LanguageTurn
from reception.ports.dialogue import CallerTurn, Channel, PreparedTurn, ReplyPart, Say
from reception.ports.events import CallEnded, CallEvent, CallObserver, ProviderSwitched
from reception.ports.knowledge import Passage
from reception.providers.desk import SpeechDesk, Wanted
from reception.providers.http import open_http
from reception.providers.llm.models import LanguageConfig, LanguageModels
from reception.providers.spec import parse_chain
from reception.runtime.calls import CallCentre, LiveCalls
from reception.runtime.conversations import WiredAgent
from reception.runtime.load import LoopLag
from reception.transports.twilio_stream import PATH, TwilioStream

GREETING = "Hello, how can I help you today?"
QUESTION = "Is there parking?"
DEAD, SILENT = "dead", "silent"
_VOICE_HZ = 24_000
_VOICE_PIECE_BYTES, _VOICE_GAP_S = 4800, 0.025
"""A voice is four times as fast as the ear."""
_WRITER_GAP_S = 0.004
_CODE = re.compile(r"house ([a-z]{9})\.")


class WrittenDialogue(InstantDialogue):
    """Answers every turn by the language model, out of a passage of that turn's own, so that no voice has said it
    before."""

    def __init__(self, language: LanguageModel) -> None:
        super().__init__(unsure_every=0)
        self._language = language
        self._scene = scene_of(QUESTION)
        self._writing: dict[int, tuple[LanguageTurn, WrittenAnswer]] = {}

    async def open(self) -> Sequence[ReplyPart]:
        return (Say(GREETING),)

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        code = "".join(chr(ord("a") + int(digit, 16)) for digit in f"{self.conversation_id.hex[-6:]}{caller.turn:03x}")
        told = " ".join(sentence.format(code) for sentence in SENTENCES)
        passage = Passage(uuid4(), uuid4(), "Guide", QUESTION, told, 0.03, 0.6, 0.1)
        turn = self._language.begin("voice")
        answer = WrittenAnswer(QUESTION, [passage], self._scene, turn, most=len(SENTENCES))
        self._writing[caller.turn] = turn, answer
        first = await answer.first()
        return PreparedTurn(caller, self.completeness(caller.text), (first or Say("Sorry."),), switches=turn.switches)

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        yield prepared.preview[0]
        turn, answer = self._writing.pop(prepared.caller.turn)
        async for say in answer.rest():
            yield say
        await turn.ended()


@dataclass(frozen=True, slots=True)
class WrittenConversations(InstantConversations):
    models: LanguageModels
    clock: SystemClock

    async def start(
        self, wired: WiredAgent, channel: Channel, *, caller_phone: str = "", carrier_call_id: str = ""
    ) -> InstantDialogue:
        model = await self.models.for_agent("")
        assert model is not None
        return WrittenDialogue(LanguageModel(model, self.clock))


class Vendors(HttpVendor):
    """One that hears, writes and speaks; its models called dead or silent become so `fails_after_s` after the first
    request of all, in the middle of what they are saying or writing."""

    def __init__(self, fails_after_s: float) -> None:
        super().__init__()
        self._fails_after_s = fails_after_s
        self._first_s: float | None = None
        self._writer = OpenAiChatServer(_written)

    def fault_of(self, asked: Asked) -> Fault:
        now_s = time.monotonic()
        self._first_s = self._first_s or now_s
        if now_s - self._first_s < self._fails_after_s:
            return Fault.NONE
        model = asked.form()["model"].decode() if asked.path == "/audio/transcriptions" else asked.json()["model"]
        return {DEAD: Fault.BROKEN, SILENT: Fault.SLOW_FIRST_BYTE}.get(model, Fault.NONE)

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/audio/transcriptions":
            return Answer("application/json", [orjson.dumps({"text": "what the caller said"})])
        if asked.path == "/chat/completions":
            self._writer.model = str(asked.json()["model"])
            prompt = self._writer.read(asked.json())
            return Answer("text/event-stream", self._writer.written(self._writer.brain(prompt), prompt))
        audio = spoken(asked.json()["input"], _VOICE_HZ).astype("<i2").tobytes()
        return Answer(
            "audio/pcm", [audio[at : at + _VOICE_PIECE_BYTES] for at in range(0, len(audio), _VOICE_PIECE_BYTES)]
        )

    async def _reply(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if asked.path == "/audio/transcriptions" or self.fault_of(asked) is not Fault.NONE:
            await super()._reply(asked, reader, writer)
            return
        good = self.answer(asked)
        _send_head(writer, 200, good.content_type, good.headers)
        for piece in good.pieces:
            fault = self.fault_of(asked)
            if fault is Fault.SLOW_FIRST_BYTE:
                await reader.read()
            if fault is not Fault.NONE:
                raise ConnectionResetError
            _send_chunks(writer, [piece])
            await writer.drain()
            await asyncio.sleep(_VOICE_GAP_S if asked.path == "/audio/speech" else _WRITER_GAP_S)
        writer.write(b"0\r\n\r\n")


def _written(prompt: Prompt) -> Writes:
    """The passage's sentences with their marks, but for those that have been said."""
    found = _CODE.search(prompt.user)
    sentences = [sentence.format(found[1] if found else "")[:-1] for sentence in SENTENCES]
    return Writes(" ".join(f"{sentence} [1]." for sentence in sentences if sentence not in prompt.said))


class Counting:
    """What happened in all calls, by kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, tenant_id: UUID, agent_id: UUID, conversation_id: UUID) -> CallObserver:
        return self

    def on_event(self, event: CallEvent) -> None:
        match event:
            case ProviderSwitched(part=part):
                self.counts[f"switched {part}"] += 1
            case CallEnded(reason=reason):
                self.counts[f"ended {reason}"] += 1


async def serve_vendors(fails_after_s: float) -> None:
    """Serve until the parent's end of standard input closes, and print where."""
    async with Vendors(fails_after_s) as vendors:
        print(vendors.base_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        print(vendors.complaints[:3], file=sys.stderr) if vendors.complaints else None
        vendors.complaints.clear()


async def serve_calls(material: Path, address: str, ears: str, writer: str, voice: str) -> Counter[str]:
    """Serve until the parent's end of standard input closes; print the port. What happened in all calls."""
    speech, lag, clock, counting = _speech(Material.load(material)), LoopLag(), SystemClock(), Counting()
    keys, addresses = {"openai": KEY}, {"openai": address}
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(open_http(connect_s=1.0, trust_env=False))
        chains = parse_chain(ears, addresses=False), parse_chain(voice, addresses=False)
        desk = SpeechDesk(speech, Wanted(*chains, keys=keys, addresses=addresses), http)
        stack.push_async_callback(desk.aclose)
        models = LanguageModels(LanguageConfig(writer, keys, addresses))
        stack.push_async_callback(models.aclose)
        conversations = WrittenConversations(bench_agent(), 0, models, clock)
        await models.for_agent("")
        await models.loaded()
        calls = CallCentre(conversations, LiveCalls(1000), speech, clock, counting, _timings, desk=desk)
        app = FastAPI()
        app.router.routes.append(WebSocketRoute(PATH, TwilioStream(calls, OpenTickets()).answer))
        app.add_middleware(Edge, max_body_bytes=1 << 20, clock=clock)
        await _serve(app, speech, lag)
    return counting.counts


if __name__ == "__main__":
    configure_logs("error", as_json=True)
    if sys.argv[1] == "vendors":
        asyncio.run(serve_vendors(float(sys.argv[2])))
    else:
        counts = uvloop.run(serve_calls(Path(sys.argv[1]), *sys.argv[2:6]))
        Path(sys.argv[6]).write_bytes(orjson.dumps(counts))
