"""What one reply is to say, as the dialogue decides it and the voice makes audio of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from reception.call.config import CallConfig
from reception.call.faults import Failure, attempt, close_iterator
from reception.call.feed import EventFeed
from reception.call.synthesis import SPEECH_S_PER_CHARACTER, Synthesis, VoiceOfCall
from reception.ports.dialogue import Act, HangUp, ReplyPart, Say, Transfer
from reception.ports.events import ActionDone


@dataclass(slots=True)
class Sentence:
    """`start` is its place in the reply's audio once anything of it was sent, `sent` the samples sent of it. `again`
    says that its synthesis has been tried a second time. A `filler` is no part of what is told."""

    say: Say
    filler: bool = False
    synthesis: Synthesis | None = None
    start: int | None = None
    sent: int = 0
    finished: bool = False
    announced: bool = False
    again: bool = False

    @property
    def unsaid(self) -> bool:
        """There is no audio of it, and none will come."""
        return self.finished and self.synthesis is not None and self.synthesis.soundless

    def samples(self, rate_hz: int) -> int:
        """Its length, estimated until its synthesis is done."""
        if self.synthesis is not None:
            return self.synthesis.expected_length
        return int(len(self.say.text) * SPEECH_S_PER_CHARACTER * rate_hz)


class Script:
    """The sentences of a reply in order. `on_change` is called when there is more to say, or more audio.

    The dialogue is read as fast as it decides; one sentence at a time is synthesised, at most `sentences_ahead`
    beyond `next`, the one being sent. No sentence waits for a filler. Once it has `begun`, what the turn does has been
    done; `acted` says that something was, or was refused. `shortened`: a question of it is left out.
    """

    def __init__(self, feed: EventFeed, voice: VoiceOfCall, config: CallConfig, on_change: Callable[[], None]) -> None:
        self.sentences: list[Sentence] = []
        self.next = 0
        self.ending: HangUp | Transfer | None = None
        self.read_out = False
        self.begun = False
        self.acted = False
        self.shortened = False
        self._statements_only = False
        self._stopped = False
        self._opening: Synthesis | None = None
        self._feed = feed
        self._voice = voice
        self._config = config
        self._on_change = on_change

    @property
    def being_said(self) -> str:
        """The sentences begun so far."""
        return " ".join(sentence.say.text for sentence in self.sentences if sentence.announced)

    @property
    def announced(self) -> str:
        """The same without fillers."""
        return " ".join(one.say.text for one in self.sentences if one.announced and not one.filler)

    @property
    def only_bridges(self) -> bool:
        """There is nothing in it but fillers, and nothing else will come."""
        return self.read_out and self.ending is None and all(sentence.filler for sentence in self.sentences)

    @property
    def last_begun(self) -> bool:
        """Its last sentence has begun."""
        return self.read_out and all(sentence.announced for sentence in self.sentences)

    def open_with(self, opening: Synthesis | None) -> None:
        """Audio of the likely first sentence, already under way."""
        self._opening = opening

    async def read(self, parts: AsyncIterator[ReplyPart]) -> None:
        """Take `parts` to their end, or to the first one after `stop`: what they cause has happened by then."""
        result = await attempt(self._take(parts), part="dialogue")
        if isinstance(result, Failure):
            self._feed.post(result.fault)
            if not self._stopped and all(sentence.filler for sentence in self.sentences):
                self._add(Say(self._config.phrases.apology))
        self.begun = self.read_out = True
        self._on_change()

    async def stop(self, reading: "asyncio.Task[None]", *, effects_under_way: bool = True) -> None:
        """No more is wanted. Effects that may be under way are given time to finish."""
        self._stopped = True
        if not self.begun and effects_under_way:
            await asyncio.wait((reading,), timeout=self._config.effects_grace_s)
        reading.cancel()

    def keep_statements(self) -> None:
        """Leave out what asks for something: the next reply will ask."""
        self._statements_only = True
        for index in reversed(range(self.next, len(self.sentences))):
            sentence = self.sentences[index]
            if sentence.start is None and self._asks(sentence.say):
                del self.sentences[index]
                self.shortened = True
                if sentence.synthesis is not None:
                    sentence.synthesis.cancel()
        self.synthesise_ahead()

    def _asks(self, say: Say) -> bool:
        return say.text.rstrip().endswith("?") and say.text != self._config.phrases.apology

    def bridge(self, text: str) -> None:
        """Put a filler before what is to be said next."""
        synthesis = self._voice.speak(text)
        synthesis.on_change = self._on_change
        self.sentences.insert(self.next, Sentence(Say(text), filler=True, synthesis=synthesis))

    def audio_waits(self) -> bool:
        """There is audio of what follows the sentence being sent."""
        following = self.sentences[self.next + 1 : self.next + 2]
        return bool(following and following[0].synthesis and following[0].synthesis.length)

    def advance(self) -> None:
        """The sentence at `next` was sent whole."""
        self.next += 1
        self.synthesise_ahead()

    def rewind(self, position: int) -> None:
        """Nothing after sample `position` was played: it is to be sent again, but for fillers."""
        for index, sentence in enumerate(self.sentences):
            if sentence.start is None or sentence.start + sentence.sent <= position:
                continue
            sentence.sent = max(0, position - sentence.start)
            sentence.finished = sentence.filler
            if not sentence.sent:
                sentence.start = None
            self.next = min(self.next, index + 1 if sentence.filler else index)

    def release(self, position: int) -> None:
        """Give back the audio of sentences that ended before sample `position`."""
        for sentence in self.sentences[: self.next]:
            if sentence.start is not None and sentence.synthesis and sentence.start + sentence.sent <= position:
                sentence.synthesis.release()

    def heard(self, position: int, rate_hz: int) -> str:
        """The words that were played whole by sample `position`."""
        heard: list[str] = []
        for sentence in self.sentences:
            if sentence.filler or sentence.unsaid:
                continue
            if sentence.start is None:
                break
            length, played = sentence.samples(rate_hz), position - sentence.start
            if sentence.finished and played >= length:
                heard.append(sentence.say.text)
                continue
            if sentence.synthesis is not None:
                heard.append(sentence.synthesis.said_by(played))
            break
        return " ".join(filter(None, heard))

    def whole(self) -> str | None:
        """Everything decided; None while more may come."""
        if not self.read_out or not self.sentences:
            return None
        return " ".join(sentence.say.text for sentence in self.sentences if not sentence.filler)

    def make_up(self) -> bool:
        """Add an apology for what could not be said, unless the call ends with the reply. Whether there is one more
        sentence now."""
        apology = self._config.phrases.apology
        if self.ending is not None or not any(sentence.unsaid for sentence in self.sentences if not sentence.filler):
            return False
        if self._stopped or any(sentence.say.text == apology for sentence in self.sentences):
            return False
        self._add(Say(apology))
        return True

    def close(self) -> None:
        """Stop whatever is still being synthesised."""
        for sentence in self.sentences:
            if sentence.synthesis is not None and not sentence.synthesis.done:
                sentence.synthesis.cancel()
        if self._opening is not None:
            self._opening.cancel()

    def synthesise_ahead(self) -> None:
        for sentence in self.sentences[: self.next + 1 + self._config.sentences_ahead]:
            if sentence.synthesis is None:
                sentence.synthesis = self._synthesis_of(sentence.say.text)
                sentence.synthesis.on_change = self._on_audio
            before = sentence.synthesis
            if before.soundless and before.retryable and not (sentence.again or sentence.filler):
                sentence.again = True
                sentence.synthesis = self._voice.speak(sentence.say.text)
                sentence.synthesis.on_change = self._on_audio
            if not (sentence.synthesis.done or sentence.filler):
                return

    async def _take(self, parts: AsyncIterator[ReplyPart]) -> None:
        try:
            while not (self._stopped and self.begun):
                async with asyncio.timeout(self._config.effects_timeout_s):
                    part = await anext(parts, None)
                self.begun = self.begun or not (isinstance(part, Say) and part.meanwhile)
                match part:
                    case None:
                        return
                    case Say():
                        self._add(part)
                    case Act(name=name, data=data):
                        self.acted = True
                        self._feed.post(ActionDone(name, data))
                    case HangUp() | Transfer():
                        self.ending = part
        finally:
            await close_iterator(parts)

    def _add(self, say: Say) -> None:
        if self._statements_only and self._asks(say):
            self.shortened = True
        elif not self._stopped:
            self.sentences.append(Sentence(say, filler=say.meanwhile))
            self.synthesise_ahead()
            self._on_change()

    def _synthesis_of(self, text: str) -> Synthesis:
        opening, self._opening = self._opening, None
        if opening is None:
            return self._voice.speak(text)
        if opening.text == text:
            return opening
        opening.cancel()
        return self._voice.speak(text)

    def _on_audio(self) -> None:
        self.synthesise_ahead()
        self._on_change()
