"""Live calls: admitted up to a limit, wired to their agent, drained before the process ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import structlog

from reception.call.config import CallConfig
from reception.call.session import CallSession
from reception.call.turn_taking import TurnTaker
from reception.core.clock import Clock
from reception.core.errors import Unavailable
from reception.domains.conversations.carrier import CarrierCall
from reception.ports.business import AgentSettings
from reception.ports.dialogue import Channel, Dialogue
from reception.ports.events import CallEvent, CallObserver, SpeechChanged
from reception.ports.leg import TAKEN_OVER, CallLeg
from reception.ports.speech import Recognizer, TextToSpeech, Voice
from reception.providers.account import account, own_keys
from reception.providers.bundle import Speech
from reception.providers.desk import SpeechDesk
from reception.providers.lexicon import PronouncingTextToSpeech
from reception.providers.resilience.chain import present_call
from reception.providers.warm_sockets import Standby
from reception.runtime.conversations import WiredAgent
from reception.runtime.dumps import CallDumps
from reception.runtime.provider_keys import ProviderKeys
from reception.runtime.recording.service import Recordings
from reception.runtime.spoken_answers import SpokenAnswers
from reception.runtime.switches import Switches
from reception.runtime.traces import Tracer
from reception.runtime.usage import UsageBook

_log = structlog.get_logger(__name__)

ObserverFactory = Callable[[UUID, UUID, UUID], CallObserver]
"""Makes the observer of one call from its tenant, agent and conversation."""


class _Line:
    """One conversation's place among the live calls; a session holds it, or is about to."""

    def __init__(self) -> None:
        self.session: CallSession | None = None
        self.ended = asyncio.Event()
        self._cut_for = ""

    def attach(self, session: CallSession) -> None:
        self.session = session
        if self._cut_for:
            session.cut(self._cut_for)

    def cut(self, reason: str) -> None:
        self._cut_for = reason
        if self.session is not None:
            self.session.cut(reason)


class LiveCalls:
    """The calls of this process, and what else must be finished before it ends. A call has a place from before it is
    answered until its session has ended.

    `is_full` says that one more call would harm those there are; asked for each call, but the first.
    """

    def __init__(
        self,
        limit: int,
        on_refusal: Callable[[], None] | None = None,
        is_full: Callable[[], bool] = lambda: False,
    ) -> None:
        self._limit = limit
        self._is_full = is_full
        self._on_refusal = on_refusal
        self._admitted = 0
        self._requests = 0
        self._draining = False
        self._refuses_work = False
        self._lines: dict[UUID, _Line] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def count(self) -> int:
        return self._admitted

    @property
    def room(self) -> int:
        """How many more calls would be admitted now."""
        if self._draining or (self._admitted and self._is_full()):
            return 0
        return max(0, self._limit - self._admitted)

    @property
    def requests(self) -> int:
        """The requests over HTTP that are being worked on."""
        return self._requests

    @property
    def draining(self) -> bool:
        return self._draining

    @property
    def refuses_work(self) -> bool:
        """Whether requests over HTTP that ask for more than to read are to be refused."""
        return self._refuses_work

    @contextmanager
    def work(self) -> Iterator[None]:
        """A place for one request over HTTP that is not to be broken off. There is no limit to them here."""
        self._requests += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._requests -= 1
            self._rest()

    @contextmanager
    def admit(self, conversation_id: UUID | None = None) -> Iterator[None]:
        """A place for one call; that of `conversation_id` itself when it is live, as it is about to be taken over.

        Raises:
            Unavailable: every place is taken, one more call would harm the others, or the server is about to stop.
        """
        if self._draining:
            raise self._refusal("The server is stopping; call again in a moment.")
        if self._admitted >= self._limit + (conversation_id in self._lines):
            raise self._refusal(f"All {self._limit} lines are busy; call again in a moment.")
        if self._admitted and conversation_id not in self._lines and self._is_full():
            raise self._refusal("This server is busy to its limit; call again in a moment.")
        self._admitted += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._admitted -= 1
            self._rest()

    def _rest(self) -> None:
        if not self._admitted and not self._requests:
            self._idle.set()

    def _refusal(self, detail: str) -> Unavailable:
        if self._on_refusal is not None:
            self._on_refusal()
        return Unavailable(detail)

    @contextmanager
    def register(self, conversation_id: UUID, session: CallSession) -> Iterator[None]:
        line = self._lines.setdefault(conversation_id, _Line())
        line.attach(session)
        try:
            yield
        finally:
            self._leave(conversation_id, line)

    @asynccontextmanager
    async def take_over(self, conversation_id: UUID) -> AsyncIterator[None]:
        """The conversation, for one connection alone: one that has it already is closed first, with its effects done
        and its turns stored.

        Raises:
            Unavailable: that takes too long.
        """
        try:
            async with asyncio.timeout(_TAKE_OVER_S):
                while (line := self._lines.get(conversation_id)) is not None:
                    line.cut(TAKEN_OVER)
                    await line.ended.wait()
        except TimeoutError:
            raise Unavailable("The call is still busy on its former connection; try again in a moment.") from None
        line = self._lines[conversation_id] = _Line()
        try:
            yield
        finally:
            self._leave(conversation_id, line)

    def _leave(self, conversation_id: UUID, line: _Line) -> None:
        if self._lines.get(conversation_id) is line:
            del self._lines[conversation_id]
        line.ended.set()

    async def drain(self, within_s: float | None, *, replaced: bool = False) -> int:
        """Refuse new calls and new work, let what is under way finish for `within_s`, then end the calls that are left.
        Returns how many were ended; with None, none is, and cancelling this ends none either. Who is `replaced` refuses
        no work, for it can only come on a connection that began before; the next one is another's."""
        self._draining = True
        self._refuses_work = not replaced
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            pass
        cut = [line.session for line in self._lines.values() if line.session is not None]
        for session in cut:
            await session.end("server_stopping")
        try:
            async with asyncio.timeout(_LAST_WORDS_S):
                await self._idle.wait()
        except TimeoutError:
            _log.warning("calls.abandoned", count=self._admitted, requests=self._requests)
        return len(cut)


