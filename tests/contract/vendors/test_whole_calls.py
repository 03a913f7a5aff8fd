"""Whole calls whose vendors go wrong in the middle of them: what the caller says is heard, and hears is said, once.

The engine, the resilience and the vendors' adapters are the real ones, over real sockets to local vendors. Time is the
engine's own and passes by its timers alone, so that every wait is as long on a busy machine as on an idle one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Literal
from uuid import uuid4

import httpx
import numpy as np
import pytest

from reception.call import CallConfig, CallSession
from reception.cli.playback import Playback
from reception.core.speakable import speakable
from reception.dialogue.language.answers import WrittenAnswer
from reception.dialogue.language.turn import LanguageModel
from reception.ports.audio import Pcm16
from reception.ports.dialogue import CallerTurn, PreparedTurn, ReplyPart, Say
from reception.ports.events import ProviderSwitched
from reception.ports.expectation import Completeness
from reception.ports.knowledge import Passage
from reception.ports.language import ChatModel
from reception.ports.speech import Recognizer, TranscriptionHints, Voice
from reception.providers.access import Access
from reception.providers.http import open_http
from reception.providers.llm.models import LanguageConfig, LanguageModels
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import Link, OnSwitch, Probes, present_call
from reception.providers.resilience.recognition import ResilientRecognizer
from reception.providers.resilience.voice import ResilientTextToSpeech, Speaker
from reception.providers.speech_cache import CachedTextToSpeech
from reception.providers.vendor_stream import StreamingRecognizer
from reception.providers.vendors.deepgram_stt import DeepgramDialect
from reception.providers.vendors.openai_tts import OpenAiTextToSpeech
from tests.support.call_fakes import Caller, FakeDialogue, FakeLeg, FakeVad, Recorded
from tests.support.letters import read, said_once, sound_of, without_filler
from tests.support.vendors.chat_models import OpenAiChatServer, Writes
from tests.support.vendors.faults import KEY, Fault
from tests.support.vendors.http_vendor import Answer, Asked, HttpVendor
from tests.support.vendors.listeners import DeepgramServer
from tests.support.vendors.ws_vendor import speech
from tests.support.virtual_time import LoopClock, SocketTimeLoop, run_virtual
from tests.unit.dialogue.test_knowledge import scene_of

RATE_HZ = 24_000
FIRST, SECOND = "first", "second"
LONGEST_SILENCE_S = 1.5
SAID = ("one two three", "four five six seven", "eight one", "two three four")
BREAKS_AT, MENDED_AT = 1, 3
WRITTEN = "Parking is free behind the house [1]. You need not reserve a space [1]. The gate closes at midnight [1]."
ANSWER = "Parking is free behind the house. You need not reserve a space. The gate closes at midnight."


class Mouth:
    """Words of the vendors' ears, 200 ms each, in place of a phrasebook."""

    def audio(self, text: str, ms: float) -> Pcm16:
        return speech(text)


class VoiceServer(HttpVendor):
    """Speaks by letters."""

    def answer(self, asked: Asked) -> Answer:
        audio = sound_of(asked.json()["input"], RATE_HZ).tobytes()
        return Answer("audio/pcm", [audio[start : start + 4800] for start in range(0, len(audio), 4800)])


class WriterServer(OpenAiChatServer):
    """Only its model called first goes wrong."""

    def __init__(self) -> None:
        super().__init__(lambda _: Writes(WRITTEN))

    def fault_of(self, asked: Asked) -> Fault:
        return self.fault if asked.json()["model"] == FIRST else Fault.NONE

    def answer(self, asked: Asked) -> Answer:
        self.model = str(asked.json()["model"])
        return super().answer(asked)


class Handset(FakeLeg):
    """Keeps what comes out of it, and when."""

    output_rate_hz = RATE_HZ

    def __init__(self) -> None:
        super().__init__()
        self.playback = Playback(RATE_HZ)

    async def send_audio(self, samples: Pcm16, turn: int) -> None:
        await super().send_audio(samples, turn)
        self.playback.push(samples, self.now_s)

    async def clear(self) -> None:
        await super().clear()
        self.playback.clear(self.now_s)


