"""Reads the corpus: what callers say, in what situation, and the commands that should come of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from reception.dialogue.commands import (
    AskKnowledge,
    CancelFlow,
    ChooseOption,
    Command,
    Confirm,
    CorrectSlot,
    Deny,
    Flow,
    Goodbye,
    Later,
    NotUnderstood,
    RejectedSlot,
    Repeat,
    RequestHuman,
    SetSlot,
    SlotName,
    SlotValue,
    SmallTalk,
    StartFlow,
    TimeOfDay,
)
from reception.dialogue.context import UnderstandingContext
from reception.ports.booking import Slot
from reception.ports.business import Bookable, BookingRules, Business, BusinessKind, OpeningHours, OpenSpan
from reception.ports.expectation import Expectation, Expects
from reception.ports.rules import Service

PATH = Path(__file__).with_name("corpus.txt")
ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 11, 10, 0, tzinfo=ZONE)

FLOWS = {"new": Flow.NEW_RESERVATION, "change": Flow.CHANGE_RESERVATION, "cancel": Flow.CANCEL_RESERVATION,
         "find": Flow.FIND_RESERVATION, "again": Flow.CONFIRM_AGAIN, "late": Flow.RUNNING_LATE,
         "waitlist": Flow.WAITLIST, "offlist": Flow.LEAVE_WAITLIST,
         "message": Flow.LEAVE_MESSAGE, "lead": Flow.LEAD}  # fmt: skip
SERVICES = tuple(Service(name, timedelta(minutes=45)) for name in ("Haircut", "Full Color", "Blow Dry"))
SLOTS = {"party": SlotName.PARTY_SIZE, **{slot.value: slot for slot in SlotName}}


@dataclass(frozen=True)
class Case:
    """`expected` is in the corpus's own notation, one entry a command."""

    kind: str
    text: str
    context: UnderstandingContext
    expected: tuple[str, ...]
    line: int


def business(kind: str) -> Business:
    """The businesses that the corpus speaks to."""
    evening = (OpenSpan(time(17), time(22)),)
    all_day = (OpenSpan(time(8), time(22)),)
    office = (OpenSpan(time(9), time(17)),)
    always = (OpenSpan(time(0), time(0)),)
    kinds: dict[str, tuple[BusinessKind, OpeningHours, Bookable, tuple[str, ...]]] = {
        "restaurant": (BusinessKind.RESTAURANT, OpeningHours(((),) + (evening,) * 6), Bookable.TABLE, ()),
        "pub": (BusinessKind.RESTAURANT, OpeningHours((evening,) * 7), Bookable.TABLE, ()),
        "brasserie": (BusinessKind.RESTAURANT, OpeningHours((all_day,) * 7), Bookable.TABLE, ()),
        "hotel": (BusinessKind.HOTEL, OpeningHours((always,) * 7), Bookable.ROOM,
                  ("Single Room", "Double Room", "Family Suite", "Sea View Suite")),
        "estate": (BusinessKind.REAL_ESTATE, OpeningHours((office,) * 6 + ((),)), Bookable.VIEWING,
                   ("Rose Cottage, Mill Lane", "12 Harbour Street", "Two-bedroom flat, Castle Road")),
        "salon": (BusinessKind.SALON, OpeningHours((office,) * 6 + ((),)), Bookable.APPOINTMENT, ()),
    }  # fmt: skip
    what, hours, bookable, places = kinds[kind]
    british = kind == "pub"
    return Business(
        tenant_id=UUID(int=1),
        slug=kind,
        name=kind.title(),
        kind=what,
        timezone=str(ZONE),
        region="GB" if british else "US",
        locale="en-GB" if british else "en-US",
        phone="+12125550100",
        address="1 Example Square",
        hours=hours,
        rules=BookingRules(bookable=bookable, services=SERVICES if bookable is Bookable.APPOINTMENT else ()),
        places=places,
        staff=("Ana Silva", "Dana Park") if bookable is Bookable.APPOINTMENT else (),
    )


