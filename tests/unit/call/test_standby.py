"""What a call does beside speaking: its vendor's voice is connected to before, and left, and accounted for, after."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

from reception.cli.bench_server import InstantConversations, bench_agent, unobserved
from reception.core.clock import SystemClock
from reception.core.errors import Unavailable
from reception.db.database import Database
from reception.ports.speech import Recognizer, TranscriptionHints, Voice
from reception.providers.access import RequestSeen
from reception.providers.account import account
from reception.providers.bundle import Speech
from reception.providers.desk import Seat, SpeechDesk
from reception.providers.prices import Prices
from reception.providers.resilience.chain import OnSwitch
from reception.providers.speech_cache import CachedTextToSpeech
from reception.providers.warm_sockets import Standby
from reception.runtime.calls import CallCentre, LiveCalls
from reception.runtime.usage import UsageBook
from tests.support.call_fakes import (
    Caller,
    FakeDialogue,
    FakeLeg,
    FakeRecognition,
    FakeRecognizer,
    FakeVad,
    Phrasebook,
)
from tests.support.fake_voice import FakeTts
from tests.support.virtual_time import LoopClock, run_virtual


@dataclass
class Line(Standby):
    warmed: int = 0
    closed: int = 0

    def warm(self) -> None:
        self.warmed += 1

    def close(self) -> None:
        self.closed += 1


@dataclass
class Vendor:
    line: Line = field(default_factory=Line)
    asked: list[tuple[Voice, int]] = field(default_factory=list)

    def standby(self, voice: Voice, sample_rate_hz: int) -> Line:
        self.asked.append((voice, sample_rate_hz))
        return self.line


@dataclass
class Desk:
    ears: Recognizer
    vendor: Vendor

    def seat(self, stt: str, tts: str, keys: Mapping[str, str], on_switch: OnSwitch) -> Seat:
        return Seat(self.ears, FakeTts(), cast(Any, self.vendor))


def test_a_connection_is_there_when_the_call_begins_and_whenever_the_caller_has_spoken() -> None:
    async def call() -> None:
        book, vendor, leg = Phrasebook(), Vendor(), FakeLeg()
        ears = FakeRecognizer(book)
        speech = Speech(FakeVad(), ears, None, CachedTextToSpeech(FakeTts(), 0), cast(Any, None))
        desk = cast(SpeechDesk, Desk(ears, vendor))
        centre = CallCentre(
            InstantConversations(bench_agent(), 0), LiveCalls(4), speech, LoopClock(), unobserved, desk=desk
        )
        wired = bench_agent()
        wired = replace(wired, agent=replace(wired.agent, settings=replace(wired.agent.settings, voice="joanna")))
        caller = Caller(leg, book)
        answering = asyncio.create_task(centre.answer(leg, wired, FakeDialogue()))
        await caller.is_silent(200)
        assert [(voice.name, rate_hz) for voice, rate_hz in vendor.asked] == [("joanna", leg.output_rate_hz)]
        assert vendor.line.warmed == 1
        await caller.says("what are your hours")
        await caller.waits()
        assert vendor.line.warmed == 2
        assert vendor.line.closed == 0
        caller.hangs_up()
        await answering
        assert vendor.line.closed == 1

    run_virtual(call())


class NoDatabase:
    def tenant_session(self, tenant_id: UUID) -> None:
        raise Unavailable("away")


class Metered(FakeRecognizer):
    """Tells when it is closed what it was sent since its last transcript, as vendors that listen all the time do."""

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> FakeRecognition:
        stream = super().open(sample_rate_hz, hints)
        close = stream.aclose

        async def aclose() -> None:
            payer = account.get()
            assert payer is not None
            payer.add(RequestSeen("stt", "deepgram:nova-3", "cancelled", 0.0, None, 2.5))
            await close()

        stream.aclose = aclose  # type: ignore[method-assign]
        return stream


def test_what_was_heard_up_to_the_end_of_a_call_is_on_its_account_once() -> None:
    async def call() -> None:
        book, leg = Phrasebook(), FakeLeg()
        usage = UsageBook(cast(Database, NoDatabase()), Prices.load(None), SystemClock())
        speech = Speech(FakeVad(), Metered(book), None, CachedTextToSpeech(FakeTts(), 0), cast(Any, None))
        centre = CallCentre(
            InstantConversations(bench_agent(), 0), LiveCalls(4), speech, LoopClock(), unobserved, usage=usage
        )
        caller = Caller(leg, book)
        answering = asyncio.create_task(centre.answer(leg, bench_agent(), FakeDialogue()))
        await caller.says("what are your hours")
        await caller.waits()
        caller.hangs_up()
        await answering
        assert [(used.turn, used.part, used.units) for used in usage._waiting] == [(1, "stt", 2.5)]

    run_virtual(call())
