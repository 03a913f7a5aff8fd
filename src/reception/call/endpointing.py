"""How much silence ends a turn.

Each strategy looks at the evidence and names a wait, or passes; the first that does not pass decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reception.call.config import CallConfig
from reception.ports.expectation import Completeness

LEFT_OPEN = frozenset({Completeness.OPEN_ENDED, Completeness.WANTING, Completeness.UNSURE})
"""Whether more is coming cannot be told from the words alone."""

JUDGED = frozenset({Completeness.WANTING, Completeness.UNSURE})
"""The turn detector is asked."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at the candidate end of an utterance.

    `complete_probability` is the turn detector's, 0 to 1; None while it has not answered, or there is none. `brief`:
    the utterance is no longer than a word.
    """

    completeness: Completeness
    complete_probability: float | None = None
    brief: bool = False


class EndpointingStrategy(Protocol):
    def silence_ms(self, evidence: Evidence) -> float | None:
        """The silence after which the turn is over, or None to leave it to the next strategy."""
        ...


@dataclass(frozen=True, slots=True)
class WaitForDictation:
    """Digits, a spelled name or an address in the making: people pause long between groups."""

    wait_ms: float

    def silence_ms(self, evidence: Evidence) -> float | None:
        return self.wait_ms if evidence.completeness is Completeness.DICTATING else None


@dataclass(frozen=True, slots=True)
class WaitForBrokenOff:
    """The words break off, whatever the voice does."""

    wait_ms: float

    def silence_ms(self, evidence: Evidence) -> float | None:
        return self.wait_ms if evidence.completeness is Completeness.INCOMPLETE else None


@dataclass(frozen=True, slots=True)
class AnswerGiven:
    """What was asked for has been said; after one word ("yes") there may be another ("that's right")."""

    wait_ms: float
    brief_wait_ms: float

    def silence_ms(self, evidence: Evidence) -> float | None:
        if evidence.completeness is not Completeness.COMPLETE:
            return None
        return self.brief_wait_ms if evidence.brief else self.wait_ms


@dataclass(frozen=True, slots=True)
class AfterthoughtLikely:
    """It could be all that is to be said, and often is not."""

    wait_ms: float

    def silence_ms(self, evidence: Evidence) -> float | None:
        return self.wait_ms if evidence.completeness is Completeness.OPEN_ENDED else None


@dataclass(frozen=True, slots=True)
class SoundOfVoice:
    """The turn detector's judgement, from `shortest_ms` where it hears an end to `longest_ms` where it hears none,
    in proportion between. With `only`, of words that are so complete and no others."""

    shortest_ms: float
    longest_ms: float
    unjudged_ms: float
    sounds_complete: float
    sounds_cut_off: float
    only: Completeness | None = None

    def silence_ms(self, evidence: Evidence) -> float | None:
        probability = evidence.complete_probability
        if self.only is not None and evidence.completeness is not self.only:
            return None
        if probability is None:
            return self.unjudged_ms
        doubt = (self.sounds_complete - probability) / (self.sounds_complete - self.sounds_cut_off)
        return self.shortest_ms + min(1.0, max(0.0, doubt)) * (self.longest_ms - self.shortest_ms)


class Endpointing:
    """The strategies in order, scaled by patience and never below the candidate end. Each time a caller is cut off, the
    waits where the words leave the end open grow by `caution`, up to `most_caution`, for the rest of the call."""

    def __init__(
        self,
        strategies: Sequence[EndpointingStrategy],
        *,
        patience: float,
        shortest_ms: float,
        caution: float,
        most_caution: float,
    ) -> None:
        self._strategies = strategies
        self._patience = patience
        self._shortest_ms = shortest_ms
        self._caution = caution
        self._most_caution = most_caution
        self._cautious = 1.0

    @classmethod
    def of(cls, config: CallConfig) -> "Endpointing":
        strategies: Sequence[EndpointingStrategy] = (
            WaitForDictation(config.dictating_ms),
            WaitForBrokenOff(config.incomplete_ms),
            AnswerGiven(config.complete_ms, config.complete_brief_ms),
            AfterthoughtLikely(config.open_ended_ms),
            SoundOfVoice(
                shortest_ms=config.open_ended_ms,
                longest_ms=config.wanting_ms,
                unjudged_ms=config.wanting_unjudged_ms,
                sounds_complete=config.sounds_wanting_complete,
                sounds_cut_off=config.sounds_wanting_more,
                only=Completeness.WANTING,
            ),
            SoundOfVoice(
                shortest_ms=config.unsure_least_ms,
                longest_ms=config.unsure_ms,
                unjudged_ms=config.unsure_unjudged_ms,
                sounds_complete=config.sounds_complete,
                sounds_cut_off=config.sounds_cut_off,
            ),
        )
        return cls(
            strategies,
            patience=config.patience,
            shortest_ms=config.candidate_ms,
            caution=config.caution,
            most_caution=config.most_caution,
        )

    def cut_off(self) -> None:
        """The caller went on after a turn was taken to be over."""
        self._cautious = min(self._most_caution, self._cautious * self._caution)

    def silence_ms(self, evidence: Evidence) -> float:
        """Milliseconds of silence, counted from the last speech, after which the turn is over."""
        for strategy in self._strategies:
            wait_ms = strategy.silence_ms(evidence)
            if wait_ms is not None:
                cautious = self._cautious if evidence.completeness in LEFT_OPEN else 1.0
                return max(self._shortest_ms, wait_ms * self._patience * cautious)
        raise ValueError("no endpointing strategy decided")
