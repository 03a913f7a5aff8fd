"""Values for the slots of an agent's own flow, read from a caller's words."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import (
    AskKnowledge,
    Command,
    Confirm,
    Deny,
    NotUnderstood,
    RejectedField,
    RejectedSlot,
    SetField,
    SetSlot,
    SmallTalk,
)
from reception.dialogue.custom.choices import answered_choice, named_choices
from reception.dialogue.kinds.registry import spoken_name
from reception.dialogue.understanding.answers import is_no, leading_no, leading_yes
from reception.dialogue.understanding.parsers.amounts import find_amounts, read_amount
from reception.dialogue.understanding.parsers.normalize import tokenize, words_of
from reception.ports.definition import LONGEST_VALUE, SlotDefinition, SlotType

NUMERIC = frozenset({SlotType.NUMBER, SlotType.AMOUNT})
_QUESTION = re.compile(
    r"^\W*(?:(?:and|but|so|oh|wait|sorry|um|well)\W+)*(?:what|when|where|which|who|why|how|do you|does|is there|"
    r"are there|are you|can you|could you|will you)\b",
    re.IGNORECASE,
)
_FILLED = re.compile(r"^\W*(?:(?:um|uh|er|well|so|oh|okay|yes|yeah|sure)\b[\s,.]*)+", re.IGNORECASE)
_DECLINES = re.compile(
    r"^(?:(?:sorry|well|um|oh|no|actually|honestly) )*"
    r"(?:no|none|nothing|skip(?: it| that)?|not really|no idea|not sure|"
    r"(?:i )?(?:do|would|can) not (?:know|remember|have (?:one|any|it|that)|want to|think so|need (?:one|any|it))|"
    r"i am not sure|i have no idea|i have not got (?:one|any|it)|not (?:at hand|with me)|rather not(?: say)?|nope)"
    r"(?: (?:at hand|with me|on me|here|please|thanks|thank you|really|sorry|i do not|right now|now|yet|at the "
    r"moment))*$"
)


def is_declined(text: str) -> bool:
    """Whether the caller has nothing to say to a question that may go unanswered."""
    words = words_of(tokenize(text))
    return is_no(words) or _DECLINES.match(words) is not None


def is_question(text: str) -> bool:
    """Whether `text` has the form of a question."""
    return text.rstrip().endswith("?") or _QUESTION.match(text) is not None


def read_answer(slot: SlotDefinition, text: str, commands: Sequence[Command]) -> SetField | RejectedField | None:
    """What `text` answers to the question for `slot`, for the types that the product's own slots do not have."""
    match slot.type:
        case SlotType.TEXT:
            return _read_text(slot, text, commands)
        case SlotType.NUMBER | SlotType.AMOUNT:
            return _read_number(slot, text)
        case SlotType.CHOICE:
            value = answered_choice(slot.choices, text)
            if value is not None:
                return SetField(slot.name, value, text)
            return RejectedField(slot.name, "ambiguous", text) if len(named_choices(slot.choices, text)) > 1 else None
        case SlotType.YES_NO:
            return _read_yes_no(slot, text, commands)
        case _:
            return None


def read_mentions(slots: Sequence[SlotDefinition], text: str) -> list[SetField]:
    """Choices that are named in passing, where just one of a slot's is."""
    found = []
    for slot in slots:
        named = named_choices(slot.choices, text) if slot.type is SlotType.CHOICE else []
        if len(named) == 1:
            found.append(SetField(slot.name, named[0], text))
    return found


def named_slot(slots: Sequence[SlotDefinition], text: str) -> SlotDefinition | None:
    """The slot whose name is said: "the frame number"."""
    words = f" {words_of(tokenize(text))} "
    named = [slot for slot in slots if f" {spoken_name(slot.name)} " in words]
    return named[-1] if named else None


def read_corrections(slots: Sequence[SlotDefinition], text: str, commands: Sequence[Command]) -> list[SetField]:
    """What a caller who is read back to puts right: a choice by its name, the flow's only number by a number."""
    numbers = [slot for slot in slots if slot.type in NUMERIC]
    others = any(isinstance(command, SetSlot | RejectedSlot) and _has_digits(command.raw) for command in commands)
    found = read_mentions(slots, text)
    if len(numbers) == 1 and not others and find_amounts(text):
        number = _read_number(numbers[0], text)
        found += [number] if isinstance(number, SetField) else []
    return found


def _has_digits(raw: str) -> bool:
    return bool(find_amounts(raw)) or any(character.isdecimal() for character in raw)


def _read_text(slot: SlotDefinition, text: str, commands: Sequence[Command]) -> SetField | None:
    asks = any(isinstance(command, AskKnowledge) for command in commands)
    if asks and is_question(text):
        return None
    lone = [command for command in commands if isinstance(command, Confirm | Deny | SmallTalk | NotUnderstood)]
    unclear = all(isinstance(command, NotUnderstood) and command.reason == "unclear" for command in lone)
    if len(lone) == len(commands) and not unclear and len(text.split()) <= 4:
        return None
    said = _FILLED.sub("", text.strip())[:LONGEST_VALUE].strip()
    return SetField(slot.name, said, text) if said else None


def _read_number(slot: SlotDefinition, text: str) -> SetField | RejectedField | None:
    value = read_amount(text, money=slot.type is SlotType.AMOUNT)
    if value is None:
        return None
    whole = int(value) if value == int(value) and abs(value) < 1e15 else value
    return SetField(slot.name, whole, text)


def _read_yes_no(slot: SlotDefinition, text: str, commands: Sequence[Command]) -> SetField | None:
    words = words_of(tokenize(text))
    yes = any(isinstance(each, Confirm) or each == SmallTalk("acknowledge") for each in commands) or leading_yes(words)
    no = any(isinstance(command, Deny) for command in commands) or leading_no(words)
    return SetField(slot.name, bool(yes), text) if bool(yes) is not bool(no) else None