_LAST_WORDS_S = 8.0
_TAKE_OVER_S = 8.0


class ResumedDialogue(Dialogue, Protocol):
    """A dialogue that stands where its conversation was left."""

    @property
    def next_turn(self) -> int: ...


class Conversations(Protocol):
    """Where dialogues come from; see `ConversationFactory`."""

    async def find_agent(self, tenant_id: UUID, agent_id: UUID) -> WiredAgent: ...

    def prepare(self, wired: WiredAgent) -> None: ...

    async def start(
        self, wired: WiredAgent, channel: Channel, *, caller_phone: str = "", carrier_call_id: str = ""
    ) -> Dialogue: ...

    async def find_cut_off(self, tenant_id: UUID, agent_id: UUID, carrier_call_id: str) -> CarrierCall | None: ...

    async def check_open(self, wired: WiredAgent, conversation_id: UUID) -> WiredAgent: ...

    async def take_up(self, wired: WiredAgent, conversation_id: UUID) -> ResumedDialogue: ...


@dataclass(frozen=True, slots=True)
class CallCentre:
    """Everything a transport needs to answer a call. `timings` gives an agent's calls their pace."""

    conversations: Conversations
    live: LiveCalls
    speech: Speech
    clock: Clock
    observe: ObserverFactory
    timings: Callable[[AgentSettings], CallConfig] = CallConfig.for_agent
    recordings: Recordings | None = None
    dumps: CallDumps | None = None
    desk: SpeechDesk | None = None
    keys: ProviderKeys | None = None
    usage: UsageBook | None = None
    spoken: SpokenAnswers | None = None
    trace: Tracer | None = None

    async def answer(
        self,
        leg: CallLeg,
        wired: WiredAgent,
        dialogue: Dialogue,
        *,
        first_turn: int = 1,
        observers: Sequence[CallObserver] = (),
    ) -> str:
        """Run a whole call over `leg`, which has been admitted. Returns why it ended.

        `first_turn` is above 1 for a conversation that is taken up again; `observers` are the transport's own.
        """
        context = structlog.contextvars.bound_contextvars(
            tenant_id=str(wired.business.tenant_id),
            agent_id=str(wired.agent.agent_id),
            call_id=str(dialogue.conversation_id),
        )
        with context:
            async with AsyncExitStack() as taps:
                switches = Switches()
                present_call.set(switches)
                if self.usage is not None:
                    used = self.usage.call(wired.business.tenant_id, wired.agent.agent_id, dialogue.conversation_id)
                    account.set(used)
                    observers = (*observers, used)
                if self.trace is not None:
                    spans = self.trace.call(
                        wired.business.tenant_id, wired.agent.agent_id, dialogue.conversation_id, account.get()
                    )
                    observers = (*observers, spans)
                    account.set(spans)
                parts = await self._tapped(taps, leg, wired, dialogue.conversation_id, switches)
                self.conversations.prepare(wired)
                session = self._session(parts, wired, dialogue, first_turn, observers)
                switches.tell = session.tell
                with self.live.register(dialogue.conversation_id, session):
                    return await session.run()

    async def _tapped(
        self, taps: AsyncExitStack, leg: CallLeg, wired: WiredAgent, conversation_id: UUID, switches: Switches
    ) -> "_Parts":
        """What a call is made of, listened in on where that is asked for."""
        parts = await self._seat(taps, leg, wired, switches)
        if self.recordings is not None and wired.agent.settings.recording:
            recording = self.recordings.recording(leg, wired.business.tenant_id, conversation_id)
            parts = replace(parts, leg=await taps.enter_async_context(recording))
        if self.dumps is not None:
            dump = await taps.enter_async_context(self.dumps.dump(parts.leg, conversation_id))
            if dump is not None:
                heard = dump.recognizer(parts.recognizer)
                told = (*parts.observers, dump)
                parts = replace(parts, leg=dump.leg, recognizer=heard, turn_taker=dump.turn_taker, observers=told)
        return parts

    async def _seat(self, taps: AsyncExitStack, leg: CallLeg, wired: WiredAgent, switches: Switches) -> "_Parts":
        """Who hears and speaks."""
        parts = _Parts(leg, self.speech.recognizer, self.speech.tts)
        settings = wired.agent.settings
        if self.desk is not None:
            local = self.keys is None or (self.desk.is_local(settings.stt, settings.tts) and self.desk.embeds_locally)
            keys = {} if self.keys is None or local else await self.keys.of(wired.business.tenant_id)
            own_keys.set(keys)
            seat = self.desk.seat(settings.stt, settings.tts, keys, switches)
            standby = seat.standby(_voice(wired), leg.output_rate_hz)
            taps.callback(standby.close)
            standby.warm()
            parts = _Parts(leg, seat.recognizer, seat.tts, observers=(_Ready(standby),), streams=seat.streams)
        tts = parts.tts
        if settings.pronunciations:
            tts = PronouncingTextToSpeech(tts, settings.pronunciations)
        if self.spoken is not None:
            tts = self.spoken.voice(wired.business.tenant_id, tts, settings.pronunciations)
        return replace(parts, tts=tts)

    def _session(
        self,
        parts: "_Parts",
        wired: WiredAgent,
        dialogue: Dialogue,
        first_turn: int,
        observers: Sequence[CallObserver],
    ) -> CallSession:
        settings = wired.agent.settings
        return CallSession(
            parts.leg,
            dialogue,
            vad=self.speech.vad,
            recognizer=parts.recognizer,
            turn_detector=self.speech.turn_detector,
            tts=parts.tts,
            voice=_voice(wired),
            config=self.timings(settings).unfading() if parts.streams else self.timings(settings),
            clock=self.clock,
            observers=(
                self.observe(wired.business.tenant_id, wired.agent.agent_id, dialogue.conversation_id),
                *observers,
                *parts.observers,
            ),
            first_turn=first_turn,
            turn_taker=parts.turn_taker,
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    leg: CallLeg
    recognizer: Recognizer
    tts: TextToSpeech
    turn_taker: Callable[[CallConfig], TurnTaker] = TurnTaker
    observers: tuple[CallObserver, ...] = ()
    streams: bool = False


@dataclass(frozen=True, slots=True)
class _Ready:
    """Has a connection for the reply opened while the caller speaks."""

    standby: Standby

    def on_event(self, event: CallEvent) -> None:
        match event:
            case SpeechChanged(state="started"):
                self.standby.warm()


def _voice(wired: WiredAgent) -> Voice:
    settings = wired.agent.settings
    return Voice(settings.voice, settings.voice_speed, settings.language or wired.business.locale)
