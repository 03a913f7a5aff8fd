"""Corrections of a part of a telephone number: "it ends in 0143", "the last digit is a three", "0143, not 0142"."""

import re
from collections.abc import Sequence

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import Token, word_at, words_of
from reception.dialogue.understanding.parsers.phones import find_dictated, read_number

_ENDS = re.compile(
    r"\b(?:ends? (?:in|with)|ending (?:in|with|is)|last (?:(?:\w+ )?digits?|one|bit|part|number|few)"
    r"(?: (?:is|are|should be|was|were|were meant to be))?|finishes (?:in|with|on))(?: (?:a|an|the|not|actually|it))*$"
)
_LONGEST_TAIL = 9


def find_mended_tail(tokens: Sequence[Token], known: str, region: str) -> list[Found]:
    """The number `known` (E.164) with its last digits as they are given anew; nothing where none are."""
    if not known:
        return []
    runs = find_dictated(tokens, region, expected=False)
    for run in runs:
        if not 1 <= len(run.digits) <= _LONGEST_TAIL:
            continue
        negated = word_at(tokens, run.start - 1) == "not" and not tokens[run.start - 1].gap
        if not negated and _ENDS.search(words_of(tokens[: run.start])):
            return _mended(known, len(run.digits), run.digits, run.start, run.end, region)
    return _replaced(tokens, known, region)


def _replaced(tokens: Sequence[Token], known: str, region: str) -> list[Found]:
    """ "0143, not 0142" and "not 0142 but 0143"."""
    runs = [run for run in find_dictated(tokens, region, expected=False) if len(run.digits) > 1]
    if len(runs) != 2:
        return []
    wrong = [run for run in runs if word_at(tokens, run.start - 1) in {"not", "of"}]
    right = [run for run in runs if run not in wrong]
    if len(wrong) != 1 or len(right[0].digits) != len(wrong[0].digits) or not known.endswith(wrong[0].digits):
        return []
    start, end = runs[0].start, runs[1].end
    return _mended(known, len(wrong[0].digits), right[0].digits, start, end, region)


def _mended(known: str, length: int, digits: str, start: int, end: int, region: str) -> list[Found]:
    number, _ = read_number(known[: len(known) - length] + digits, region)
    return [Found(SlotName.PHONE, start, end, number)] if number else []