class Echoing(FakeDialogue):
    """Answers with what it heard."""

    def __init__(self) -> None:
        super().__init__(lambda text: (Say(f"You said {text}, did you?"), Say("That I have written down.")))
        self.greeting = (Say("Hello there."),)

    def hints(self) -> TranscriptionHints:
        return TranscriptionHints(names=("Lumen",))

    def reply_to(self, text: str) -> str:
        return " ".join(part.text for part in self.answers(text) if isinstance(part, Say))


class Answering(Echoing):
    """Answers out of a guide in the words of a language model."""

    def __init__(self, model: ChatModel) -> None:
        super().__init__()
        self._language = LanguageModel(model, LoopClock())
        self._answers: dict[int, WrittenAnswer] = {}

    def reply_to(self, text: str) -> str:
        return ANSWER

    async def prepare(self, caller: CallerTurn) -> PreparedTurn:
        guide = Passage(uuid4(), uuid4(), "Guide", "Is there parking?", ANSWER, 0.03, 0.6, 0.1)
        question = "Is there parking?"
        turn = self._language.begin("voice")
        answer = WrittenAnswer(question, [guide], scene_of(question), turn, most=4)
        first = await answer.first()
        assert first is not None
        self._answers[caller.turn] = answer
        return PreparedTurn(caller, Completeness.COMPLETE, (first,), switches=turn.switches)

    async def commit(self, prepared: PreparedTurn) -> AsyncIterator[ReplyPart]:
        self.committed.append(prepared.caller)
        yield prepared.preview[0]
        async for say in self._answers[prepared.caller.turn].rest():
            yield say


@dataclass
class Vendors:
    """The preferred ones, and those that stand in; one server writes as both."""

    ears: tuple[DeepgramServer, DeepgramServer]
    voices: tuple[VoiceServer, VoiceServer]
    writer: WriterServer

    def all(self) -> Sequence[HttpVendor | DeepgramServer]:
        return (*self.ears, *self.voices, self.writer)


@dataclass(frozen=True)
class Turn:
    """`heard_s` is when the caller had said it, `over_s` when its reply had been played."""

    heard_s: float
    over_s: float


@dataclass
class Outcome:
    reason: str
    heard: list[str]
    turns: list[Turn]
    handset: Handset
    switches: list[ProviderSwitched]
    dialogue: Echoing

    def sound(self, turn: Turn) -> Pcm16:
        return self.handset.playback.render(turn.heard_s, turn.over_s)


async def no_probe() -> None:
    return None


def recognizer_of(servers: Sequence[DeepgramServer], http: httpx.AsyncClient, told: OnSwitch) -> Recognizer:
    links: list[Link[Recognizer]] = []
    for name, server in zip((FIRST, SECOND), servers, strict=True):
        access = Access("deepgram:nova-3", "nova-3", server.base_url, http, KEY)
        links.append(Link(name, StreamingRecognizer(access, DeepgramDialect), no_probe))
    return ResilientRecognizer(links, Probes(), told, Budget())


def voice_of(servers: Sequence[VoiceServer], http: httpx.AsyncClient, told: OnSwitch) -> ResilientTextToSpeech:
    links = []
    for name, server in zip((FIRST, SECOND), servers, strict=True):
        access = Access(f"openai:{name}", name, server.base_url, http, KEY)
        links.append(Link(name, Speaker(CachedTextToSpeech(OpenAiTextToSpeech(access), 1 << 20)), no_probe))
    return ResilientTextToSpeech(links, Probes(), told, Budget())


@dataclass(frozen=True)
class Case:
    """What goes wrong with the preferred vendor of `part`."""

    part: Literal["stt", "tts", "llm"]
    fault: Fault
    answers_after_s: float = 0.0

    def __str__(self) -> str:
        return f"{self.part}-late" if self.answers_after_s else f"{self.part}-{self.fault}"

    def begin(self, vendors: Vendors) -> None:
        """A vendor that refuses refuses whoever connects anew: the connections that there are break."""
        ears = vendors.ears[0]
        match self.part:
            case "stt":
                ears.fault, ears.answers_after_s = self.fault, self.answers_after_s
                if self.fault is Fault.BROKEN:
                    ears.break_connections()
            case "tts":
                vendors.voices[0].fault = self.fault
            case "llm":
                vendors.writer.fault = self.fault

    def end(self, vendors: Vendors) -> None:
        vendors.ears[0].answers_after_s = 0.0
        for server in vendors.all():
            server.fault = Fault.NONE


