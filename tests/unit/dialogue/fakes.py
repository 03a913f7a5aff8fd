"""In-memory `ReadTools` and `Ledger` that keep the real rules: the product's own availability algebra over a list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from reception.core.clock import FixedClock
from reception.core.errors import Unavailable
from reception.domains.reservations import stays, visits
from reception.domains.reservations.availability import Calendar, Span, Unit
from reception.domains.reservations.slots import read, slot_of
from reception.ports.booking import (
    Availability,
    Guest,
    GuestHistory,
    Reservation,
    ReservationQuery,
    ReservationStatus,
    Slot,
    SlotQuery,
    WaitlistEntry,
    WaitlistStatus,
)
from reception.ports.business import Bookable, Business
from reception.ports.dialogue import Json
from reception.ports.knowledge import Passage
from reception.ports.tools import (
    AcceptOffer,
    CallTool,
    CancelReservation,
    CommitReservation,
    CreateLead,
    Done,
    Effect,
    HoldSlot,
    JoinWaitlist,
    LeaveWaitlist,
    MoveReservation,
    NoteLate,
    NoteRequests,
    Outcome,
    ReconfirmReservation,
    Refused,
    ReleaseHold,
    Standing,
    TurnRecord,
)


@dataclass
class Entry:
    row: Reservation
    conversation_id: UUID
    numbers: tuple[int, ...]


@dataclass
class Book:
    """One business's reservations, shared by all conversations of a test."""

    business: Business
    units: tuple[Unit, ...]
    clock: FixedClock
    entries: dict[UUID, Entry] = field(default_factory=dict)
    leads: list[CreateLead] = field(default_factory=list)
    called: list[CallTool] = field(default_factory=list)
    results: Mapping[str, str] | None = field(default_factory=dict)
    """What tools answer; None for no answer."""
    waiting: dict[UUID, WaitlistEntry] = field(default_factory=dict)
    out_of_reach: bool = False
    gone_by: bool = False

    def availability(self, query: SlotQuery, conversation_id: UUID) -> Availability:
        calendar = self._calendar(conversation_id, query.moving)
        rooms = self.business.rules.bookable is Bookable.ROOM
        finding = stays.search(calendar, query) if rooms else visits.search(calendar, query)
        exact = slot_of(finding.exact, calendar) if finding.exact else None
        return Availability(exact, finding.refusal, tuple(slot_of(offer, calendar) for offer in finding.alternatives))

    def put(
        self, slot: Slot, conversation_id: UUID, guest: Guest, status: ReservationStatus, moving: UUID | None = None
    ) -> Reservation | None:
        numbers = self._free(slot, conversation_id, moving)
        if numbers is None:
            return None
        self.release(conversation_id)
        lapses = self.clock.now() + self.business.rules.hold if status is ReservationStatus.HELD else None
        row = Reservation(
            uuid4(), f"R{len(self.entries):05d}", status, slot.starts_at, slot.ends_at, slot.party_size, guest,
            slot.place, self._names(numbers), lapses, service=slot.service, price=slot.price,
        )  # fmt: skip
        self.entries[row.reservation_id] = Entry(row, conversation_id, numbers)
        return row

    def move(self, reservation_id: UUID, slot: Slot, guest: Guest, conversation_id: UUID) -> Reservation | None:
        numbers = self._free(slot, conversation_id, reservation_id)
        entry = self.entries[reservation_id]
        if numbers is None:
            return None
        self.release(conversation_id)
        entry.row = replace(
            entry.row, starts_at=slot.starts_at, ends_at=slot.ends_at, party_size=slot.party_size, place=slot.place,
            guest=guest, service=slot.service, price=slot.price, resource_names=self._names(numbers),
        )  # fmt: skip
        entry.numbers = numbers
        return entry.row

    def _names(self, numbers: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(unit.name for unit in self.units if unit.resource_no in numbers)

    def release(self, conversation_id: UUID) -> None:
        for key, entry in list(self.entries.items()):
            if entry.conversation_id == conversation_id and entry.row.status is ReservationStatus.HELD:
                del self.entries[key]

    def rows(self, status: ReservationStatus) -> list[Reservation]:
        return [entry.row for entry in self.entries.values() if entry.row.status is status]

    def _free(self, slot: Slot, conversation_id: UUID, moving: UUID | None) -> tuple[int, ...] | None:
        offer = read(slot, self.business.rules.bookable)
        calendar = self._calendar(conversation_id, moving)
        fitting = calendar.fitting(offer.party_size, offer.place)
        unit = calendar.first_free(fitting, offer.span)
        return None if unit is None else unit.numbers

    def _calendar(self, conversation_id: UUID, moving: UUID | None) -> Calendar:
        busy: dict[int, list[Span]] = {}
        now = self.clock.now()
        for entry in self.entries.values():
            row = entry.row
            held = row.status is ReservationStatus.HELD
            own = held and entry.conversation_id == conversation_id
            lapsed = row.hold_expires_at is not None and row.hold_expires_at <= now
            if row.status is ReservationStatus.CANCELLED or own or lapsed or row.reservation_id == moving:
                continue
            for number in entry.numbers:
                busy.setdefault(number, []).append(Span(row.starts_at, row.ends_at))
        zone = ZoneInfo(self.business.timezone)
        return Calendar(self.business.hours, self.business.rules, zone, self.units, busy, now)


class BookReads:
    """`ReadTools` on a `Book` and a list of passages, which are found by their words."""

    def __init__(self, book: Book, conversation_id: UUID, passages: Sequence[Passage] = ()) -> None:
        self._book = book
        self._conversation_id = conversation_id
        self._passages = passages

    async def stands(self, reservation_ids: Collection[UUID]) -> Standing:
        if self._book.out_of_reach:
            raise Unavailable
        rows = {key: entry.row for key, entry in self._book.entries.items() if key in reservation_ids}
        return Standing(self._book.business, rows)

    async def availability(self, query: SlotQuery) -> Availability:
        if self._book.out_of_reach:
            raise Unavailable
        return self._book.availability(query, self._conversation_id)

    async def find_reservations(self, query: ReservationQuery) -> Sequence[Reservation]:
        now = self._book.clock.now()
        rows = [row for row in self._book.rows(ReservationStatus.CONFIRMED) if row.ends_at > now]
        if query.reference:
            return [row for row in rows if row.reference == query.reference]
        if query.phone:
            return [row for row in rows if row.guest.phone == query.phone]
        named = [row for row in rows if query.name and query.name.lower() in row.guest.name.lower()]
        return [row for row in named if row.starts_at.date() == query.day]

    async def may_prove(self, reservation_id: UUID, digits: str) -> bool:
        return True

    async def guest_history(self, phone: str) -> GuestHistory:
        if self._book.out_of_reach:
            raise Unavailable
        now = self._book.clock.now()
        rows = [row for row in self._book.rows(ReservationStatus.CONFIRMED) if row.guest.phone == phone]
        waiting = [one for one in self._book.waiting.values() if one.guest.phone == phone and one.latest > now]
        if not rows:
            return GuestHistory(phone, waiting=tuple(waiting))
        been, upcoming = [row for row in rows if row.ends_at <= now], [row for row in rows if row.ends_at > now]
        last = max(rows, key=lambda row: row.starts_at).guest
        return GuestHistory(phone, last.name, last.email, len(been), upcoming=tuple(upcoming), waiting=tuple(waiting))

    async def passages(self, question: str, *, limit: int = 4) -> Sequence[Passage]:
        words = {word.strip("?.,!").lower() for word in question.split()}
        found = [p for p in self._passages if words & set(p.heading.lower().replace("?", "").split())]
        return found[:limit]


class BookLedger:
    """`Ledger` on a `Book`; an effect runs once for its key. `rival` takes the place away before the commit."""

    def __init__(self, book: Book, conversation_id: UUID) -> None:
        self._book = book
        self._conversation_id = conversation_id
        self._outcomes: dict[tuple[int, int], Outcome] = {}
        self.records: dict[int, TurnRecord] = {}
        self.heard_texts: dict[int, tuple[str, bool]] = {}
        self.closed: list[str] = []
        self.runs = 0

    async def run(self, turn: int, effects: Sequence[Effect]) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for index, effect in enumerate(effects):
            if any(isinstance(outcome, Refused) for outcome in outcomes):
                outcomes.append(Refused("not_attempted"))
                continue
            known = self._outcomes.get((turn, index))
            if known is None:
                self.runs += 1
                known = self._outcomes[turn, index] = self._apply(effect)
            elif isinstance(known, Done):
                known = replace(known, replayed=True)
            outcomes.append(known)
        return outcomes

    async def record(self, record: TurnRecord) -> None:
        self.records[record.turn] = record

    async def heard(self, turn: int, text: str, *, interrupted: bool) -> None:
        self.heard_texts[turn] = (text, interrupted)

    async def close(self, reason: str) -> None:
        self.closed.append(reason)
        self._book.release(self._conversation_id)

    def state(self, turn: int) -> Mapping[str, Json]:
        return self.records[turn].state

    def _apply(self, effect: Effect) -> Outcome:
        book, own = self._book, self._conversation_id
        if book.out_of_reach or (book.gone_by and isinstance(effect, CommitReservation | MoveReservation)):
            return Refused("unavailable" if book.out_of_reach else "time_passed")
        match effect:
            case HoldSlot(slot, moving):
                row = book.put(slot, own, Guest("", ""), ReservationStatus.HELD, moving)
            case CommitReservation(slot, guest):
                row = book.put(slot, own, guest, ReservationStatus.CONFIRMED)
            case MoveReservation(reservation_id, slot, change):
                guest = change.of(book.entries[reservation_id].row.guest)
                row = book.move(reservation_id, slot, guest, own)
            case CancelReservation(reservation_id):
                entry = book.entries[reservation_id]
                row = entry.row = replace(entry.row, status=ReservationStatus.CANCELLED)
            case ReconfirmReservation() | NoteLate() | NoteRequests():
                return self._noted(effect)
            case JoinWaitlist() | AcceptOffer() | LeaveWaitlist():
                return self._in_line(effect)
            case CallTool():
                book.called.append(effect)
                return Done(results=book.results) if book.results is not None else Refused("provider_error")
            case CreateLead():
                book.leads.append(effect)
                return Done(lead_id=uuid4())
            case ReleaseHold():
                book.release(own)
                return Done()
        if row is not None:
            return Done(row)
        rooms = book.business.rules.bookable is Bookable.ROOM
        nights = (slot.ends_at - slot.starts_at) // timedelta(days=1) + 1 if rooms else 0
        found = book.availability(SlotQuery(slot.starts_at, slot.party_size, nights, slot.place), own)
        return Refused("slot_taken", (found.exact,) if found.exact else found.alternatives)

    def _noted(self, effect: ReconfirmReservation | NoteLate | NoteRequests) -> Outcome:
        entry = self._book.entries[effect.reservation_id]
        match effect:
            case ReconfirmReservation():
                entry.row = replace(entry.row, reconfirmed_at=self._book.clock.now())
            case NoteLate(minutes=minutes):
                if minutes > self._book.business.rules.late_minutes:
                    return Refused("conflict")
                entry.row = replace(entry.row, late_minutes=minutes)
            case NoteRequests(requests=requests):
                guest = replace(entry.row.guest, requests=(*entry.row.guest.requests, *requests))
                entry.row = replace(entry.row, guest=guest)
        return Done(entry.row)

    def _in_line(self, effect: JoinWaitlist | AcceptOffer | LeaveWaitlist) -> Outcome:
        """An offer is put into `Book.waiting` by the test: nobody is served here."""
        waiting = self._book.waiting
        match effect:
            case JoinWaitlist(query, earliest, latest, guest):
                entry = WaitlistEntry(
                    uuid4(), WaitlistStatus.WAITING, query.starts_at, earliest, latest, query.party_size, guest,
                    query.nights, query.place,
                )  # fmt: skip
            case AcceptOffer(entry_id):
                offered = waiting[entry_id].offer
                if offered is None:
                    return Refused("not_found")
                row = replace(offered, status=ReservationStatus.CONFIRMED, reference="W00001", hold_expires_at=None)
                entry = replace(waiting[entry_id], status=WaitlistStatus.ACCEPTED, offer=row)
            case LeaveWaitlist(entry_id):
                entry = replace(waiting[entry_id], status=WaitlistStatus.LEFT, offer=None)
        waiting[entry.entry_id] = entry
        return Done(entry.offer, waiting=entry)
