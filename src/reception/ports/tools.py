"""What a dialogue may read while it thinks, and what it may cause once a turn is committed.

Implemented by `dialogue.tools` on the domains' services; faked in unit tests.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from reception.ports.booking import (
    Availability,
    Guest,
    GuestChange,
    GuestHistory,
    Reservation,
    ReservationQuery,
    Slot,
    SlotQuery,
    SpecialRequest,
    WaitlistEntry,
)
from reception.ports.business import Business
from reception.ports.definition import ToolDefinition
from reception.ports.dialogue import Json, Say
from reception.ports.knowledge import Passage


@dataclass(frozen=True, slots=True)
class Standing:
    """The business as it is now, and of the reservations asked for those that there are, whatever their status. `rows`
    is None where they could not be read."""

    business: Business
    rows: Mapping[UUID, Reservation] | None


class ReadTools(Protocol):
    """Free of effect; may be called for speculative turns. Each opens and closes its own session."""

    async def stands(self, reservation_ids: Collection[UUID]) -> Standing:
        """How things stand now."""
        ...

    async def availability(self, query: SlotQuery) -> Availability: ...

    async def find_reservations(self, query: ReservationQuery) -> Sequence[Reservation]: ...

    async def may_prove(self, reservation_id: UUID, digits: str) -> bool:
        """Whether `digits` may be tried as those of the guest's number. False once too many were, by whomever and in
        whichever conversation: whoever may try without end has them in the end."""
        ...

    async def guest_history(self, phone: str) -> GuestHistory:
        """What is known of whoever has this number (E.164); an empty history for a stranger."""
        ...

    async def passages(self, question: str, *, limit: int = 4) -> Sequence[Passage]:
        """The best passages for `question`, best first; empty when nothing is near enough."""
        ...


@dataclass(frozen=True, slots=True)
class HoldSlot:
    """Keep `slot` for this conversation, in place of anything it held before; it lapses by itself. `moving` is the
    reservation that may move there."""

    slot: Slot
    moving: UUID | None = None


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
    """Move a confirmed reservation to `slot`, atomically: it keeps its old place when the new one is taken. `change` is
    made to its guest as the row has them then."""

    reservation_id: UUID
    slot: Slot
    change: GuestChange = field(default_factory=GuestChange)


@dataclass(frozen=True, slots=True)
class CancelReservation:
    reservation_id: UUID


@dataclass(frozen=True, slots=True)
class ReconfirmReservation:
    """The guest says once more that they are coming."""

    reservation_id: UUID


@dataclass(frozen=True, slots=True)
class NoteLate:
    """The guest will be `minutes` late, from one to what the rules allow (`late_minutes`, 15 unless set): beyond that
    it is refused with code `conflict`, and a person decides. So is a reservation that is not for today."""

    reservation_id: UUID
    minutes: int


@dataclass(frozen=True, slots=True)
class NoteRequests:
    """Note special requests on a reservation, beside those that it has; one that is there is not noted twice."""

    reservation_id: UUID
    requests: tuple[SpecialRequest, ...]


@dataclass(frozen=True, slots=True)
class JoinWaitlist:
    """Wait for what `query` asks for, at any start from `earliest` to `latest`. Who waits for the same day already is
    kept once, with the new wish."""

    query: SlotQuery
    earliest: datetime
    latest: datetime
    guest: Guest


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """Take the place that is kept for a waitlist entry. One that has lapsed is taken if it is still free, else refused
    with code `slot_taken`."""

    entry_id: UUID


@dataclass(frozen=True, slots=True)
class LeaveWaitlist:
    """Wait no longer; what is kept goes to the next in line. Declines an offer, too."""

    entry_id: UUID


@dataclass(frozen=True, slots=True)
class CreateLead:
    """`kind`: `message`, `callback`, `handoff`, `large_party`, `viewing`, ...; `details` as the flow gathered them;
    `recipient` the person whom a message is for, empty for anybody.

    One caller's open lead of the same kind, for the same person, is brought up to date instead of repeated.
    """

    kind: str
    name: str
    phone: str
    summary: str
    details: Mapping[str, Json]
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class CallTool:
    """Call a tool of the agent's owner, at the end of their `flow`, with what its slots came to."""

    tool: ToolDefinition
    flow: str
    arguments: Mapping[str, Json]


Effect: TypeAlias = (
    HoldSlot
    | ReleaseHold
    | CommitReservation
    | MoveReservation
    | CancelReservation
    | ReconfirmReservation
    | NoteLate
    | NoteRequests
    | JoinWaitlist
    | AcceptOffer
    | LeaveWaitlist
    | CreateLead
    | CallTool
)


@dataclass(frozen=True, slots=True)
class Done:
    """The effect is committed; `reservation` is the row as it now stands, for effects on one, `before` as it stood
    until then where it was there, `waiting` the waitlist entry, `results` what a tool answered, by name.

    `replayed` says that an earlier run of the same effect did it.
    """

    reservation: Reservation | None = None
    lead_id: UUID | None = None
    waiting: WaitlistEntry | None = None
    results: Mapping[str, str] = field(default_factory=dict)
    replayed: bool = False
    before: Reservation | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The database said no and nothing was changed. `code` is that of the `AppError`."""

    code: str
    alternatives: tuple[Slot, ...] = ()


Outcome: TypeAlias = Done | Refused


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """What is stored of a committed turn, in the transaction of its effects.

    `state` is the dialogue's state after the turn, as JSON, by which a conversation is taken up again. `sentences` are
    what was said, each with what it rests on; `unanswered` are questions that nothing was known to, without what tells
    who asked.
    """

    turn: int
    heard: str
    commands: Sequence[str]
    said: str
    citations: Sequence[UUID]
    state: Mapping[str, Json]
    sentences: Sequence[Say] = ()
    unanswered: Sequence[str] = ()


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