def cases() -> Iterator[Case]:
    """Every line of the corpus."""
    kind, context = "", situation({})
    for number, line in enumerate(PATH.read_text("utf-8").splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("@"):
            kind, _, rest = line[1:].strip().partition(" ")
            context = situation(
                dict(re.findall(r"(\w+)=(.*?)(?= (?:business|expects|flow|slots|offered|options|caller)=|$)", rest))
            )
            continue
        text, _, expected = line.partition("=>")
        yield Case(kind, text.strip(), context, tuple(part.strip() for part in expected.split(";")), number)


def situation(keys: Mapping[str, str]) -> UnderstandingContext:
    """The context that a line beginning with "@" describes."""
    slots: dict[SlotName, SlotValue] = {}
    for pair in re.split(r"[|]|,(?=\w+\??=)", keys.get("slots", "")):
        name, _, value = pair.partition("=")
        if name:
            slots[SLOTS[name.rstrip("?")]] = _value(name, value)
    offered = tuple(
        Slot(f"slot-{at}", NOW.replace(day=12, hour=int(at[:2]), minute=int(at[3:])), NOW + timedelta(days=2), 2)
        for at in keys.get("offered", "").split(",")
        if at
    )
    options = tuple(option for option in keys.get("options", "").split(";") if option)
    return UnderstandingContext(
        business=business(keys.get("business", "restaurant")),
        now=NOW,
        expectation=Expectation(Expects(keys.get("expects", "anything")), options),
        flow=FLOWS.get(keys.get("flow", "")),
        slots=slots,
        offered=offered,
        caller_phone=keys.get("caller", ""),
    )


def _value(name: str, value: str) -> SlotValue:
    slot = SLOTS[name.rstrip("?")]
    if slot in {SlotName.PARTY_SIZE, SlotName.NIGHTS}:
        return int(value)
    if slot is SlotName.DATE:
        return date.fromisoformat(value)
    if slot is SlotName.TIME:
        return TimeOfDay(time.fromisoformat(value), certain=not name.endswith("?"))
    return value


_SIMPLE = {Confirm: "yes", Deny: "no", CancelFlow: "drop", RequestHuman: "human", Repeat: "repeat", Goodbye: "bye"}
_SHORT = {SlotName.PARTY_SIZE: "party"}


def notate(command: Command) -> str:
    """`command` in the corpus's notation."""
    match command:
        case StartFlow(flow):
            return next(name for name, value in FLOWS.items() if value is flow)
        case SetSlot(slot, value, _) | CorrectSlot(slot, value, _):
            name = _SHORT.get(slot, slot.value)
            if isinstance(value, TimeOfDay):
                name, value = name + ("" if value.certain else "?"), f"{value.time:%H:%M}"
            return f"{'!' if isinstance(command, CorrectSlot) else ''}{name}={value}"
        case RejectedSlot(slot, reason, raw):
            return f"{_SHORT.get(slot, slot.value)}~{reason}:{raw}"
        case AskKnowledge(question):
            return f"ask={question.lower()}"
        case ChooseOption(index):
            return f"choose={index}"
        case SmallTalk(kind):
            return f"talk={kind}"
        case Later(text):
            return f"later={text.lower()}"
        case NotUnderstood(reason):
            return f"huh={reason}"
        case _:
            return _SIMPLE[type(command)]


def agrees(case: Case, commands: list[str]) -> bool:
    """Whether `commands` are those expected; "ask=*" stands for any question, a lone "*" for anything more."""
    expected = list(case.expected)
    if expected[-1] == "*":
        expected.pop()
        commands = commands[: len(expected)]
    return len(expected) == len(commands) and all(map(_same, expected, commands))


def _same(expected: str, got: str) -> bool:
    if expected.endswith("=*"):
        return got.startswith(expected[:-1])
    if "~" in expected and ":" not in expected:
        return got.split(":")[0] == expected
    return got == expected
