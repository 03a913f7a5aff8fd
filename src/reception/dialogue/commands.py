"""What a caller's words ask for. Understanding proposes commands; flows decide what becomes of them."""

from dataclasses import dataclass, fields
from datetime import date, time
from enum import StrEnum
from typing import TypeAlias


class Flow(StrEnum):
    """The things a caller can set about."""

    NEW_RESERVATION = "new_reservation"
    CHANGE_RESERVATION = "change_reservation"
    CANCEL_RESERVATION = "cancel_reservation"
    FIND_RESERVATION = "find_reservation"
    CONFIRM_AGAIN = "confirm_again"
    RUNNING_LATE = "running_late"
    WAITLIST = "waitlist"
    LEAVE_WAITLIST = "leave_waitlist"
    LEAVE_MESSAGE = "leave_message"
    LEAD = "lead"
    CUSTOM = "custom"
    """One of the agent's own, named beside it."""


class SlotName(StrEnum):
    """What a flow may need to know."""

    PARTY_SIZE = "party_size"
    DATE = "date"
    TIME = "time"
    NIGHTS = "nights"
    PLACE = "place"
    SERVICE = "service"
    STAFF = "staff"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    NOTES = "notes"
    MESSAGE = "message"
    RECIPIENT = "recipient"
    MINUTES = "minutes"
    PURPOSE = "purpose"
    AREA = "area"
    BEDROOMS = "bedrooms"
    BUDGET = "budget"
    TIMING = "timing"
    FINANCING = "financing"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A local time. `certain` is false when morning or evening was left open ("at 7") and hours must decide."""

    time: time
    certain: bool = True


SlotValue: TypeAlias = int | str | date | TimeOfDay
"""PARTY_SIZE, NIGHTS, MINUTES (late), BEDROOMS, BUDGET: int. PURPOSE: `buy`, `rent`, `sell`, `let`.
DATE: date. TIME: TimeOfDay. PHONE: E.164 str. The rest: str."""


FieldValue: TypeAlias = str | int | float | bool
"""Of a slot that a tenant defined: dates and times as ISO text, phone numbers as E.164."""


@dataclass(frozen=True, slots=True)
class StartFlow:
    """`name` is that of the agent's own flow where `flow` is CUSTOM."""

    flow: Flow
    name: str = ""


@dataclass(frozen=True, slots=True)
class SetField:
    """A value for a slot `name` of the agent's own flow. `raw` is the stretch of words that it was read from."""

    name: str
    value: FieldValue
    raw: str = ""


@dataclass(frozen=True, slots=True)
class RejectedField:
    """Something was given for the slot `name` that is no value of its type, `reason` `ambiguous`; or what was
    there is to be given again, `wrong`."""

    name: str
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Tell:
    """Say the answer that the agent's owner wrote for `intent`."""

    intent: str


@dataclass(frozen=True, slots=True)
class SetSlot:
    """`raw` is the stretch of the caller's words that the value was read from."""

    slot: SlotName
    value: SlotValue
    raw: str = ""


@dataclass(frozen=True, slots=True)
class CorrectSlot:
    """The caller takes back what was there: "no, five people"."""

    slot: SlotName
    value: SlotValue
    raw: str = ""


@dataclass(frozen=True, slots=True)
class RejectedSlot:
    """Something was given for `slot` that cannot be taken as it is; `reason`: `invalid_phone`, `incomplete_phone`,
    `invalid_email`, `past_date`, `no_such_date`, `out_of_range`, `ambiguous`; `no_name` of what nobody is called;
    `either` of several values, which `raw` holds with "|" between; `contradictory`, the same for a day whose weekday
    and date differ; `more_than` the number in `raw`; `before_arrival`, of a departure. `any` of a time or a person that
    is left to us, `other` of a time that is none of those offered, `else` of anybody but the person spoken of."""

    slot: SlotName
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class ChooseOption:
    """Picks one of what was offered; `index` counts from 0, -1 is the last."""

    index: int


@dataclass(frozen=True, slots=True)
class Confirm:
    pass


@dataclass(frozen=True, slots=True)
class Deny:
    pass


@dataclass(frozen=True, slots=True)
class CancelFlow:
    """Leave what we were doing ("never mind"); not the cancelling of a reservation."""


@dataclass(frozen=True, slots=True)
class AskKnowledge:
    question: str


@dataclass(frozen=True, slots=True)
class RequestHuman:
    """`target` is the transfer target that was asked for, empty for whoever is there."""

    target: str = ""


@dataclass(frozen=True, slots=True)
class Repeat:
    """ "What did you say?\""""


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """`kind`: `greeting`, `thanks`, `how_are_you`, `are_you_human`, `wait`, `acknowledge`; `listen` ("stop!") makes
    the agent be quiet; `early` is a yes to a question that was not heard yet. `chat` is anything else, with the
    `reply` that a language model proposes."""

    kind: str
    reply: str = ""


@dataclass(frozen=True, slots=True)
class Goodbye:
    pass


@dataclass(frozen=True, slots=True)
class Later:
    """A second wish of the same turn, in the caller's words: taken up once the first is done."""

    text: str


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Nothing could be made of the words; `reason`: `empty`, `unclear`, `other_language`, `abusive`; `unsupported`
    where the agent does not do what was asked for."""

    reason: str = "unclear"


Command: TypeAlias = (
    StartFlow
    | SetSlot
    | CorrectSlot
    | RejectedSlot
    | SetField
    | RejectedField
    | Tell
    | ChooseOption
    | Confirm
    | Deny
    | CancelFlow
    | AskKnowledge
    | RequestHuman
    | Repeat
    | SmallTalk
    | Goodbye
    | Later
    | NotUnderstood
)


def command_text(command: Command) -> str:
    """A command for the record: `SetSlot(party_size, 4)`."""
    values = (str(getattr(command, each.name)) for each in fields(command) if each.name not in {"raw", "reply"})
    return f"{type(command).__name__}({', '.join(value for value in values if value)})"
