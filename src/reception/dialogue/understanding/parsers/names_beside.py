"""Whose a number is: a name said right before it or right after it, told by its capital letters."""

from collections.abc import Collection, Sequence

from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.name_words import PARTICLES
from reception.dialogue.understanding.parsers.names import is_written_as_name, name_end, named_at
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set

_BETWEEN = word_set("on at here is speaking calling my the phone mobile cell telephone number it that this from under")
_AFTER = word_set("and that is it this the name for ask under to call me i am here speaking")
_SAYS_WHO = word_set("is am reach for call contact name ring tell with")
_MOST_BETWEEN = 5
_LONGEST = 4


def find_name_beside(
    text: str, tokens: Sequence[Token], number: Found, taken: Collection[int], strangers: Collection[str]
) -> list[Found]:
    """ "You can reach Dana Reyes at 415 ...", "415 ... and that's Dana Reyes": the name beside `number`, at most one.
    Tokens that are `taken` are something else, `strangers` words that name the business."""
    start, end = _before(text, tokens, number.start, taken)
    if start == end:
        start, end = _after(text, tokens, number.end, taken)
    words = {token.word for token in tokens[start:end]}
    return [named_at(text, tokens, start, end)] if start < end and not words <= set(strangers) else []


def _before(text: str, tokens: Sequence[Token], number: int, taken: Collection[int]) -> tuple[int, int]:
    end = number
    while number - end < _MOST_BETWEEN and word_at(tokens, end - 1) in _BETWEEN and end - 1 not in taken:
        end -= 1
    start = end
    while start > 0 and end - start < _LONGEST and start - 1 not in taken and _is_of_name(text, tokens, start - 1):
        if start < end and tokens[start - 1].gap:
            break
        start -= 1
    while start < end and tokens[start].word in PARTICLES:
        start += 1
    opens = start == 0 or bool(tokens[start - 1].gap) or tokens[start - 1].word in _SAYS_WHO
    if start == end or not opens or name_end(tokens, start, frozenset()) < end:
        return 0, 0
    return start, end


def _after(text: str, tokens: Sequence[Token], number: int, taken: Collection[int]) -> tuple[int, int]:
    start = number
    while start - number < _MOST_BETWEEN and word_at(tokens, start) in _AFTER and start not in taken:
        start += 1
    if start >= len(tokens) or not is_written_as_name(text, tokens, start):
        return 0, 0
    end = name_end(tokens, start, frozenset())
    if any(at in taken for at in range(start, end)):
        return 0, 0
    return (start, end) if start > number or end - start > 1 else (0, 0)


def _is_of_name(text: str, tokens: Sequence[Token], at: int) -> bool:
    return is_written_as_name(text, tokens, at) or tokens[at].word in PARTICLES
