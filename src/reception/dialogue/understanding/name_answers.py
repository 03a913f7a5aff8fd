"""Answers to the question for a name that other rules would take for something else, or that are no names."""

from collections.abc import Sequence

from reception.dialogue.commands import Command, RejectedSlot, SetSlot, SlotName
from reception.dialogue.context import UnderstandingContext
from reception.dialogue.understanding.parsers.name_words import NEVER, WORDS_TOO
from reception.dialogue.understanding.parsers.names import title_case
from reception.dialogue.understanding.parsers.no_names import NO_NAME
from reception.dialogue.understanding.parsers.normalize import Token, quote, word_set
from reception.dialogue.understanding.parsers.phones import find_phones

_BEFORE = word_set("it is my name the i am this under put")
_LONGEST = 3


def read_name_answer(text: str, tokens: Sequence[Token], context: UnderstandingContext) -> list[Command] | None:
    """A name that begins with a common word ("Will May", "Sunday Adeyemi"), or figures in place of one."""
    if not any(map(str.isalpha, text)):
        dialled = any(found.value for found in find_phones(tokens, context.business.region, expected=True))
        return None if dialled else [RejectedSlot(SlotName.NAME, NO_NAME, text[:40])]
    start = next((at for at, token in enumerate(tokens) if token.word not in _BEFORE), len(tokens))
    named = tokens[start:]
    if "?" in text or not 0 < len(named) <= _LONGEST or named[0].word not in WORDS_TOO:
        return None
    if any(not token.word.isalpha() or token.word in NEVER for token in named[1:]):
        return None
    if named[0].word != "will" and not (len(named) > 1 and all(text[token.start].isupper() for token in named)):
        return None
    raw = quote(text, tokens, start, len(tokens))
    return [SetSlot(SlotName.NAME, title_case(raw), raw)]
