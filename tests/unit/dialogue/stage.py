"""Businesses to talk to, and a caller who talks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from reception.core.clock import FixedClock
from reception.dialogue.context import Understanding
from reception.dialogue.conversation import GraphDialogue
from reception.dialogue.language.turn import LanguageModel
from reception.dialogue.understanding.local import LocalUnderstanding
from reception.domains.reservations.availability import Unit
from reception.ports.booking import Guest, Reservation, ReservationStatus, SlotQuery
from reception.ports.business import (
    Agent,
    AgentKind,
    AgentSettings,
    Bookable,
    BookingRules,
    Business,
    BusinessKind,
    OpeningHours,
    OpenSpan,
)
from reception.ports.definition import AgentDefinition
from reception.ports.dialogue import Act, CallerTurn, Channel, HangUp, Json, PreparedTurn, ReplyPart, Say, Transfer
from reception.ports.knowledge import Passage
from reception.ports.rules import Service
from reception.ports.staff import WorkingHours
from tests.unit.dialogue.fakes import Book, BookLedger, BookReads

NOW = datetime(2027, 3, 10, 15, 0, tzinfo=UTC)
"""A Wednesday, seven in the morning in Los Angeles."""

LUNCH, DINNER = OpenSpan(time(11, 30), time(14, 30)), OpenSpan(time(17), time(22))
ALL_DAY = OpenSpan(time(9), time(17))


class NoEmbedder:
    """Rules alone understand in these tests: prototypes are never embedded."""

    model = "none"
    dimensions = 384

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise AssertionError("nothing is to be embedded")


UNDERSTANDING: Understanding = LocalUnderstanding(NoEmbedder())


def restaurant(**changes: object) -> Business:
    return _business(
        BusinessKind.RESTAURANT,
        "Harbor Table",
        OpeningHours(((), (LUNCH, DINNER), (DINNER,), (DINNER,), (DINNER,), (DINNER,), (DINNER,))),
        BookingRules(bookable=Bookable.TABLE),
        **changes,
    )


def hotel() -> Business:
    around = (OpenSpan(time(0), time(0)),)
    rules = BookingRules(bookable=Bookable.ROOM, largest_party=6)
    return _business(
        BusinessKind.HOTEL, "Alder House", OpeningHours((around,) * 7), rules, places=("Queen Room", "Suite")
    )


def agency() -> Business:
    rules = BookingRules(bookable=Bookable.VIEWING, turn_times=((99, timedelta(minutes=30)),))
    places = ("12 Juniper Street", "48 Bay Road")
    hours = OpeningHours(((ALL_DAY,),) * 5 + ((), ()))
    return _business(BusinessKind.REAL_ESTATE, "Northgate Homes", hours, rules, places=places)


def _business(kind: BusinessKind, name: str, hours: OpeningHours, rules: BookingRules, **changes: object) -> Business:
    values: dict[str, object] = {
        "tenant_id": uuid4(),
        "slug": name.lower().replace(" ", "-"),
        "name": name,
        "kind": kind,
        "timezone": "America/Los_Angeles",
        "region": "US",
        "locale": "en-US",
        "phone": "+14155550140",
        "address": "28 Lantern Street, Port Linden",
        "hours": hours,
        "rules": rules,
        "places": (),
    }
    return Business(**{**values, **changes})  # type: ignore[arg-type]


def salon() -> Business:
    services = (
        Service("Haircut", timedelta(minutes=45), price=Decimal(45)),
        Service("Cut and colour", timedelta(minutes=120), price=Decimal(140)),
        Service("Beard trim", timedelta(minutes=20)),
    )
    rules = BookingRules(bookable=Bookable.APPOINTMENT, services=services)
    hours = OpeningHours(((),) + ((ALL_DAY,),) * 5 + ((),))
    return _business(BusinessKind.SALON, "Bright Cuts", hours, rules, staff=("Dana", "Ben"))


UNITS = {
    BusinessKind.RESTAURANT: (Unit(1, "T1", "", 2), Unit(2, "T2", "", 4), Unit(3, "T3", "", 8)),
    BusinessKind.HOTEL: (Unit(1, "101", "Queen Room", 2), Unit(2, "301", "Suite", 4)),
    BusinessKind.SALON: (
        Unit(1, "Dana", "", 1, hours=WorkingHours(), services=("Haircut", "Cut and colour")),
        Unit(2, "Ben", "", 1, hours=WorkingHours(), services=("Haircut", "Beard trim")),
    ),
    BusinessKind.REAL_ESTATE: (Unit(1, "Dana", "12 Juniper Street", 8), Unit(2, "Lee", "48 Bay Road", 8)),
}


def book_of(business: Business, clock: FixedClock | None = None) -> Book:
    return Book(business, UNITS[business.kind], clock or FixedClock(NOW))


PARKING = Passage(
    uuid4(), uuid4(), "Questions", "Is there parking?", "Parking is free for our guests in the lot behind the house.",
    0.03, 0.8, 0.1,
)  # fmt: skip


@dataclass
class Caller:
    """Talks to a dialogue turn by turn. `said` is all that was answered, `acts` all that was done."""

    book: Book
    caller_phone: str = ""
    channel: Channel = "voice"
    kind: AgentKind = AgentKind.RECEPTIONIST
    settings: AgentSettings = field(default_factory=AgentSettings)
    definition: AgentDefinition = field(default_factory=AgentDefinition)
    passages: Sequence[Passage] = (PARKING,)
    understanding: Understanding = UNDERSTANDING
    language: LanguageModel | None = None
    conversation_id: UUID = field(default_factory=uuid4)
    acts: list[Act] = field(default_factory=list)
    ended: HangUp | Transfer | None = None
    last: PreparedTurn | None = None

    def __post_init__(self) -> None:
        self.take_up(None, 0)

    def take_up(
        self,
        state: Mapping[str, Json] | None,
        last_turn: int,
        ledger: BookLedger | None = None,
        *,
        greeting_heard: str = "",
    ) -> None:
        """Talk on from a stored state."""
        agent = Agent(uuid4(), self.book.business.tenant_id, "June", self.kind, self.settings, 1, self.definition)
        self.ledger = ledger or BookLedger(self.book, self.conversation_id)
        self.reads = BookReads(self.book, self.conversation_id, self.passages)
        self.dialogue = GraphDialogue(
            conversation_id=self.conversation_id,
            business=self.book.business,
            agent=agent,
            channel=self.channel,
            understanding=self.understanding,
            reads=self.reads,
            ledger=self.ledger,
            clock=self.book.clock,
            caller_phone=self.caller_phone,
            state=state,
            last_turn=last_turn,
            greeting_heard=greeting_heard,
            language=self.language,
        )

    async def say(self, text: str) -> str:
        """The agent's whole reply to `text`."""
        self.last = await self.dialogue.prepare(CallerTurn(self.dialogue.next_turn, text, self.channel))
        return await self.commit(self.last)

    async def commit(self, prepared: PreparedTurn) -> str:
        parts: list[ReplyPart] = [part async for part in self.dialogue.commit(prepared)]
        for part in parts:
            if isinstance(part, Act):
                self.acts.append(part)
            elif isinstance(part, HangUp | Transfer):
                self.ended = part
        return " ".join(part.text for part in parts if isinstance(part, Say))

    async def talk(self, *texts: str) -> list[str]:
        return [await self.say(text) for text in texts]

    def act(self, name: str) -> Act:
        found = [act for act in self.acts if act.name == name]
        assert found, f"no {name} among {[act.name for act in self.acts]}"
        return found[-1]


def booked(book: Book) -> list[Reservation]:
    return book.rows(ReservationStatus.CONFIRMED)


def held(book: Book) -> list[Reservation]:
    return book.rows(ReservationStatus.HELD)


def take(book: Book, day: date, at: time, party_size: int, phone: str = "+14155550199") -> Reservation:
    """Somebody else books."""
    starts_at = local(book, day, at)
    other = uuid4()
    found = book.availability(SlotQuery(starts_at, party_size), other)
    assert found.exact is not None
    row = book.put(found.exact, other, Guest("Pat Doe", phone), ReservationStatus.CONFIRMED)
    return cast(Reservation, row)


def local(book: Book, day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZoneInfo(book.business.timezone))
