"""The agent's side of a call: one turn after another, each answered once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import NoReturn

import structlog

from reception.call.barge_in import stops_agent
from reception.call.config import CallConfig
from reception.call.faults import Failure, attempt, attempt_now, close_iterator
from reception.call.jobs import Answer, AskSilent, Bridge, Excuse, Finish, Greet, Job
from reception.call.latency import LatencyObserver, ReplyEnded, TurnCommitted, TurnPrepared
from reception.call.latency import Stage as LatencyStage
from reception.call.reply import UNHEARD_WORDS, Reply, Spoken, Stage
from reception.call.speculation import Speculation
from reception.call.synthesis import Spawn
from reception.core.telemetry import BARGE_IN, TURN_COMMITTED
from reception.ports.dialogue import CallerTurn, Dialogue, HangUp, PreparedTurn, ReplyPart, Say, Transfer, Unheard
from reception.ports.events import ActionDone, ProviderSwitched, TranscriptHeard
from reception.ports.expectation import Expectation

_log = structlog.get_logger(__name__)


class CallOver(Exception):
    """The conversation has ended; raised once, to end the call's tasks."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Conversation:
    """Answers jobs in order. A new turn of the caller interrupts the reply in progress, and nothing else does; but
    every turn is prepared and committed, and what one has done is told before the next is answered.

    `on_idle` is called whenever a reply has ended and nothing waits to be said; `spawn` starts tasks of the call.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        stage: Stage,
        speculation: Speculation,
        config: CallConfig,
        *,
        first_turn: int,
        on_idle: Callable[[], None],
        spawn: Spawn,
    ) -> None:
        self._dialogue = dialogue
        self._stage = stage
        self._speculation = speculation
        self._config = config
        self._latency = LatencyObserver()
        self._jobs: deque[Job] = deque()
        self._arrived = asyncio.Event()
        self._reply: Reply | None = None
        self._bridging = False
        self._finishing = False
        self._on_idle = on_idle
        self._spawn = spawn
        self._storing: asyncio.Task[None] | None = None
        self._hold = False
        self._over_agent = False
        self._next_turn = first_turn
        self._filler = -1
        self._gone = ""
        self._committing = False
        self._unheard_turn: int | None = None
        self._unheard: Unheard = ""

    @property
    def next_turn(self) -> int:
        """The number that the next turn of the caller will have."""
        return self._next_turn + sum(isinstance(job, Answer) for job in self._jobs)

    @property
    def busy(self) -> bool:
        return self._answering is not None or bool(self._jobs)

    @property
    def _answering(self) -> Reply | None:
        """The reply in progress, where it is one to something."""
        return None if self._bridging else self._reply

    @property
    def may_prepare(self) -> bool:
        """No turn is being committed, so that what is prepared now knows everything decided before."""
        return not self._jobs and (self._reply is None or self._reply.script.read_out)

    @property
    def reply(self) -> Reply | None:
        return self._reply

    def add(self, job: Job) -> bool:
        """Queue `job`; false when too much waits already."""
        if len(self._jobs) >= self._config.max_waiting_turns and not isinstance(job, Finish):
            return False
        self._jobs.append(job)
        self._arrived.set()
        if isinstance(job, Answer):
            self._stage.dead_air.caller_stopped(job.committed_s)
            if self._reply is not None:
                if not self._finishing:
                    self._reply.make_room(goes_on=job.goes_on, reads=job.typed)
                self._reply.resume()
        return True

    def bridge(self) -> None:
        """The caller waits for their own words to be told: a filler, if one is due and nothing else to be said."""
        due = self._stage.clock.monotonic_s() >= self._stage.dead_air.filler_due_s
        if due and not self._jobs and self._reply is None:
            self.add(Bridge())

    def hold(self) -> None:
        """Stop the audio, or do not start it, until `resume`."""
        self._hold = True
        if self._reply is not None:
            self._reply.hold()

    def resume(self) -> None:
        self._hold = False
        if self._reply is not None:
            self._reply.resume()

    def release(self) -> None:
        """The caller's turn was committed: what comes next is not held by it."""
        self._hold = False

    def expectation(self) -> Expectation:
        """What the last committed turn asked for."""
        expected = attempt_now(self._dialogue.expectation, part="dialogue")
        return Expectation() if isinstance(expected, Failure) else expected

    def caller_speaks(self) -> None:
        """The caller has begun to speak, or goes on."""
        self._over_agent = self._over_agent or (self._answering is not None and self._answering.may_be_heard())

    def caller_stopped(self) -> None:
        """The caller speaks no more, for now at least."""
        self._stage.dead_air.caller_stopped(self._stage.clock.monotonic_s())

    def caller_was_heard(self) -> None:
        """What the caller said was committed or discarded."""
        self._over_agent = False

    def is_turn(self, text: str, confidence: float) -> bool:
        """Whether `text` asks for an answer: any words do, unless they were said while the agent spoke."""
        if not text or self._reply is None or not self._over_agent:
            return bool(text)
        script = self._reply.script
        return stops_agent(
            text,
            confidence=confidence,
            expectation=self.expectation(),
            being_said=script.being_said,
            last_sentence=script.last_begun,
        )

    def turn_of(self, text: str, confidence: float) -> CallerTurn:
        """The caller's next turn, if `text` is all of it and it came now."""
        unheard = self._unheard_now(goes_on=False, reads=False)
        return CallerTurn(self.next_turn, text, "voice", confidence, unheard=unheard)

    def _unheard_now(self, *, goes_on: bool, reads: bool) -> Unheard:
        reply = self._reply
        if reply is None or not reply.answers:
            return self._unheard
        return reply.unheard or reply.unheard_by(goes_on=goes_on, reads=reads)

    def leg_closed(self, reason: str) -> None:
        """The caller is gone: stop speaking, let committed effects finish, keep what they have said besides, end."""
        self._gone = reason
        self._jobs = deque(job for job in self._jobs if isinstance(job, Answer))
        self._jobs.append(Finish(reason))
        self._arrived.set()
        if self._reply is not None:
            self._reply.abandon(effects_under_way=self._committing)

    async def next(self) -> None:
        """Wait for a job, and do it.

        Raises:
            CallOver: the call is at its end.
        """
        while not self._jobs:
            self._arrived.clear()
            await self._arrived.wait()
        job = self._jobs.popleft()
        match job:
            case Greet():
                counts = self._next_turn == 1
                self._unheard = await self._speak(self._next_turn - 1, self._greeting_parts(), counts=counts)
            case Answer():
                await self._answer(job)
            case AskSilent(count=count):
                await self._speak(self._next_turn - 1, self._silence_parts(count), counts=False)
            case Bridge():
                await self._bridge()
            case Excuse(text=text):
                await self._speak(self._next_turn - 1, _parts((Say(text),)), counts=False)
            case Finish(reason=reason, farewell=farewell):
                if farewell and not self._gone:
                    self._finishing = True
                    say = Say(farewell, interruptible=False)
                    await self._speak(self._next_turn - 1, _parts((say, HangUp(reason))), counts=False)
                await self._end(self._gone or reason)

    async def _answer(self, job: Answer) -> None:
        turn, self._next_turn = self._next_turn, self._next_turn + 1
        continues = job.goes_on and self._unheard_turn == turn - 1
        caller = CallerTurn(turn, job.text, "voice", job.confidence, continues, self._unheard)
        self._note(
            TurnCommitted(
                turn,
                job.committed_s,
                job.speech_end_s,
                job.stt_ms,
                job.stt_provider,
                self._speculation.count_dropped(),
            )
        )
        _log.info(TURN_COMMITTED, turn=turn)
        self._stage.feed.post(TranscriptHeard(turn, job.text, final=True))
        if self._gone:
            self._dialogue.left_unanswered(caller)
            return
        reply = Reply(
            turn,
            self._stage,
            on_sound=self._note,
            held=self._hold,
            next_filler=self._next_filler,
            asked_s=job.committed_s,
        )
        try:
            await self._perform(reply, self._turn_parts(reply, caller), counts=True)
        finally:
            if not self._committing:
                self._dialogue.left_unanswered(caller)
        self._unheard = reply.unheard

    async def _bridge(self) -> None:
        if self._jobs:
            return
        reply = Reply(max(0, self._next_turn - 1), self._stage, on_sound=self._note, held=self._hold)
        filler = self._next_filler()
        self._stage.dead_air.agent_heard(self._stage.clock.monotonic_s())
        if filler:
            reply.script.bridge(filler)
        self._bridging = True
        try:
            await self._perform(reply, _parts(()), counts=False)
        finally:
            self._bridging = False

    async def _speak(self, turn: int, parts: AsyncIterator[ReplyPart], *, counts: bool) -> Unheard:
        reply = Reply(max(0, turn), self._stage, on_sound=self._note, held=self._hold, next_filler=self._next_filler)
        await self._perform(reply, parts, counts=counts)
        return reply.unheard

    async def _perform(self, reply: Reply, parts: AsyncIterator[ReplyPart], *, counts: bool) -> None:
        self._reply = reply
        self._committing = False
        for job in self._jobs:
            if isinstance(job, Answer) and not self._finishing:
                reply.make_room(goes_on=job.goes_on, reads=job.typed)
                break
        try:
            spoken = await reply.speak(parts)
        finally:
            self._reply = None
            if not self._jobs:
                self._hold = False
                self._on_idle()
        if spoken.interrupted:
            _log.info(BARGE_IN, turn=reply.turn)
            if counts and len(spoken.text.split()) <= UNHEARD_WORDS:
                self._unheard_turn = reply.turn
        if counts:
            self._note(ReplyEnded(reply.turn, spoken.interrupted))
            self._storing = self._spawn(self._store_heard(self._storing, reply.turn, spoken))
        await self._stage.feed.flush()
        match spoken.ending:
            case HangUp(reason=reason):
                await self._end(reason)
            case Transfer(target=target, reason=reason):
                self._stage.feed.post(ActionDone("call.transfer", {"target": target, "reason": reason}))
                await self._end("transfer")

    async def _store_heard(self, before: "asyncio.Task[None] | None", turn: int, spoken: Spoken) -> None:
        """Beside the call, and in order: nobody waits for an answer while words are being stored."""
        if before is not None:
            await asyncio.wait((before,))
        heard = self._dialogue.heard(turn, spoken.text, interrupted=spoken.interrupted)
        self._report(await attempt(heard, part="dialogue", timeout_s=self._config.dialogue_timeout_s))

    async def _end(self, reason: str) -> NoReturn:
        if self._storing is not None:
            await asyncio.wait((self._storing,), timeout=self._config.effects_grace_s)
        raise CallOver(reason)

    async def _turn_parts(self, reply: Reply, caller: CallerTurn) -> AsyncIterator[ReplyPart]:
        thought = self._speculation.take(caller) or self._speculation.think(caller)
        prepared = await thought.result()
        if isinstance(prepared, Failure):
            self._report(prepared)
            yield Say(self._config.phrases.apology)
            return
        self._note(TurnPrepared(caller.turn, prepared))
        told = self._tell_switches(prepared, 0)
        reply.open_with(thought.opening)
        reply.script.acted = prepared.acts
        self._committing = True
        parts = self._dialogue.commit(prepared)
        try:
            async for part in parts:
                yield part
        finally:
            await close_iterator(parts)
            self._tell_switches(prepared, told)
        self._prepare_next()

    def _prepare_next(self) -> None:
        """A turn that waits is prepared while this one's outcome is told; not what may be one with this one."""
        waits = self._jobs[0] if self._jobs else None
        if isinstance(waits, Answer) and not waits.goes_on and not self._gone:
            unheard = self._unheard_now(goes_on=False, reads=waits.typed)
            self._speculation.begin(CallerTurn(self._next_turn, waits.text, "voice", waits.confidence, unheard=unheard))

    def _tell_switches(self, prepared: PreparedTurn, told: int) -> int:
        """Tell of the switches after the first `told`; how many have been told of then."""
        for switch in prepared.switches[told:]:
            self._stage.feed.post(ProviderSwitched("llm", switch.before, switch.after, switch.code))
        return len(prepared.switches)

    async def _greeting_parts(self) -> AsyncIterator[ReplyPart]:
        for part in await self._given(self._dialogue.open(), self._config.phrases.greeting):
            yield part

    async def _silence_parts(self, count: int) -> AsyncIterator[ReplyPart]:
        parts = await self._given(self._dialogue.on_silence(count), self._config.phrases.silence)
        for part in parts:
            yield part
        if count > self._config.silence_prompts and not any(isinstance(part, HangUp | Transfer) for part in parts):
            yield HangUp("silence")

    async def _given(self, work: Awaitable[Sequence[ReplyPart]], otherwise: str) -> Sequence[ReplyPart]:
        result = await attempt(work, part="dialogue", timeout_s=self._config.dialogue_timeout_s)
        if isinstance(result, Failure):
            self._report(result)
            return (Say(otherwise),)
        return result

    def _report(self, result: object) -> None:
        if isinstance(result, Failure):
            self._stage.feed.post(result.fault)

    def _note(self, stage: LatencyStage) -> None:
        told = self._latency.on_stage(stage)
        if told is not None:
            self._stage.feed.post(told)

    def _next_filler(self) -> str:
        fillers = self._config.phrases.fillers
        if not fillers:
            return ""
        self._filler = (self._filler + 1) % len(fillers)
        return fillers[self._filler]


async def _parts(items: Iterable[ReplyPart]) -> AsyncIterator[ReplyPart]:
    for item in items:
        yield item
