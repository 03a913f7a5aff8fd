"""Booking references as callers quote them."""

from collections.abc import Sequence

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import read_below_hundred
from reception.dialogue.understanding.parsers.spelling import find_spelled

_KINDS = frozenset({"reference", "confirmation", "booking", "reservation", "ref"})
_JOINTS = word_set("number code is it it's dash hyphen and then id")
_SHORTEST, _LONGEST = 3, 14
_OUR_LENGTH = 6
_NOT_CODES = word_set("number please thanks should cannot friday sunday monday myself change cancel before second")


def find_references(tokens: Sequence[Token]) -> list[Found]:
    """What follows "reference", "booking number" and the like, in capitals without spaces; and codes of our own form
    wherever they stand."""
    found = _find_cued(tokens)
    if found:
        return found
    for at in range(len(tokens)):
        value, end = _read_glued(tokens, at)
        if len(value) == _OUR_LENGTH and any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
            return [Found(SlotName.REFERENCE, at, end, value)]
    return []


def _find_cued(tokens: Sequence[Token]) -> list[Found]:
    found: list[Found] = []
    for at, token in enumerate(tokens):
        following = word_at(tokens, at + 1)
        if token.word not in _KINDS or (token.word not in {"reference", "ref"} and following not in {"number", "code"}):
            continue
        start = at + 1
        while word_at(tokens, start) in _JOINTS:
            start += 1
        value, end = _read_glued(tokens, start)
        if len(value) == _OUR_LENGTH and value.isalpha() and end == start + 1 and value.lower() in _NOT_CODES:
            continue
        if len(value) < _OUR_LENGTH or end <= start + 1:
            value, end = _read_code(tokens, start)
        ours = len(value) == _OUR_LENGTH and (token.word == "reference" or end > start + 1)
        if _SHORTEST <= len(value) <= _LONGEST and (any(map(str.isdigit, value)) or ours):
            found.append(Found(SlotName.REFERENCE, at, end, value))
    return found


def _read_glued(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    """Letters and figures written together, "MFEH79", or each by itself, "M F E H 7 9"."""
    value, start = "", at
    while at < len(tokens) and tokens[at].word.isalnum() and len(value) < _OUR_LENGTH:
        glued = at == start or tokens[at - 1].end == tokens[at].start
        single = len(tokens[at].word) == 1 and (at == start or len(tokens[at - 1].word) == 1)
        if not (glued or single):
            break
        value, at = value + tokens[at].word.upper(), at + 1
    return value, at


def _read_code(tokens: Sequence[Token], at: int) -> tuple[str, int]:
    spelled = {run.start: run for run in find_spelled(tokens[at:])}
    value, start = "", at
    while at < len(tokens):
        if len(value) >= _SHORTEST and tokens[at - 1].gap[:1] in {".", "!", "?"}:
            break
        word = tokens[at].word
        run = spelled.get(at - start)
        number = read_below_hundred(tokens, at)
        if run is not None:
            value, at = value + run.word.upper(), start + run.end
        elif number is not None:
            value, at = value + str(number.value), number.end
        elif word.isdecimal() or (len(word) == 1 and word.isalpha()):
            value, at = value + word.upper(), at + 1
        elif word in {"oh", "dash", "hyphen"} and value:
            value, at = value + ("0" if word == "oh" else ""), at + 1
        elif not value and len(word) <= 3 and word_at(tokens, at + 1).isdecimal():
            value, at = word.upper(), at + 1
        else:
            break
    return value, at
