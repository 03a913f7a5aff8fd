"""What a message is, where it is given along with the wish to leave one, and what of the words is only who left it."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import SetSlot, SlotName
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, quote, word_set, words_of
from reception.dialogue.understanding.slots import gather

_TELLS = re.compile(r"\b(?:tell|inform|remind|pass|know|ask|saying|message is)\b")
_STOCK = word_set("""
    hi hello hey good morning afternoon evening yes no please thanks thank you okay and so but just um uh well oh the
    a an my your our his her this that it its is am are was be been i we me us he she they them
    can could would will may might should like want need have has had got get
    leave take pass on give send along call phone ring contact text back somebody someone anybody anyone message
    messages for to from with of in at by tell let know ask inform remind saying say says said urgent quick short if
    whether about regarding concerning when possible soon later again there here name number reach talk speak now
    i'm i'd i've it's that's who what which one do not does did
    """)
_FEWEST_TOLD, _FEWEST_LEFT = 1, 2
"""Words that make a message after "tell Maria", and after "leave a message"."""
_OWN_NUMBER = re.compile(
    r"\b(?:my (?:\w+ )?(?:number|phone|mobile|cell)|(?:reach|call|ring|phone|text|get) me|i am|we are|it is|this is)\b"
)
_ASKS_US = re.compile(r"\b(?:you|your)\b")
_CONCERNS_THEM = re.compile(
    r"\b(?:i|me|my|mine|we|us|our|he|him|his|she|her|they|them|their|call|ring|message|tell|ask)\b"
)
_SAID_OF_SELF = frozenset({SlotName.NAME, SlotName.PHONE, SlotName.EMAIL})


def given_message(text: str, tokens: Sequence[Token], context: UnderstandingContext, recipient: str) -> SetSlot | None:
    """The message in `text`, which wishes to leave one: all of it, in the caller's words. None where nothing is left
    once the wish, whom it is for and who is calling are taken away."""
    claimed = {at for one in contact_in(text, tokens, context) for at in range(one.start, one.end)}
    whom = set(recipient.lower().split())
    left = [
        token.word
        for at, token in enumerate(tokens)
        if at not in claimed and token.word not in _STOCK | whom and not token.word.isdecimal()
    ]
    fewest = _FEWEST_TOLD if _TELLS.search(words_of(tokens)) else _FEWEST_LEFT
    said = text.strip()
    return SetSlot(SlotName.MESSAGE, said, said) if len(left) >= fewest else None


def read_dictated_message(text: str, tokens: Sequence[Token], context: UnderstandingContext) -> list[SetSlot]:
    """What is said when the message was asked for: who left it, the message, or both."""
    found = contact_in(text, tokens, context)
    contact = [
        SetSlot(one.slot, one.value, quote(text, tokens, one.start, one.end)) for one in found if one.value is not None
    ]
    claimed = {at for one in found for at in range(one.start, one.end)}
    if contact and all(at in claimed or token.word in _STOCK for at, token in enumerate(tokens)):
        return contact
    said = text.strip()
    return [*contact, SetSlot(SlotName.MESSAGE, said, said)]


def asks_us(tokens: Sequence[Token]) -> bool:
    """Whether a question is one to the business ("what are your hours"), and not the message for somebody there."""
    words = words_of(tokens)
    return _ASKS_US.search(words) is not None and not _CONCERNS_THEM.search(words)


def contact_in(text: str, tokens: Sequence[Token], context: UnderstandingContext) -> list[Found]:
    """Who is calling and on what number, where they say it of themselves: another number in a message is none."""
    found = [one for one in gather(text, tokens, context, booking=False) if one.slot in _SAID_OF_SELF]
    named = any(one.slot is SlotName.NAME for one in found)
    alone = len(tokens) <= sum(one.end - one.start for one in found) + 2
    own = named or alone or _OWN_NUMBER.search(words_of(tokens)) is not None
    return [one for one in found if one.slot is not SlotName.PHONE or own]
