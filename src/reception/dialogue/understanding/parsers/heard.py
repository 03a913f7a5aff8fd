"""Words that transcription writes for others which sound the same, told by what was asked for."""

from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.understanding.parsers.normalize import HOURS, Token, word_at, word_set
from reception.ports.expectation import Expects

_HALF = word_set("have halve half how hall harf off of huff")
_AROUND = word_set("at about around say maybe please um for then yes okay")
_LONGEST = 5


def as_asked(tokens: tuple[Token, ...], expects: Expects) -> tuple[Token, ...]:
    """`tokens` with "have seven", where a time was asked for, as the half past seven that it is."""
    if expects is not Expects.TIME or len(tokens) > _LONGEST:
        return tokens
    for at, token in enumerate(tokens):
        if token.word in _HALF and _hour_follows(tokens, at + 1) and _is_all(tokens, at):
            return (*tokens[:at], replace(token, word="half"), *tokens[at + 1 :])
    return tokens


def _hour_follows(tokens: Sequence[Token], at: int) -> bool:
    return word_at(tokens, at) in HOURS


def _is_all(tokens: Sequence[Token], at: int) -> bool:
    others = [token.word for index, token in enumerate(tokens) if index not in {at, at + 1}]
    return all(word in _AROUND for word in others)
