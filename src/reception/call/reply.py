"""Speaking one reply: sent ahead of the play head, stopped at once, taken up again where it stopped."""

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import numpy as np

from reception.call.config import CallConfig
from reception.call.dead_air import DeadAir
from reception.call.echo import OwnVoice
from reception.call.feed import EventFeed
from reception.call.latency import FirstAudioSent
from reception.call.playout import Playout
from reception.call.script import Script, Sentence
from reception.call.synthesis import Synthesis, VoiceOfCall
from reception.core.clock import Clock
from reception.ports.audio import Pcm16
from reception.ports.dialogue import HangUp, ReplyPart, Transfer, Unheard
from reception.ports.events import ReplySaid
from reception.ports.leg import CallLeg

UNHEARD_WORDS = 2
"""Of a reply that stopped after so few, nothing was understood."""
_UNFINISHED_S = 0.02
_LEAST_WAIT_S = 1e-3


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the replies of a call are spoken."""

    leg: CallLeg
    feed: EventFeed
    voice: VoiceOfCall
    playout: Playout
    own_voice: OwnVoice
    dead_air: DeadAir
    config: CallConfig
    clock: Clock


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a reply went: `text` is what was heard of it, and `interrupted` says that it is not all;
    `ending` is what is to be done now, None when the caller spoke over it."""

    text: str
    interrupted: bool
    ending: HangUp | Transfer | None


@dataclass(frozen=True, slots=True)
class _NextTurn:
    """See `Reply.make_room`."""

    goes_on: bool
    reads: bool


