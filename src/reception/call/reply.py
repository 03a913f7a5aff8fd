"""Speaking one reply: sentences synthesised one ahead of another, sent ahead of the play head, stopped at once."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np

from reception.call.config import CallConfig
from reception.call.faults import Failure, attempt, close_iterator
from reception.call.feed import EventFeed
from reception.call.latency import FirstAudioSent
from reception.call.playout import Playout, words_played
from reception.call.synthesis import Synthesis, VoiceOfCall
from reception.core.clock import Clock
from reception.ports.audio import Pcm16
from reception.ports.dialogue import Act, HangUp, ReplyPart, Say, Transfer
from reception.ports.events import ActionDone, ReplySaid
from reception.ports.leg import CallLeg

_UNKNOWN_SPEECH_S = 0.06
"""Seconds a character of a sentence is taken to last while its synthesis is not finished."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where replies of a call are spoken."""

    leg: CallLeg
    feed: EventFeed
    voice: VoiceOfCall
    playout: Playout
    config: CallConfig
    clock: Clock


@dataclass(frozen=True, slots=True)
class Spoken:
    """How a reply went: `text` is what was heard of it; `ending` what is to be done now, unless interrupted."""

    text: str
    interrupted: bool
    ending: HangUp | Transfer | None
    first_audio: FirstAudioSent | None


@dataclass(slots=True)
class _Sentence:
    """`start` is its place in the reply's audio once anything of it was sent, `sent` the samples sent of it."""

    say: Say
    filler: bool = False
    synthesis: Synthesis | None = None
    start: int | None = None
    sent: int = 0
    finished: bool = False
    announced: bool = False

    def samples(self, rate_hz: int) -> int:
        synthesis = self.synthesis
        if synthesis is not None and synthesis.done:
            return synthesis.length
        known = synthesis.length if synthesis is not None else 0
        return max(known, int(len(self.say.text) * _UNKNOWN_SPEECH_S * rate_hz))