async def hold_call(case: Case) -> Outcome:
    """A call of several turns; the vendor goes wrong while the caller speaks, in the second of them."""
    async with AsyncExitStack() as stack:
        vendors = Vendors((DeepgramServer(), DeepgramServer()), (VoiceServer(), VoiceServer()), WriterServer())
        for server in vendors.all():
            await stack.enter_async_context(server)
        http = await stack.enter_async_context(open_http(connect_s=1.0, trust_env=False))
        switches: list[ProviderSwitched] = []
        present_call.set(switches.append)
        dialogue = Answering(await writer_of(vendors.writer, stack)) if case.part == "llm" else Echoing()
        handset, seen = Handset(), Recorded()
        session = CallSession(
            handset,
            dialogue,
            vad=FakeVad(),
            recognizer=recognizer_of(vendors.ears, http, switches.append),
            turn_detector=None,
            tts=voice_of(vendors.voices, http, switches.append),
            voice=Voice(),
            config=replace(CallConfig(), silence_prompt_s=60.0),
            clock=LoopClock(),
            observers=(seen,),
        )
        call = asyncio.create_task(session.run())
        caller = Caller(handset, Mouth())  # type: ignore[arg-type]
        turns: list[Turn] = []
        await replied(dialogue, 1, caller)
        for number, words in enumerate(SAID):
            if number == BREAKS_AT:
                asyncio.get_running_loop().call_later(0.3, case.begin, vendors)
            if number == MENDED_AT:
                case.end(vendors)
            await caller.says(words)
            heard_s = handset.now_s
            await replied(dialogue, number + 2, caller)
            turns.append(Turn(heard_s, handset.now_s))
        assert not call.done()
        caller.hangs_up()
        reason = await call
    return Outcome(reason, [turn.text for turn in dialogue.committed], turns, handset, switches, dialogue)


async def replied(dialogue: FakeDialogue, replies: int, caller: Caller) -> None:
    """Be silent until so many replies, the greeting included, have been played."""
    for _ in range(300):
        if len(dialogue.heard_of) >= replies:
            break
        await caller.is_silent(100)
    assert len(dialogue.heard_of) == replies
    await caller.is_silent(300)


async def writer_of(server: WriterServer, stack: AsyncExitStack) -> ChatModel:
    addresses = {"openai": server.base_url}
    models = LanguageModels(LanguageConfig(f"openai:{FIRST}, openai:{SECOND}", {"openai": KEY}, addresses))
    stack.push_async_callback(models.aclose)
    model = await models.for_agent("")
    assert model is not None
    await models.loaded()
    return model


def longest_silence_s(sound: Pcm16) -> float:
    """From the beginning to the last of the sound."""
    audible = np.flatnonzero(np.abs(sound) > 100)
    return float(np.max(np.diff(np.concatenate(([0], audible))), initial=0)) / RATE_HZ


CASES = (
    Case("stt", Fault.NONE, answers_after_s=2.0),
    Case("stt", Fault.HALF_CLOSED),
    Case("stt", Fault.BROKEN),
    Case("tts", Fault.STALL),
    Case("tts", Fault.HALF_CLOSED),
    Case("llm", Fault.STALL),
    Case("llm", Fault.HALF_CLOSED),
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_call_whose_vendor_goes_wrong_goes_on_and_nothing_is_lost_or_said_twice(case: Case) -> None:
    outcome = run_virtual(hold_call(case), SocketTimeLoop)
    assert outcome.reason == "caller_hung_up"
    assert tuple(outcome.heard) == SAID
    for words, turn in zip(SAID, outcome.turns, strict=True):
        heard, spoken = read(outcome.sound(turn), RATE_HZ), speakable(outcome.dialogue.reply_to(words))
        assert said_once(without_filler(heard, spoken), spoken), (words, heard)
        assert longest_silence_s(outcome.sound(turn)) <= LONGEST_SILENCE_S, words
    assert {switch.part for switch in outcome.switches} == {case.part}
