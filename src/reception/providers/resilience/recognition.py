"""A recogniser that goes on with another when one fails, with the audio kept."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial as partially

from reception.core.audio import Pcm16
from reception.core.errors import ProviderError
from reception.core.recent import RecentAudio
from reception.ports.speech import RecognitionStream, Recognizer, Transcript, TranscriptionHints
from reception.providers.resilience.budget import Budget
from reception.providers.resilience.chain import Chain, Link, OnSwitch, Probes
from reception.providers.resilience.health import loop_s
from reception.providers.resilience.race import Race
from reception.providers.segmented import KEPT_S
from reception.providers.unforeseen import provider_errors


class ResilientRecognizer:
    """A `Recognizer` over several, for one call: the first is preferred, the next stand in."""

    def __init__(self, links: Sequence[Link[Recognizer]], probes: Probes, on_switch: OnSwitch, budget: Budget) -> None:
        self._chain = Chain("stt", links, probes, on_switch)
        self._budget = budget

    @property
    def provider(self) -> str:
        return self._chain.provider

    def open(self, sample_rate_hz: int, hints: TranscriptionHints | None = None) -> "ResilientStream":
        return ResilientStream(self._chain, sample_rate_hz, self._budget, hints)


class ResilientStream:
    """One call's audio, kept for `KEPT_S`, so that whoever is asked next hears what the others have heard."""

    def __init__(
        self, chain: Chain[Recognizer], sample_rate_hz: int, budget: Budget, hints: TranscriptionHints | None
    ) -> None:
        self._chain = chain
        self._hints = hints
        chain.choices = [_choice(hints or TranscriptionHints())] * len(chain.links)
        self._rate_hz = sample_rate_hz
        self._budget = budget
        self._recent = RecentAudio(KEPT_S * sample_rate_hz)
        self._streams: dict[int, tuple[RecognitionStream, int]] = {}
        self._closed = False
        self._opened(chain.order()[0])

    def feed(self, samples: Pcm16) -> None:
        """Take the next samples, which nobody may change afterwards. Never blocks."""
        if self._closed:
            return
        self._recent.add(samples)
        for stream, _ in self._streams.values():
            stream.feed(samples)

    def forget(self, before_ms: int) -> None:
        """Let go of the audio before `before_ms`."""
        self._recent.forget(before_ms * self._rate_hz // 1000)
        for stream, from_ms in self._streams.values():
            stream.forget(before_ms - from_ms)

    async def transcribe(self, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool) -> Transcript:
        """What was said from `start_ms` to `end_ms`, by the first provider that can tell.

        Raises:
            ProviderError: the stream has been closed, or every provider failed.
        """
        if self._closed:
            raise ProviderError(self._chain.provider, "the recognition stream has been closed")
        order = self._chain.order()
        if partial:
            return await self._partial(order, start_ms, end_ms, hints)
        asked_s = loop_s()
        race = Race(
            self._chain.named(order),
            [partially(self._ask, place, start_ms, end_ms, hints, partial=False) for place in order],
            self._budget.stt_hedge_s,
            lambda at, error: self._chain.failed(order[at], error),
        )
        at, (heard, took_ms) = await race.run()
        for slow in race.overtaken:
            self._chain.overtaken(order[slow])
        self._chain.succeeded(order[at])
        self._chain.answered(order[at])
        waited_ms = max(0.0, took_ms - heard.elapsed_ms)
        return replace(heard, elapsed_ms=1000 * (loop_s() - asked_s) - waited_ms)

    async def aclose(self) -> None:
        """Close what has been opened, and let the audio go."""
        self._closed = True
        self._recent.forget(self._recent.end)
        for stream, _ in self._streams.values():
            await stream.aclose()

    async def _partial(self, order: list[int], start_ms: int, end_ms: int, hints: TranscriptionHints) -> Transcript:
        """Nothing depends on a partial transcript: whoever can gives it, and a failure says nothing of a provider."""
        for place in order:
            try:
                with provider_errors(self._chain.links[place].provider):
                    heard, _ = await self._ask(place, start_ms, end_ms, hints, partial=True)
            except ProviderError as error:
                last = error
            else:
                return heard
        raise last

    async def _ask(
        self, place: int, start_ms: int, end_ms: int, hints: TranscriptionHints, *, partial: bool
    ) -> tuple[Transcript, float]:
        stream, from_ms = self._opened(place)
        asked_s = loop_s()
        heard = await stream.transcribe(max(0, start_ms - from_ms), end_ms - from_ms, hints, partial=partial)
        return heard, 1000 * (loop_s() - asked_s)

    def _opened(self, place: int) -> tuple[RecognitionStream, int]:
        """The stream of a provider, opened when it is first asked, with what is kept of the call; its time begins as
        many milliseconds into the call as stand beside it."""
        if place not in self._streams:
            per_ms = self._rate_hz // 1000
            from_ms = -(-self._recent.start // per_ms)
            stream = self._chain.links[place].asked.open(self._rate_hz, self._hints)
            kept = self._recent.between(from_ms * per_ms, self._recent.end)
            if kept.size:
                stream.feed(kept)
            self._streams[place] = (stream, from_ms)
        return self._streams[place]


def _choice(hints: TranscriptionHints) -> str:
    """What may be refused: a language, or the names that one business would have recognised."""
    return f"{hints.locale} {hash(hints.names):x}" if hints.names else hints.locale