class Reply:
    """One reply. `hold`, `resume` and `interrupt` may be called at any time and take effect at once, except that
    a sentence which must not be interrupted plays to its end first."""

    def __init__(
        self,
        turn: int,
        stage: Stage,
        *,
        held: bool = False,
        filler: str = "",
        filler_at_s: float = math.inf,
    ) -> None:
        self.turn = turn
        self.read_out = False
        self._stage = stage
        self._config = stage.config
        self._rate_hz = stage.voice.rate_hz
        self._held = held
        self._filler = filler
        self._filler_at_s = filler_at_s
        self._opening: Synthesis | None = None
        self._sentences: list[_Sentence] = []
        self._next = 0
        self._ending: HangUp | Transfer | None = None
        self._first_audio: FirstAudioSent | None = None
        self._interrupted = False
        self._abandoned = False
        self._effects_done = False
        self._wake = asyncio.Event()

    @property
    def being_said(self) -> str:
        """The sentences begun so far."""
        return " ".join(sentence.say.text for sentence in self._sentences if sentence.announced)

    @property
    def last_sentence_begun(self) -> bool:
        return self.read_out and all(sentence.announced for sentence in self._sentences)

    def open_with(self, opening: Synthesis | None) -> None:
        """Audio of the likely first sentence, already under way."""
        self._opening = opening

    def hold(self) -> None:
        """Stop the audio, ready to go on."""
        self._held = True
        self._wake.set()

    def resume(self) -> None:
        """Go on where the audio stopped."""
        self._held = False
        self._wake.set()

    def interrupt(self) -> None:
        """End the reply here."""
        self._interrupted = True
        self._wake.set()

    def abandon(self, *, effects_under_way: bool) -> None:
        """Nobody is listening any more: end the reply without another word to the leg, once effects under way
        have been given time to finish."""
        self._effects_done = self._effects_done or not effects_under_way
        self._interrupted = self._abandoned = True
        self._wake.set()

    def wake(self) -> None:
        """Something that the reply may wait for has happened: a mark has come back."""
        self._wake.set()

    async def speak(self, parts: AsyncIterator[ReplyPart]) -> Spoken:
        """Speak `parts` until they have been played, or the caller interrupts. Effects behind `parts` finish."""
        self._stage.playout.begin()
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(self._read(parts))
            await self._play()
            heard = self._heard_text()
            if self._interrupted:
                await self._stop_audio()
                await self._stop_reading(reading)
        for sentence in self._sentences:
            if sentence.synthesis is not None and not sentence.synthesis.done:
                sentence.synthesis.cancel()
        if self._opening is not None:
            self._opening.cancel()
        cut = self._interrupted and heard != self._whole_text()
        return Spoken(heard, cut, None if self._interrupted else self._ending, self._first_audio)

    async def _read(self, parts: AsyncIterator[ReplyPart]) -> None:
        result = await attempt(self._take(parts), part="dialogue")
        if isinstance(result, Failure):
            self._stage.feed.post(result.fault)
            if not self._sentences and not self._interrupted:
                self._add(Say(self._config.phrases.apology))
        self.read_out = True
        self._wake.set()

    async def _take(self, parts: AsyncIterator[ReplyPart]) -> None:
        try:
            while not self._interrupted:
                async with asyncio.timeout(self._config.dialogue_timeout_s):
                    part = await anext(parts, None)
                self._effects_done = True
                match part:
                    case None:
                        return
                    case Say():
                        self._add(part)
                    case Act(name=name, data=data):
                        self._stage.feed.post(ActionDone(name, data))
                    case HangUp() | Transfer():
                        self._ending = part
        finally:
            await close_iterator(parts)

    async def _stop_reading(self, reading: "asyncio.Task[None]") -> None:
        if not self._effects_done:
            await asyncio.wait((reading,), timeout=self._config.effects_grace_s)
        reading.cancel()

    def _add(self, say: Say) -> None:
        self._sentences.append(_Sentence(say))
        self._synthesise_ahead()
        self._wake.set()

    def _synthesise_ahead(self) -> None:
        """One synthesis at a time, no more than `sentences_ahead` beyond the one being sent."""
        for sentence in self._sentences[: self._next + 1 + self._config.sentences_ahead]:
            if sentence.synthesis is None:
                sentence.synthesis = self._synthesis_of(sentence.say.text)
                sentence.synthesis.on_change = self._on_audio
            if not sentence.synthesis.done:
                return

    def _synthesis_of(self, text: str) -> Synthesis:
        opening, self._opening = self._opening, None
        if opening is None:
            return self._stage.voice.speak(text)
        if opening.text == text:
            return opening
        opening.cancel()
        return self._stage.voice.speak(text)

    def _on_audio(self) -> None:
        self._synthesise_ahead()
        self._wake.set()

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

    def _sounding(self, now_s: float) -> _Sentence | None:
        """The sentence under the play head."""
        position = self._stage.playout.position(now_s)
        for sentence in self._sentences:
            if sentence.start is None:
                return None
            if position < sentence.start + sentence.sent or not sentence.finished:
                return sentence
        return None

    def _protected_s(self, now_s: float) -> float:
        """How long the sentence under the play head must go on playing."""
        sentence = self._sounding(now_s)
        if sentence is None or sentence.say.interruptible or sentence.start is None:
            return 0.0
        end = sentence.start + sentence.samples(self._rate_hz)
        left_s = (end - self._stage.playout.position(now_s)) / self._rate_hz
        return left_s if sentence.finished else max(left_s, 0.02)

    async def _step(self, now_s: float) -> float | None:
        """Send what is due; seconds until more is, 0 for at once, None when all has been played."""
        if self._next >= len(self._sentences):
            return self._left_s(now_s) if self.read_out else self._dead_air_s(now_s)
        sentence = self._sentences[self._next]
        if (self._held or self._interrupted) and sentence.start is None:
            return math.inf
        if not sentence.announced:
            await self._announce(sentence)
        synthesis, config, playout = sentence.synthesis, self._config, self._stage.playout
        if synthesis is None:
            self._synthesise_ahead()
            return math.inf
        lead_s = playout.lead_s(now_s)
        most_s = config.filler_lead_ms / 1000 if sentence.filler else config.max_lead_ms / 1000
        cut = sentence.filler and self._real_audio_waits()
        if not cut and lead_s + config.piece_ms / 1000 > most_s + 1e-6:
            return lead_s - (config.refill_lead_ms / 1000 if not sentence.filler else most_s - config.piece_ms / 1000)
        piece = synthesis.read(sentence.sent, config.piece_ms * self._rate_hz // 1000)
        if not len(piece):
            if not synthesis.done:
                return self._dead_air_s(now_s)
            await self._finish(sentence)
            return 0.0
        least = config.least_piece_ms * self._rate_hz // 1000
        if len(piece) < least and not synthesis.done and lead_s > 2 * config.least_piece_ms / 1000:
            return lead_s - config.least_piece_ms / 1000
        await self._send(sentence, piece)
        return 0.0

    async def _announce(self, sentence: _Sentence) -> None:
        sentence.announced = True
        if not sentence.filler:
            self._stage.feed.post(ReplySaid(self.turn, sentence.say.text, sentence.say.citations))
        await self._stage.feed.flush()

    async def _send(self, sentence: _Sentence, piece: Pcm16) -> None:
        synthesis, stage = sentence.synthesis, self._stage
        if sentence.filler and self._real_audio_waits():
            fade = self._config.filler_fade_ms * self._rate_hz // 1000
            piece = (piece[:fade] * np.linspace(1.0, 0.0, len(piece[:fade]))).astype(np.int16)
            sentence.finished = True
            self._next += 1
        now_s = stage.clock.monotonic_s()
        if sentence.start is None:
            sentence.start = stage.playout.sent
        sentence.sent += len(piece)
        stage.playout.send(len(piece), now_s)
        if not sentence.filler and self._first_audio is None and synthesis is not None:
            self._first_audio = FirstAudioSent(self.turn, now_s, synthesis.first_audio_ms, synthesis.provider)
        await stage.leg.send_audio(piece, self.turn)

    async def _finish(self, sentence: _Sentence) -> None:
        playout = self._stage.playout
        if sentence.start is None:
            sentence.start = playout.sent
        if sentence.synthesis is not None and sentence.synthesis.failure is not None:
            self._stage.feed.post(sentence.synthesis.failure)
        sentence.finished = True
        self._next += 1
        self._synthesise_ahead()
        self._release_played()
        if not sentence.filler:
            await self._stage.leg.send_mark(playout.mark(self.turn))

    def _release_played(self) -> None:
        position = self._stage.playout.position(self._stage.clock.monotonic_s())
        for sentence in self._sentences[: self._next]:
            if sentence.start is not None and sentence.synthesis and sentence.start + sentence.sent <= position:
                sentence.synthesis.release()

    def _real_audio_waits(self) -> bool:
        following = self._sentences[self._next + 1 :]
        return bool(following and following[0].synthesis and following[0].synthesis.length)

    def _dead_air_s(self, now_s: float) -> float:
        """Nothing to send yet: a filler when it has been too long."""
        if self._first_audio is not None or not self._filler or self._interrupted:
            return math.inf
        if now_s < self._filler_at_s:
            return self._filler_at_s - now_s
        filler = _Sentence(Say(self._filler), filler=True, synthesis=self._stage.voice.speak(self._filler))
        if filler.synthesis is not None:
            filler.synthesis.on_change = self._on_audio
        self._sentences.insert(self._next, filler)
        self._filler = ""
        return 0.0

    def _left_s(self, now_s: float) -> float | None:
        """Seconds until everything sent has been played; None when it has."""
        playout = self._stage.playout
        left_s = playout.lead_s(now_s)
        if left_s > 0:
            return left_s
        waits_for_mark = playout.marks_open and (playout.echoes_marks or self._ending is not None)
        if not waits_for_mark:
            return None
        left_s = self._config.mark_grace_ms / 1000 - playout.idle_s(now_s)
        return left_s if left_s > 0 else None

    async def _stop_audio(self) -> None:
        """Drop what has not been played, and put the sentences back to where the play head is."""
        stage = self._stage
        if self._abandoned or stage.playout.lead_s(stage.clock.monotonic_s()) <= 0:
            return
        position = stage.playout.stop(stage.clock.monotonic_s())
        for index, sentence in enumerate(self._sentences):
            if sentence.start is None or sentence.start + sentence.sent <= position:
                continue
            sentence.sent = max(0, position - sentence.start)
            sentence.finished = sentence.filler
            if not sentence.sent:
                sentence.start = None
            if not sentence.filler:
                self._next = min(self._next, index)
        await stage.leg.clear()

    def _whole_text(self) -> str:
        return " ".join(sentence.say.text for sentence in self._sentences if not sentence.filler)

    def _heard_text(self) -> str:
        playout = self._stage.playout
        position = playout.position(self._stage.clock.monotonic_s())
        heard: list[str] = []
        for sentence in self._sentences:
            if sentence.filler:
                continue
            if sentence.start is None:
                break
            length = sentence.samples(self._rate_hz)
            played = position - sentence.start
            if sentence.finished and played >= length:
                heard.append(sentence.say.text)
                continue
            words = words_played(sentence.say.text, played / length if length else 0.0)
            if words:
                heard.append(words)
            break
        return " ".join(heard)
