"""A vendor's voice is connected to before the call speaks, and left when the call is over."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

from reception.cli.bench_server import InstantConversations, bench_agent, unobserved
from reception.ports.speech import Recognizer, Voice
from reception.providers.bundle import Speech
from reception.providers.desk import Seat, SpeechDesk
from reception.providers.resilience.chain import OnSwitch
from reception.providers.speech_cache import CachedTextToSpeech
from reception.providers.warm_sockets import Standby
from reception.runtime.calls import CallCentre, LiveCalls
from tests.support.call_fakes import Caller, FakeDialogue, FakeLeg, FakeRecognizer, FakeVad, Phrasebook
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
