"""What understanding may look at besides the words, and the seam that both its implementations fill."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reception.dialogue.commands import Command, Flow, SlotName, SlotValue
from reception.dialogue.custom.context import CustomContext
from reception.ports.booking import Slot
from reception.ports.business import Business
from reception.ports.expectation import Completeness, Expectation


@dataclass(frozen=True, slots=True)
class UnderstandingContext:
    """`now` is aware, in the business's zone. `slots` are those of the flow in progress, `offered` what was
    last offered to choose from, in the order it was said. `caller_phone` is E.164, or empty. `booked`: no flow is in
    progress and a reservation has just been made, whose values `slots` has."""

    business: Business
    now: datetime
    expectation: Expectation = field(default_factory=Expectation)
    flow: Flow | None = None
    slots: Mapping[SlotName, SlotValue] = field(default_factory=dict)
    offered: tuple[Slot, ...] = ()
    caller_phone: str = ""
    booked: bool = False
    custom: CustomContext | None = None


class Understanding(Protocol):
    """Turns words into commands, in the order they were said."""

    async def understand(self, text: str, context: UnderstandingContext) -> Sequence[Command]:
        """Never empty: `NotUnderstood` when nothing else."""
        ...

    def completeness(self, text: str, context: UnderstandingContext) -> Completeness:
        """How finished `text` is as an answer to `context.expectation`. Pure and fast."""
        ...
