"""What callers say in words of their own: messages, and special wishes for a booking."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import Command, Flow, SetSlot, SlotName
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.clauses import Clause, split
from reception.dialogue.understanding.home_wishes import read_home
from reception.dialogue.understanding.intents import Reading, read_clause
from reception.dialogue.understanding.messages import asks_us, read_dictated_message
from reception.dialogue.understanding.parsers.normalize import Token, quote
from reception.dialogue.understanding.rules import Intent
from reception.dialogue.understanding.slots import gather
from reception.dialogue.understanding.special_wishes import NOTES

_MERE_PHRASES = frozenset(
    {Intent.DENY, Intent.GOODBYE, Intent.THANKS, Intent.CONFIRM, Intent.WAIT, Intent.ACKNOWLEDGE, Intent.GREETING}
) | {Intent.ABUSE, Intent.LISTEN}
_LONGEST_PHRASE = 6
_WISHED = re.compile(
    r"^(?:(?:yes|please|no)\b[\s,]*)*(?:and\s+)?(?:(?:can|could|may|would) (?:i|we|you) (?:please |also |maybe )*"
    r"(?:add|get|have|put|note|bring|mention|say)(?: (?:to|on|in|for|with) (?:my|our) \w+)?(?: that)?|"
    r"(?:we|i)(?:'d| would| will|'ll)? (?:also )?(?:need|like|want))(?: to have)?\s+",
    re.IGNORECASE,
)
LEADING_JOINTS = re.compile(
    r"^(?:(?:and|but|also|so|oh|then|plus|well|um|uh|okay|hi|hello|hey)\b[\s,]*)+", re.IGNORECASE
)
_CONTACT_AND_TIME = frozenset({SlotName.NAME, SlotName.PHONE, SlotName.EMAIL, SlotName.DATE, SlotName.TIME})
_NO_WISH = re.compile(
    r"\b(?:no|not any|without any) (?:special |particular |known |dietary |food )*(?:allerg|dietary|requ|needs|"
    r"wishes)"
)
_LONGEST_NOTE = 300


def read_notes(
    text: str, tokens: Sequence[Token], clauses: Sequence[Clause], places: Sequence[str] = ()
) -> list[tuple[int, Command]]:
    """Special wishes in `clauses`, in the words they were said in, as one note. The names of `places` are none."""
    notes: list[str] = []
    end = 0
    for clause in clauses:
        if not NOTES.search(_without(places, clause.words)) or _NO_WISH.search(clause.words):
            continue
        said = quote(text, tokens, clause.start, clause.end)
        notes.append(_WISHED.sub("", LEADING_JOINTS.sub("", said)).strip(" ,.?!"))
        end = clause.end
    note = "; ".join(dict.fromkeys(note for note in notes if note))[:_LONGEST_NOTE]
    return [(end, SetSlot(SlotName.NOTES, note, note))] if note else []


def _without(places: Sequence[str], words: str) -> str:
    for place in places:
        words = words.replace(place.lower(), "")
    return words


def read_free_text(text: str, tokens: Sequence[Token], context: UnderstandingContext) -> list[Command] | None:
    """A message or a wish, taken as it is said, unless the caller wants something else of us."""
    probe = UnderstandingContext(context.business, context.now, flow=context.flow, slots=context.slots)
    clauses = split(tokens)
    readings = [read_clause(clause, (), probe) for clause in clauses]
    intents = {intent for reading in readings for intent in reading.intents}
    if Intent.HUMAN in intents or Intent.CANCEL_FLOW in intents or Intent.REPEAT in intents:
        return None
    if len(tokens) <= _LONGEST_PHRASE and intents and intents <= _MERE_PHRASES:
        return None
    if context.flow is Flow.LEAD and _asks(text, clauses, readings):
        return None
    if context.flow is Flow.LEAVE_MESSAGE:
        asks = all(Intent.QUESTION in each.intents for each in readings) and asks_us(tokens)
        return None if asks else [*read_dictated_message(text, tokens, context)]
    message = context.flow is Flow.LEAD
    if not message and Intent.QUESTION in intents and not any(NOTES.search(clause.words) for clause in clauses):
        return None
    said = text.strip()
    if context.flow is Flow.LEAD:
        return [
            *read_home(text, tokens),
            *_contact_and_time(text, tokens, context),
            SetSlot(SlotName.MESSAGE, said, said),
        ]
    return [SetSlot(SlotName.MESSAGE if message else SlotName.NOTES, said, said)]


def _asks(text: str, clauses: Sequence[Clause], readings: Sequence[Reading]) -> bool:
    """Whether it is a question of the caller's, in place of an answer."""
    asked = [clause for clause, reading in zip(clauses, readings, strict=True) if Intent.QUESTION in reading.intents]
    return bool(asked) and (text.rstrip().endswith("?") or len(asked) == len(clauses))


def _contact_and_time(text: str, tokens: Sequence[Token], context: UnderstandingContext) -> list[SetSlot]:
    """Who somebody is and when they can come, where they say so along with something else."""
    found = gather(text, tokens, context, booking=False)
    return [
        SetSlot(one.slot, one.value, quote(text, tokens, one.start, one.end))
        for one in found
        if one.slot in _CONTACT_AND_TIME and one.value is not None
    ]
