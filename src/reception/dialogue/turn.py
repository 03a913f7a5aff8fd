"""What a flow is given of a turn, and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

from reception.dialogue.commands import Command
from reception.dialogue.state import DialogueState
from reception.ports.booking import Reservation
from reception.ports.business import Agent, Bookable, Business, BusinessKind
from reception.ports.dialogue import Channel, Citation, ReplyPart, Say
from reception.ports.tools import Effect, Outcome, ReadTools


@dataclass(frozen=True, slots=True)
class TurnScene:
    """Everything a turn is decided from besides the state. `now` is aware, in the business's zone. `rows` are the
    bookings that the state remembers as they stand now, by id; None where they could not be read."""

    business: Business
    agent: Agent
    channel: Channel
    now: datetime
    turn: int
    text: str
    reads: ReadTools
    rows: Mapping[UUID, Reservation] | None = None

    @property
    def noun(self) -> str:
        """What callers say for what is booked here."""
        bookable = self.business.rules.bookable
        if bookable is not Bookable.TABLE:
            return bookable.value
        return "table" if self.business.kind is BusinessKind.RESTAURANT else "appointment"

    @property
    def bookable(self) -> Bookable:
        return self.business.rules.bookable

    @property
    def counts_people(self) -> bool:
        """Whether a booking needs to know for how many it is."""
        return self.bookable is Bookable.ROOM or self.noun == "table"

    def pick(self, wordings: Sequence[str]) -> str:
        """One of `wordings`, the same for the same turn."""
        return wordings[self.turn % len(wordings)]


@dataclass(frozen=True, slots=True)
class Step:
    """What came of a part of a turn.

    `parts` may be said whatever the effects do. When there are `effects`, the rest of the reply is rendered from their
    outcomes; otherwise the question of `state` follows. `answered` says that the caller got something they asked for;
    `asks` is false when no question is to follow.
    """

    state: DialogueState
    parts: tuple[ReplyPart, ...] = ()
    effects: tuple[Effect, ...] = ()
    answered: bool = False
    asks: bool = True

    def saying(self, *texts: str, citations: tuple[Citation, ...] = ()) -> "Step":
        """This step with more sentences."""
        said = tuple(Say(text, citations) for text in texts if text)
        return replace(self, parts=self.parts + said)


@dataclass(frozen=True, slots=True)
class Settled:
    """The state after an effect's outcome, and what there is to tell of it. `ends_flow`: the flow is finished."""

    state: DialogueState
    parts: tuple[ReplyPart, ...] = ()
    asks: bool = True


class FlowStep(Protocol):
    """Takes one flow further. Reads, but has no effect, and gives the same step for the same input."""

    async def __call__(self, state: DialogueState, commands: Sequence[Command], scene: TurnScene) -> Step: ...


class Settle(Protocol):
    """Takes the outcome of one effect into the state. Pure."""

    def __call__(self, state: DialogueState, effect: Effect, outcome: Outcome, scene: TurnScene) -> Settled: ...


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as first asked (one of several), as asked again, and with an example."""

    first: tuple[str, ...]
    again: str
    example: str = field(default="")
