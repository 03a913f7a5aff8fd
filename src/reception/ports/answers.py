"""Answers kept for the next caller who asks the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reception.ports.dialogue import Say
from reception.ports.knowledge import Versions


class CacheLevel(StrEnum):
    """Where an answer was found; `MISS`: nowhere."""

    PROCESS = "process"
    DATABASE = "database"
    SEMANTIC = "semantic"
    MISS = "miss"


@dataclass(frozen=True, slots=True)
class Answer:
    """The sentences of an answer with their sources, and what it took to come by: time, and a model's tokens."""

    sentences: tuple[Say, ...]
    cost_ms: float
    cost_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Lookup:
    """What came of looking for an answer to `question`.

    `versions` are those it was looked for under, None where the conversation itself works with a profile or an agent
    that has changed since: then nothing is found, and nothing may be kept. `stale` says that there was an answer from
    before a change.
    """

    question: str
    level: CacheLevel
    answer: Answer | None
    versions: Versions | None
    stale: bool
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class CacheUse:
    """One question of a turn: what was found, and the answer to be kept, None for none. `counted`: the look-up was
    counted before, as the answer was complete only after its turn was committed."""

    lookup: Lookup
    fresh: Answer | None = None
    counted: bool = False


class AnswerCache(Protocol):
    """The answers of one agent. Looking up is free of effect; only a committed turn is counted and kept."""

    async def find(self, question: str) -> Lookup:
        """An answer given to the same question under the versions of this moment. Raises `Unavailable`."""
        ...

    async def committed(self, uses: Sequence[CacheUse]) -> None:
        """Count what was used, keep what was new. Raises `Unavailable`."""
        ...
