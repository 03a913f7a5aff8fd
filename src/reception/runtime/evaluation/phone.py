"""What a scenario's caller holds in the hand: a way to talk to an agent, by text or by sound."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from reception.core.clock import SystemClock
from reception.ports.dialogue import Act as Done
from reception.runtime.evaluation.scenario import Act


@dataclass(frozen=True, slots=True)
class Heard:
    """The agent's answer to one act. `heard` is what it understood to have been said, `question` what it waits for,
    `acts` what it did, `options` the words that it offers to choose from, `documents` what it rests on, `ended` why it
    is over."""

    reply: str
    question: str
    heard: str = ""
    acts: tuple[Done, ...] = ()
    documents: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    ended: str = ""


class Phone(Protocol):
    """One conversation from the caller's side. Every method returns once the agent has answered to the end."""

    @property
    def conversation_id(self) -> UUID: ...

    async def greeting(self) -> Heard: ...

    async def do(self, act: Act, *, cut_short: bool = False) -> Heard:
        """`say`, `interrupt`, `dtmf` or `silence`. With `cut_short` it returns while the agent still speaks, as the
        caller is about to interrupt."""
        ...

    async def wait(self, length: timedelta) -> None:
        """Let time pass, as the agent's clock tells it."""
        ...

    async def reconnect(self) -> Heard:
        """Lose the connection after what the agent last said, and take the conversation up again."""
        ...

    async def hang_up(self) -> str:
        """End the call, unless it has ended; why it did."""
        ...


class MovableClock:
    """The scenario's time: `start`, and then as much later as the machine's own clock has run on, or as was waited.

    With `runs` false it moves by `advance` only.
    """

    def __init__(self, start: datetime, *, runs: bool) -> None:
        self._start = start
        self._runs = runs
        self._system = SystemClock()
        self._began_s = self._system.monotonic_s()
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Aware; in the zone of `start`."""
        passed = self._system.monotonic_s() - self._began_s if self._runs else 0.0
        return self._start + self._ahead + timedelta(seconds=passed)

    def monotonic_s(self) -> float:
        return self._system.monotonic_s() if self._runs else self._ahead.total_seconds()

    def advance(self, by: timedelta) -> None:
        self._ahead += by


REFERENCE = re.compile(r"\{reference(?::\s*([^}]*))?\}")


def with_references(text: str, references: dict[str, str]) -> str:
    """`text` with `{reference}`, or `{reference: Ann Example}`, as that of a booking that exists."""

    def found(place: re.Match[str]) -> str:
        name = (place[1] or "").strip()
        return references.get(name, "") if name else next(iter(references.values()), "")

    return REFERENCE.sub(found, text)


def joined(sentences: Sequence[str]) -> str:
    return " ".join(sentences)
