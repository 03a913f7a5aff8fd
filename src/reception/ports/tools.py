"""What a dialogue may read while it thinks, and what it may cause once a turn is committed.

Implemented by `dialogue.tools` on the domains' services; faked in unit tests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from reception.ports.booking import Availability, Guest, Reservation, ReservationQuery, Slot, SlotQuery
from reception.ports.dialogue import Json
from reception.ports.knowledge import Passage


class ReadTools(Protocol):
    """Free of effect; may be called for speculative turns. Each opens and closes its own session."""

    async def availability(self, query: SlotQuery) -> Availability: ...

    async def find_reservations(self, query: ReservationQuery) -> Sequence[Reservation]: ...

    async def passages(self, question: str, *, limit: int = 4) -> Sequence[Passage]:
        """The best passages for `question`, best first; empty when nothing is near enough."""
        ...


@dataclass(frozen=True, slots=True)
class HoldSlot:
    """Keep `slot` for this conversation, in place of anything it held before; it lapses by itself."""

    slot: Slot


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """Give up whatever this conversation holds."""


@dataclass(frozen=True, slots=True)
class CommitReservation:
    """Turn what this conversation holds into a confirmed reservation for `guest`; holds `slot` first if the hold
    has lapsed."""

    slot: Slot
    guest: Guest


@dataclass(frozen=True, slots=True)
class MoveReservation:
    """Move a confirmed reservation to `slot`, atomically: it keeps its old place when the new one is taken."""

    reservation_id: UUID
    slot: Slot
    guest: Guest


@dataclass(frozen=True, slots=True)
class CancelReservation:
    reservation_id: UUID


@dataclass(frozen=True, slots=True)
class CreateLead:
    """`kind`: `message`, `callback`, `handoff`, `large_party`, `viewing`, ...; `details` as the flow gathered them."""

    kind: str
    name: str
    phone: str
    summary: str
    details: Mapping[str, Json]


Effect: TypeAlias = HoldSlot | ReleaseHold | CommitReservation | MoveReservation | CancelReservation | CreateLead


@dataclass(frozen=True, slots=True)
class Done:
    """The effect is committed; `reservation` is the row as it now stands, for effects on one.

    `replayed` says that an earlier run of the same effect did it.
    """

    reservation: Reservation | None = None
    lead_id: UUID | None = None
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The database said no and nothing was changed. `code` is that of the `AppError`."""

    code: str
    alternatives: tuple[Slot, ...] = ()


Outcome: TypeAlias = Done | Refused


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What is stored of a committed turn, in the transaction of its effects.

    `state` is the dialogue's state after the turn, as JSON, by which a conversation is taken up again.
    """

    turn: int
    heard: str
    commands: Sequence[str]
    said: str
    citations: Sequence[UUID]
    state: Mapping[str, Json]


class Ledger(Protocol):
    """Runs effects and stores turns. Implementations key each effect by (conversation, turn, index)."""

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        """Run `effects` in order, each exactly once however often this is called for the same turn. One outcome each;
        after a `Refused`, the rest of the turn's effects are refused with code `not_attempted`."""
        ...

    async def record(self, record: TurnRecord) -> None:
        """Store a turn; storing it again replaces it."""
        ...

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        """Store what the caller actually heard of the reply to `turn`."""
        ...

    async def close(self, reason: str) -> None:
        """Release holds and mark the conversation ended."""
        ...
