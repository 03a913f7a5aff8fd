"""What a conversation has come to: a frozen value that a turn replaces, and that is stored as JSON after each."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import cast
from uuid import UUID

from pydantic import TypeAdapter

from reception.dialogue.commands import Flow, SlotName, SlotValue, TimeOfDay
from reception.dialogue.custom.progress import CustomProgress
from reception.ports.booking import Reservation, Slot, WaitlistEntry
from reception.ports.dialogue import Json

PROVING_DIGITS = 4
"""Of the phone number on a booking, the last: who knows them may change it."""


class Question(StrEnum):
    """What the agent asked last; the next turn is read as an answer to it."""

    HOW_HELP = "how_help"
    HOW_LATE = "how_late"
    OFFER_WAITLIST = "offer_waitlist"
    CONFIRM_WAITLIST = "confirm_waitlist"
    CONFIRM_LEAVE_WAITLIST = "confirm_leave_waitlist"
    TAKE_OFFER = "take_offer"
    PARTY_AND_WHEN = "party_and_when"
    PARTY = "party"
    WHEN = "when"
    DATE = "date"
    TIME = "time"
    NIGHTS = "nights"
    PLACE = "place"
    SERVICE = "service"
    WHICH_STAFF = "which_staff"
    CHOICE = "choice"
    NAME = "name"
    PHONE = "phone"
    REST_OF_PHONE = "rest_of_phone"
    CALLER_PHONE = "caller_phone"
    READ_BACK = "read_back"
    NEXT_WISH = "next_wish"
    WHAT_TO_CHANGE = "what_to_change"
    FIND = "find"
    LAST_DIGITS = "last_digits"
    WHICH_RESERVATION = "which_reservation"
    CONFIRM_CHANGE = "confirm_change"
    CONFIRM_CANCEL = "confirm_cancel"
    MESSAGE = "message"
    LOOKING_FOR = "looking_for"
    PURPOSE = "purpose"
    AREA = "area"
    BEDROOMS = "bedrooms"
    BUDGET = "budget"
    TIMING = "timing"
    FINANCING = "financing"
    VIEWING_TIME = "viewing_time"
    CONFIRM_LEAD = "confirm_lead"
    CUSTOM_SLOT = "custom_slot"
    CUSTOM_CONFIRM = "custom_confirm"
    OFFER_MESSAGE = "offer_message"
    ANYTHING_ELSE = "anything_else"


@dataclass(frozen=True, slots=True)
class Details:
    """What the caller has said of what they want; fields as in `SlotName`. `any_place` waives `place`.

    `or_days`, `or_times`, `or_party` and `or_nights` are what was given to choose from ("Friday or Saturday"), not
    settled on; `above_party` is what the party is larger than.
    `any_staff`: whoever is free will do, `staff` being a wish only; `other_than` is the person it is not to be with.
    `cheapest`: of the rooms that are free, the one that costs least.
    `asked` are the questions of an enquiry that are done with, answered or not: none of them is put again; with a "?"
    those that were answered wrongly once.
    `part` is the part of the day that was named with it. `more_people`, `more_nights` and `more_minutes` are steps from
    what is booked; `new_name`, `new_phone` and `new_email` are to replace what is on a booking.
    """

    party_size: int | None = None
    day: date | None = None
    time: TimeOfDay | None = None
    nights: int | None = None
    place: str = ""
    any_place: bool = False
    service: str = ""
    staff: str = ""
    any_staff: bool = False
    other_than: str = ""
    name: str = ""
    phone: str = ""
    email: str = ""
    notes: str = ""
    message: str = ""
    recipient: str = ""
    reference: str = ""
    minutes: int | None = None
    purpose: str = ""
    area: str = ""
    bedrooms: int | None = None
    budget: int | None = None
    timing: str = ""
    financing: str = ""
    asked: tuple[str, ...] = ()
    part: str = ""
    or_days: tuple[date, ...] = ()
    or_times: tuple[TimeOfDay, ...] = ()
    or_party: tuple[int, ...] = ()
    or_nights: tuple[int, ...] = ()
    above_party: int = 0
    cheapest: bool = False
    more_people: int = 0
    more_nights: int = 0
    more_minutes: int = 0
    new_name: str = ""
    new_phone: str = ""
    new_email: str = ""

    def with_slot(self, slot: SlotName, value: SlotValue) -> "Details":
        """These details with `slot` set. A value of a type that the slot cannot hold is ignored."""
        name = "day" if slot is SlotName.DATE else slot.value
        if not isinstance(value, _TYPES.get(slot, str)) or isinstance(value, bool):
            return self
        known: dict[str, object] = {name: value}
        return replace(self, **known)  # type: ignore[arg-type]

    def as_slots(self) -> dict[SlotName, SlotValue]:
        """What is known, by slot name."""
        found: dict[SlotName, SlotValue] = {}
        for slot in SlotName:
            value = getattr(self, "day" if slot is SlotName.DATE else slot.value)
            if value not in (None, ""):
                found[slot] = value
        return found

    def caller_only(self) -> "Details":
        """Who is calling, without what they wanted."""
        return Details(name=self.name, phone=self.phone, email=self.email)


_TYPES: dict[SlotName, type] = {
    SlotName.PARTY_SIZE: int,
    SlotName.NIGHTS: int,
    SlotName.MINUTES: int,
    SlotName.BEDROOMS: int,
    SlotName.BUDGET: int,
    SlotName.DATE: date,
    SlotName.TIME: TimeOfDay,
}


@dataclass(frozen=True, slots=True)
class DialogueState:
    """One conversation after `turn`.

    `slot` is what the flow is about to book and holds; `offered` what was last offered, in spoken order; `target` the
    reservation that is to be changed or cancelled, `found` those it may be; `booked` the last one made or moved here.

    `full`: what was wanted is taken, and something else was offered. `waiting` is the place in line that the caller
    has, with what is offered to them.
    `attempts` counts turns that brought the pending `question` no further, `stalled` those that did not answer it.
    `later` are further wishes, in the caller's words, that wait until what is being done is done.
    `listed` is the question whose answer is a list too long to be said at once, with how many are `listed_so_far`.
    `custom` is how far a flow of the agent's own is. `misdialled` counts numbers that could be none,
    `wrong_digits` those that are not the number of the booking that was named, in the whole call. `leaving`: the
    caller said goodbye along with what is being done. `given_up` is what was to be booked until the caller left it,
    what they had cancelled, or what a question was about that could be booked; `moved_from` is what the one that was
    changed last was before. `transfer_to` is the phone number of whom the caller is put through to, which ends it.
    """

    turn: int = 0
    flow: Flow | None = None
    question: Question = Question.HOW_HELP
    details: Details = field(default_factory=Details)
    slot: Slot | None = None
    offered: tuple[Slot, ...] = ()
    target: Reservation | None = None
    found: tuple[Reservation, ...] = ()
    booked: Reservation | None = None
    waiting: WaitlistEntry | None = None
    lead_kind: str = ""
    custom: CustomProgress | None = None
    phone_digits: str = ""
    misdialled: int = 0
    wrong_digits: int = 0
    caller_phone: str = ""
    caller_phone_refused: bool = False
    attempts: int = 0
    stalled: int = 0
    last_reply: tuple[str, ...] = ()
    leaving: bool = False
    given_up: Details | None = None
    moved_from: Reservation | None = None
    later: tuple[str, ...] = ()
    listed: str = ""
    listed_so_far: int = 0
    full: bool = False
    ended: bool = False
    transfer_to: str = ""

    @property
    def remembered(self) -> frozenset[UUID]:
        """The ids of the reservations that were read in an earlier turn."""
        return frozenset(row.reservation_id for row in (self.target, self.booked, *self.found) if row is not None)

    def without_flow(self) -> "DialogueState":
        """The flow left behind, who is calling kept."""
        return replace(
            self,
            flow=None,
            question=Question.ANYTHING_ELSE,
            details=self.details.caller_only(),
            slot=None,
            offered=(),
            target=None,
            found=(),
            lead_kind="",
            custom=None,
            phone_digits="",
            misdialled=0,
        )


_ADAPTER: TypeAdapter[DialogueState] = TypeAdapter(DialogueState)


def to_json(state: DialogueState) -> Mapping[str, Json]:
    return cast(Mapping[str, Json], _ADAPTER.dump_python(state, mode="json"))


def from_json(stored: Mapping[str, Json]) -> DialogueState:
    """The state that `to_json` wrote; what an older version did not know has its default."""
    return _ADAPTER.validate_python(stored)