class Reply:
    """One reply. `hold`, `resume`, `make_room` and `abandon` may be called at any time and take effect at once, except
    that a sentence which must not be interrupted plays to its end first, and is played where its turn has come already.

    `asked_s` is when the turn that it answers was committed, infinity where there is none. `unheard` is what the caller
    whose turn ended it had not heard of it.
    """

    def __init__(
        self,
        turn: int,
        stage: Stage,
        *,
        on_sound: Callable[[FirstAudioSent], None],
        held: bool = False,
        next_filler: Callable[[], str] = str,
        asked_s: float = math.inf,
    ) -> None:
        self.turn = turn
        self._stage = stage
        self._config = stage.config
        self._rate_hz = stage.voice.rate_hz
        self._on_sound = on_sound
        self._held = held
        self._next_filler = next_filler
        self._asked_s = asked_s
        self._next_turn: _NextTurn | None = None
        self._made_room = False
        self.unheard: Unheard = ""
        self._first_audio: FirstAudioSent | None = None
        self._interrupted = False
        self._abandoned = False
        self._effects_under_way = True
        self._wake = asyncio.Event()
        self.script = Script(stage.feed, stage.voice, stage.config, self.wake)

    def open_with(self, opening: Synthesis | None) -> None:
        """Audio of the likely first sentence, already under way."""
        self.script.open_with(opening)

    def hold(self) -> None:
        """Stop the audio, ready to go on."""
        self._held = True
        self.wake()

    def resume(self) -> None:
        """Go on where the audio stopped."""
        self._held = False
        self.wake()

    def make_room(self, *, goes_on: bool, reads: bool) -> None:
        """The caller's next turn waits: end as soon as what this one does has been done, and tell what came of it where
        the caller has not been told yet.

        Args:
            goes_on: the next turn goes on with this one, of which nothing was heard.
            reads: the caller sees what is announced.
        """
        self._next_turn = _NextTurn(goes_on, reads)
        self.wake()

    def abandon(self, *, effects_under_way: bool) -> None:
        """Nobody is listening any more: end the reply without another word to the leg, once effects under way
        have been given time to finish."""
        self._effects_under_way = effects_under_way
        self._interrupted = self._abandoned = True
        self.wake()

    @property
    def answers(self) -> bool:
        """It is the reply to a turn."""
        return self._asked_s < math.inf

    def unheard_by(self, *, goes_on: bool, reads: bool) -> Unheard:
        """What the caller whose next turn has come now has not heard of it; arguments as of `make_room`. What was done
        is told all the same, and so is what comes after a wait that the caller has spoken into; what goes on with a
        turn that did nothing is answered together with it."""
        script, now_s = self.script, self._stage.clock.monotonic_s()
        said = script.announced if reads else script.heard(self._stage.playout.position(now_s), self._rate_hz)
        if len(said.split()) > UNHEARD_WORDS:
            return ""
        waited = not said and now_s - self._asked_s >= self._config.filler_after_ms / 1000
        return "question" if script.acted or (waited and not goes_on) else "all"

    def may_be_heard(self) -> bool:
        """Some of it is still to be played, or to be said."""
        playout = self._stage.playout
        return not self.script.read_out or playout.lead_s(self._stage.clock.monotonic_s()) > 0 or self._held

    def wake(self) -> None:
        """Something that the reply may wait for has happened."""
        self._wake.set()

    async def speak(self, parts: AsyncIterator[ReplyPart]) -> Spoken:
        """Speak `parts` until they have been played, or the caller interrupts. Effects behind `parts` finish."""
        script, playout = self.script, self._stage.playout
        playout.begin()
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(script.read(parts))
            await self._play()
            heard = script.heard(playout.position(self._stage.clock.monotonic_s()), self._rate_hz)
            cut = script.shortened or (self._interrupted and heard != script.whole())
            if self._interrupted:
                await self._stop_audio()
                await script.stop(reading, effects_under_way=self._effects_under_way)
        script.close()
        ends = not self._interrupted and not (self._made_room and isinstance(script.ending, HangUp))
        return Spoken(heard, cut, script.ending if ends else None)

    async def _wait(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(None if timeout_s == math.inf else timeout_s):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _play(self) -> None:
        while not self._abandoned:
            now_s = self._stage.clock.monotonic_s()
            if self._next_turn is not None and self.script.begun:
                self._end_for(self._next_turn)
            stopping = self._held or self._interrupted
            protected_s = self._protected_s(now_s) if stopping else 0.0
            if stopping and protected_s <= 0:
                if self._interrupted:
                    return
                await self._stop_audio()
                await self._wait(math.inf)
                continue
            wait_s = await self._step(now_s)
            if wait_s is None:
                return
            if stopping:
                wait_s = min(wait_s, protected_s)
            if wait_s > 0:
                await self._wait(wait_s)

    def _end_for(self, turn: _NextTurn) -> None:
        """End here, or once what came of it has been told. A filler alone is heard out: no word is cut in two."""
        self._next_turn = None
        if self.script.only_bridges and self._stage.playout.lead_s(self._stage.clock.monotonic_s()) > 0:
            return
        unheard = self.unheard_by(goes_on=turn.goes_on, reads=turn.reads)
        self.unheard = self.unheard or unheard
        if unheard == "question":
            self._made_room = True
            self.script.keep_statements()
        else:
            self._interrupted = True

    def _protected_s(self, now_s: float) -> float:
        """How long the sentence under the play head must go on playing."""
        position = self._stage.playout.position(now_s)
        for sentence in self.script.sentences:
            if sentence.start is None:
                return math.inf if self._interrupted and not sentence.say.interruptible else 0.0
            if position < sentence.start + sentence.sent or not sentence.finished:
                break
        else:
            return 0.0
        if sentence.say.interruptible:
            return 0.0
        left_s = (sentence.start + sentence.samples(self._rate_hz) - position) / self._rate_hz
        return left_s if sentence.finished else max(left_s, _UNFINISHED_S)

    async def _step(self, now_s: float) -> float | None:
        """Do what is due; seconds until more is, 0 for at once, None when all has been played."""
        script = self.script
        if script.next >= len(script.sentences):
            if not script.read_out:
                return self._dead_air_s(now_s)
            return 0.0 if script.make_up() else self._left_s(now_s)
        sentence = script.sentences[script.next]
        if sentence.start is None and (self._held or (self._interrupted and sentence.say.interruptible)):
            return math.inf
        if not sentence.announced:
            await self._announce(sentence)
        if sentence.synthesis is None:
            script.synthesise_ahead()
            return 0.0 if sentence.synthesis else math.inf
        return await self._send_due(sentence, sentence.synthesis, now_s)

    async def _send_due(self, sentence: Sentence, synthesis: Synthesis, now_s: float) -> float:
        config = self._config
        lead_s = self._stage.playout.lead_s(now_s)
        piece_s, least_s = config.piece_ms / 1000, config.least_piece_ms / 1000
        cut = sentence.filler and self.script.audio_waits()
        if cut and not sentence.sent:
            sentence.start, sentence.finished = self._stage.playout.sent, True
            self.script.advance()
            return 0.0
        if sentence.filler and not cut and lead_s + piece_s > config.filler_lead_ms / 1000:
            return lead_s - config.filler_lead_ms / 1000 + piece_s + 1e-3
        if lead_s + piece_s > config.max_lead_ms / 1000:
            return lead_s - config.refill_lead_ms / 1000
        piece = synthesis.read(sentence.sent, config.piece_ms * self._rate_hz // 1000)
        if not len(piece):
            if not synthesis.done:
                return math.inf if sentence.filler or sentence.sent else self._dead_air_s(now_s)
            await self._finish(sentence)
        elif not synthesis.done and len(piece) < least_s * self._rate_hz and lead_s > 2 * least_s:
            return lead_s - least_s
        elif cut:
            fade = piece[: config.filler_fade_ms * self._rate_hz // 1000]
            await self._send(sentence, (fade * np.linspace(1.0, 0.0, len(fade))).astype(np.int16), synthesis)
            sentence.finished = True
            self.script.advance()
        else:
            await self._send(sentence, piece, synthesis)
        return 0.0

    async def _announce(self, sentence: Sentence) -> None:
        sentence.announced = True
        if not sentence.filler or sentence.say.meanwhile:
            self._stage.feed.post(ReplySaid(self.turn, sentence.say.text, sentence.say.citations))
        await self._stage.feed.flush()

    async def _send(self, sentence: Sentence, piece: Pcm16, synthesis: Synthesis) -> None:
        stage = self._stage
        now_s = stage.clock.monotonic_s()
        if sentence.start is None:
            sentence.start = stage.playout.sent
        sentence.sent += len(piece)
        stage.own_voice.sent(piece, now_s + stage.playout.lead_s(now_s))
        stage.playout.send(len(piece), now_s)
        stage.dead_air.agent_heard(now_s + stage.playout.lead_s(now_s))
        if not sentence.filler and self._first_audio is None:
            self._first_audio = FirstAudioSent(self.turn, now_s, synthesis.first_audio_ms, synthesis.provider)
            self._on_sound(self._first_audio)
        await stage.leg.send_audio(piece, self.turn)

    async def _finish(self, sentence: Sentence) -> None:
        stage = self._stage
        if sentence.start is None:
            sentence.start = stage.playout.sent
        if sentence.synthesis is not None and sentence.synthesis.failure is not None:
            stage.feed.post(sentence.synthesis.failure)
        sentence.finished = True
        self.script.advance()
        self.script.release(stage.playout.position(stage.clock.monotonic_s()))
        if not sentence.filler:
            await stage.leg.send_mark(stage.playout.mark(self.turn))

    def _dead_air_s(self, now_s: float) -> float:
        """Nothing to send yet: a filler when it has been too long for a caller who waits for an answer."""
        if self._interrupted or (self._asked_s == math.inf and self._next_turn is None):
            return math.inf
        dead_air = self._stage.dead_air
        if now_s < dead_air.filler_due_s:
            return dead_air.filler_due_s - now_s
        filler = self._next_filler()
        if not filler:
            return math.inf
        dead_air.agent_heard(now_s)
        self.script.bridge(filler)
        return 0.0

    def _left_s(self, now_s: float) -> float | None:
        """Seconds until everything sent has been played; None when it has. A far end that echoes marks is given
        some time to say so itself."""
        playout = self._stage.playout
        left_s = playout.lead_s(now_s)
        if left_s > 0:
            return left_s
        if not playout.marks_open or not (playout.echoes_marks or self.script.ending is not None):
            return None
        left_s = self._config.mark_grace_ms / 1000 - playout.idle_s(now_s)
        return left_s if left_s > _LEAST_WAIT_S else None

    async def _stop_audio(self) -> None:
        """Drop what has not been played, and put the script back to where the play head is."""
        stage = self._stage
        now_s = stage.clock.monotonic_s()
        if self._abandoned or stage.playout.lead_s(now_s) <= 0:
            return
        self.script.rewind(stage.playout.stop(now_s))
        stage.own_voice.stopped(now_s)
        stage.dead_air.agent_heard(now_s)
        await stage.leg.clear()
