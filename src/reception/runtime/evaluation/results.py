"""What came of scenarios."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reception.ports.dialogue import Act, Json

Manner = Literal["text", "speech"]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the caller did (`did` as it reads: the words, or `[silence]`), what the agent heard of it, and the reply.

    `question` is what the agent waits for afterwards; `acts` what it did; `commands` what it understood.
    """

    did: str
    heard: str
    reply: str
    question: str
    acts: tuple[Act, ...] = ()
    commands: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    note: str = ""

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of what was done."""
        return tuple(act.name for act in self.acts)


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that is not as expected. `line` is of the scenario's file; `what` names the expectation."""

    what: str
    detail: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """One scenario, played once. `error` says why it could not be played to its end; `rows` what is new or changed
    in the database."""

    name: str
    file: str
    line: int
    tags: tuple[str, ...]
    manner: Manner
    mode: str
    exchanges: tuple[Exchange, ...] = ()
    failures: tuple[Failure, ...] = ()
    ended: str = ""
    error: str = ""
    took_s: float = 0.0
    rows: Mapping[str, Sequence[Mapping[str, Json]]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return not self.failures and not self.error
