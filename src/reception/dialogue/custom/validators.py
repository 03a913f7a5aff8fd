"""Whether a value may be a slot's, by what its owner allows."""

from datetime import date, timedelta

from reception.core.patterns import matches_whole
from reception.dialogue.commands import FieldValue
from reception.dialogue.custom.wording import say_value
from reception.dialogue.spoken import say_day
from reception.dialogue.turn import TurnScene
from reception.dialogue.understanding.parsers.normalize import tokenize
from reception.dialogue.understanding.parsers.numbers import UNITS
from reception.ports.definition import SlotDefinition, SlotType


def accepted(slot: SlotDefinition, value: FieldValue) -> FieldValue:
    """`value` in the form that the slot's pattern wants, where what was said comes to that."""
    if slot.type is not SlotType.TEXT or not slot.pattern:
        return value
    for form in _forms(str(value)):
        if matches_whole(slot.pattern, form):
            return form
    return value


def complaint_about(slot: SlotDefinition, value: FieldValue, scene: TurnScene) -> str:
    """What is said to a value that may not be; empty for one that may."""
    detail = _problem(slot, value, scene)
    return (slot.invalid or detail) if detail else ""


def _problem(slot: SlotDefinition, value: FieldValue, scene: TurnScene) -> str:
    match slot.type:
        case SlotType.NUMBER | SlotType.AMOUNT:
            return _out_of_bounds(slot, float(value), scene)
        case SlotType.DATE:
            return _wrong_day(slot, date.fromisoformat(str(value)), scene.now.date())
        case SlotType.TEXT:
            length = len(str(value))
            if slot.minimum is not None and length < slot.minimum:
                return "I'm afraid I need a little more than that."
            if slot.maximum is not None and length > slot.maximum:
                return "I'm afraid that is too long."
            if slot.pattern and not matches_whole(slot.pattern, str(value)):
                return "I'm afraid that doesn't look right."
            return ""
        case _:
            return ""


def _out_of_bounds(slot: SlotDefinition, value: float, scene: TurnScene) -> str:
    if slot.minimum is not None and value < slot.minimum:
        return f"I'm afraid it has to be at least {say_value(slot, _plain(slot.minimum), scene)}."
    if slot.maximum is not None and value > slot.maximum:
        return f"I'm afraid it can be at most {say_value(slot, _plain(slot.maximum), scene)}."
    return ""


def _wrong_day(slot: SlotDefinition, value: date, today: date) -> str:
    if slot.minimum is not None and value < (first := today + timedelta(days=int(slot.minimum))):
        return f"I'm afraid {say_day(first)} is the earliest."
    if slot.maximum is not None and value > (last := today + timedelta(days=int(slot.maximum))):
        return f"I'm afraid {say_day(last)} is the latest."
    return ""


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _forms(said: str) -> list[str]:
    """Ways to write what was said: as it is, without spaces, and with the digits that were said as words."""
    words = [token.word for token in tokenize(said)]
    digits = [str(UNITS[word]) if word in UNITS else word for word in words]
    tails = ["".join(digits[at:]).upper() for at in range(len(digits))]
    return [said.strip(" .,!?"), *dict.fromkeys((*tails, "".join(words).upper()))]
