"""A whole call in virtual time: a scripted caller on one end, the engine on the other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from reception.call import CallConfig, CallSession
from reception.ports.events import CallEvent
from reception.ports.speech import TurnDetector, Voice
from tests.support.call_fakes import (
    Caller,
    FakeDialogue,
    FakeLeg,
    FakeRecognizer,
    FakeVad,
    Phrasebook,
    Recorded,
)
from tests.support.fake_voice import FakeTts
from tests.support.virtual_time import LoopClock, run_virtual

Script = Callable[["Scene"], Awaitable[None]]


@dataclass
class Scene:
    """Everything of one call, for a test to set up before it and to look at after it."""

    dialogue: FakeDialogue = field(default_factory=FakeDialogue)
    tts: FakeTts = field(default_factory=FakeTts)
    detector: TurnDetector | None = None
    config: CallConfig = field(default_factory=lambda: replace(CallConfig(), silence_prompt_s=60.0))
    echo_marks: bool = True
    book: Phrasebook = field(default_factory=Phrasebook)
    vad: FakeVad = field(default_factory=FakeVad)
    observer: Recorded = field(default_factory=Recorded)
    reason: str = ""

    def __post_init__(self) -> None:
        self.recognizer = FakeRecognizer(self.book)

    async def play(self, script: Script) -> None:
        self.leg = FakeLeg(echo=self.echo_marks)
        self.caller = Caller(self.leg, self.book)
        self.session = CallSession(
            self.leg,
            self.dialogue,
            vad=self.vad,
            recognizer=self.recognizer,
            turn_detector=self.detector,
            tts=self.tts,
            voice=Voice(),
            config=self.config,
            clock=LoopClock(),
            observers=(self.observer,),
        )
        self.call = call = asyncio.create_task(self.session.run())
        await script(self)
        if not call.done():
            self.caller.hangs_up()
        self.reason = "cancelled" if call.cancelled() else await call
        assert len(self.dialogue.closed) == 1
        assert len(self.leg.closed) == 1
        assert self.vad.open_streams == 0
        assert self.recognizer.most_in_flight[False] <= 1
        assert self.recognizer.most_in_flight[True] <= 1

    def texts(self) -> list[str]:
        """The turns committed, in order."""
        return [turn.text for turn in self.dialogue.committed]

    def events(self, kind: type[CallEvent]) -> list[CallEvent]:
        return [event for event in self.observer.events if isinstance(event, kind)]


def play(script: Script, **given: object) -> Scene:
    """Run `script` as one call and give back what became of it."""
    scene = Scene(**given)  # type: ignore[arg-type]
    run_virtual(scene.play(script))
    return scene
