"""The processes of `bench.outages many`: a server whose ears and voice are vendors, and the vendors themselves."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import orjson
import uvloop
from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor

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
    unobserved,
)
from reception.cli.logs import configure_logs
from reception.core.clock import SystemClock
from reception.ports.dialogue import CallerTurn, Channel, PreparedTurn, ReplyPart, Say
from reception.providers.desk import SpeechDesk, Wanted
from reception.providers.http import open_http
from reception.providers.spec import parse_chain
from reception.runtime.calls import CallCentre, LiveCalls
from reception.runtime.conversations import WiredAgent
from reception.runtime.load import LoopLag
from reception.transports.twilio_stream import PATH, TwilioStream

GREETING = "Hello, how can I help you today?"
DEAD, SILENT = "dead", "silent"
_VOICE_HZ = 24_000
_MS_PER_CHAR = 60


class NumberedDialogue(InstantDialogue):
    """Says something else at every turn, so that no voice has said it before."""

    def __init__(self) -> None:
        super().__init__(unsure_every=0)

    async def open(self) -> Sequence[ReplyPart]:
        return (Say(GREETING),)

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        return PreparedTurn(caller, self.completeness(caller.text), (self._numbered(caller.turn),))

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        self._turn = prepared.caller.turn
        yield self._numbered(prepared.caller.turn)

    def _numbered(self, turn: int) -> Say:
        return Say(f"Certainly, that is answer {turn} of {self.conversation_id.hex[-6:]}.")


class NumberedConversations(InstantConversations):
    async def start(self, wired: WiredAgent, channel: Channel, *, caller_phone: str = "") -> InstantDialogue:
        return NumberedDialogue()


class Vendors(HttpVendor):
    """One that hears and speaks at once; its models called dead or silent become so `fails_after_s` after the first
    request of all."""

    def __init__(self, fails_after_s: float) -> None:
        super().__init__()
        self._fails_after_s = fails_after_s
        self._first_s: float | None = None

    def fault_of(self, asked: Asked) -> Fault:
        now_s = time.monotonic()
        self._first_s = self._first_s or now_s
        if now_s - self._first_s < self._fails_after_s:
            return Fault.NONE
        if f'"{DEAD}"'.encode() in asked.body or f"\r\n\r\n{DEAD}\r\n".encode() in asked.body:
            return Fault.BROKEN
        if f'"{SILENT}"'.encode() in asked.body or f"\r\n\r\n{SILENT}\r\n".encode() in asked.body:
            return Fault.SLOW_FIRST_BYTE
        return Fault.NONE

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/audio/transcriptions":
            return Answer("application/json", [orjson.dumps({"text": "what the caller said"})])
        samples = len(asked.json()["input"]) * _MS_PER_CHAR * _VOICE_HZ // 1000
        tone = 3000 * np.sin(np.arange(samples) * 2 * np.pi * 220 / _VOICE_HZ)
        audio = tone.astype("<i2").tobytes()
        return Answer("audio/pcm", [audio[start : start + 9600] for start in range(0, len(audio), 9600)])


async def serve_vendors(fails_after_s: float) -> None:
    """Serve until the parent's end of standard input closes, and print where."""
    async with Vendors(fails_after_s) as vendors:
        print(vendors.base_url, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        vendors.complaints.clear()


async def serve_calls(material: Path, address: str, ears: str, voice: str) -> None:
    speech, lag = _speech(Material.load(material)), LoopLag()
    async with open_http(connect_s=1.0, trust_env=False) as http:
        wanted = Wanted(
            parse_chain(ears, addresses=False),
            parse_chain(voice, addresses=False),
            keys={"openai": KEY},
            addresses={"openai": address},
        )
        desk = SpeechDesk(speech, wanted, http)
        clock = SystemClock()
        calls = CallCentre(
            NumberedConversations(bench_agent(), 0), LiveCalls(1000), speech, clock, unobserved, _timings, desk=desk
        )
        app = FastAPI()
        app.router.routes.append(WebSocketRoute(PATH, TwilioStream(calls, OpenTickets()).answer))
        app.add_middleware(Edge, max_body_bytes=1 << 20, clock=clock)
        try:
            await _serve(app, speech, lag)
        finally:
            await desk.aclose()


if __name__ == "__main__":
    configure_logs("error", as_json=True)
    if sys.argv[1] == "vendors":
        asyncio.run(serve_vendors(float(sys.argv[2])))
    else:
        uvloop.run(serve_calls(Path(sys.argv[1]), *sys.argv[2:5]))
