"""A voice that goes on with another when one fails, in the middle of a sentence if need be, and repeats nothing."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.core.speakable import speakable
from reception.ports.speech import Voice, WordEnd
from reception.providers.clauses import clauses
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import Chain, Link, OnSwitch, Probes
from reception.providers.resilience.health import loop_s
from reception.providers.resilience.pace import Pace, left_after, quietest_cut
from reception.providers.resilience.race import Race
from reception.providers.resilience.reader import ClauseReader
from reception.providers.said_words import as_written
from reception.providers.speech_cache import CachedTextToSpeech

_LEAD_S = 0.4
"""How far ahead of the ear a clause is given out that is not whole yet."""
_CUT_WITHIN_S = 0.4
_TEXTS_REMEMBERED = 32
_USUAL = Voice().name


class Speaker:
    """One voice of a chain with what has been learned of its pace."""

    def __init__(self, tts: CachedTextToSpeech) -> None:
        self.tts = tts
        self.pace = Pace()


class ResilientTextToSpeech:
    """A `TextToSpeech` over several, for one call.

    Text is spoken clause by clause. The first audio of a clause is passed on at once; of the rest, while the clause is
    not whole, no more than the ear needs. When its provider fails, what has been passed on is known to the word where
    the voice tells, else reckoned, and the next one says the rest. Clauses after the first are nearly always whole
    before they are needed.
    """

    def __init__(
        self,
        links: Sequence[Link[Speaker]],
        probes: Probes,
        on_switch: OnSwitch,
        budget: Budget,
    ) -> None:
        self._chain = Chain("tts", links, probes, on_switch)
        self._budget = budget
        self.provider = self._chain.provider
        self._said: OrderedDict[str, list[_Clause]] = OrderedDict()

    def word_ends(self, text: str, voice: Voice, sample_rate_hz: int) -> Sequence[WordEnd]:
        """See `TellsWords`: while every clause so far was said whole by one that tells."""
        ends: list[int] = []
        complete = True
        for clause in self._said.get(text, ()):
            told = clause.tts.word_ends(clause.text, clause.voice, sample_rate_hz)
            if clause.broken or not complete:
                return ()
            ends += [clause.start + end.sample for end in told]
            complete = len(told) == len(clause.text.split())
        return as_written(text, ends)

    async def stream(self, text: str, voice: Voice, sample_rate_hz: int) -> AsyncGenerator[Pcm16]:
        """As `TextToSpeech.stream`; `provider` names who made the latest chunk.

        Raises:
            ProviderError: every provider failed.
        """
        ear = _Ear(sample_rate_hz)
        breaks = 0
        said_clauses = self._said[text] = []
        if len(self._said) > _TEXTS_REMEMBERED:
            self._said.popitem(last=False)
        for clause in clauses(speakable(text)):
            rest = clause.text
            while rest:
                said = _Said(rest, voice, sample_rate_hz)
                async with aclosing(self._say(said, ear, said_clauses)) as chunks:
                    async for chunk in chunks:
                        ear.hears(chunk.size)
                        yield chunk
                rest = said.left
                if said.failure is not None:
                    breaks += 1
                    if breaks > len(self._chain.links):
                        raise said.failure

    async def _say(self, said: "_Said", ear: "_Ear", clauses_said: "list[_Clause]") -> AsyncGenerator[Pcm16]:
        """What one provider says of a text."""
        asked_s = loop_s()
        place, reader, known = await self._begin(said)
        link = self._chain.links[place]
        clause = _Clause(said.text, said.voice_of(place), link.asked.tts, ear.heard)
        clauses_said.append(clause)
        async with reader:
            if not known or place > self._chain.current:
                self._chain.answered(place, asked_s)
            async with aclosing(_given_out(reader, ear, said)) as chunks:
                async for chunk in chunks:
                    self.provider = link.provider
                    yield chunk
            audio_ms = 1000 * said.samples / said.rate_hz
            if reader.failure is None:
                if not known:
                    self._chain.succeeded(place)
                link.asked.pace.learn(said.text, audio_ms, said.voice.speed)
            else:
                self._chain.failed(place, reader.failure)
                said.failure = reader.failure
                clause.broken = True
                told = clause.tts.word_ends(clause.text, clause.voice, said.rate_hz)
                said.left = (
                    left_after(said.text, told, said.samples, said.rate_hz)
                    if told
                    else link.asked.pace.left_of(said.text, audio_ms, said.voice.speed)
                )

    async def _begin(self, said: "_Said") -> tuple[int, ClauseReader, bool]:
        """Whoever makes the first audio of a text, the reader of it, and whether it was there already."""
        self._chain.choices = [_choice(said.voice_of(place)) for place in range(len(self._chain.links))]
        held = [
            link.asked.tts.holds(said.text, said.voice_of(place), said.rate_hz)
            for place, link in enumerate(self._chain.links)
        ]
        order = self._chain.order(held)
        known = [held[place] for place in order]
        race = Race(
            self._chain.named(order),
            [partial(self._begun, place, said) for place in order],
            self._budget.tts_hedge_s,
            lambda at, error: self._chain.failed(order[at], error),
            ClauseReader.cancel,
        )
        at, reader = await race.run()
        for slow in race.overtaken:
            self._chain.overtaken(order[slow])
        return order[at], reader, known[at]

    async def _begun(self, place: int, said: "_Said") -> ClauseReader:
        tts = self._chain.links[place].asked.tts
        stream = partial(tts.stream, said.text, said.voice_of(place), said.rate_hz)
        return await ClauseReader(tts.provider, stream).begin()


def _choice(voice: Voice) -> str:
    return f"{voice.name} {voice.locale}"


@dataclass(slots=True)
class _Clause:
    """A text that `tts` has begun to say at sample `start` of a whole; `broken` off in the middle, perhaps."""

    text: str
    voice: Voice
    tts: CachedTextToSpeech
    start: int
    broken: bool = False


@dataclass(slots=True)
class _Said:
    """A text on its way from one provider: `samples` of it have been given out, `left` is to be said by another."""

    text: str
    voice: Voice
    rate_hz: int
    samples: int = 0
    left: str = ""
    failure: ProviderError | None = None

    def voice_of(self, place: int) -> Voice:
        """The voice by its name for the first of the chain, whose it is; by the usual one for the others."""
        return self.voice if place == 0 else replace(self.voice, name=_USUAL)


async def _given_out(reader: ClauseReader, ear: "_Ear", said: _Said) -> AsyncGenerator[Pcm16]:
    """What may be given out of a clause, as it may: all when it is whole, else as much as the ear needs. Of one that
    breaks off, what there is, up to a place where it is quiet."""
    while not reader.done or reader.pending:
        if reader.failure is not None:
            if reader.pending:
                chunk = reader.take(reader.pending)[: int(_CUT_WITHIN_S * said.rate_hz)]
                chunk = chunk[: quietest_cut(chunk, said.rate_hz)]
                said.samples += chunk.size
                yield chunk
            return
        if reader.done:
            chunk = reader.take(reader.pending)
        elif reader.pending and ear.lead_s < _LEAD_S:
            chunk = reader.take(int((_LEAD_S - ear.lead_s) * said.rate_hz))
        else:
            await reader.changed(max(0.02, ear.lead_s - _LEAD_S / 2) if reader.pending else None)
            continue
        said.samples += chunk.size
        yield chunk


class _Ear:
    """How far what has been given out is ahead of who listens, at the least: they began at the first chunk or later."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._began_s: float | None = None
        self.heard = 0

    def hears(self, samples: int) -> None:
        now_s = loop_s()
        if self._began_s is None or self.lead_s < 0:
            self._began_s = now_s - self.heard / self._rate_hz
        self.heard += samples

    @property
    def lead_s(self) -> float:
        if self._began_s is None:
            return 0.0
        return self.heard / self._rate_hz - (loop_s() - self._began_s)
