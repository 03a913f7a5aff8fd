"""Numbers of houses in streets: "14 Willow Lane" is no party, no hour and no day."""

from collections.abc import Sequence

from reception.dialogue.understanding.parsers.calendar_words import MONTHS, WEEKDAYS
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import read_cardinal

_STREETS = word_set(
    "street st road rd lane ln avenue ave drive close way terrace hill court square place crescent boulevard blvd mews "
    "grove gardens row walk parade"
)
_NO_NAMES = word_set(
    "a an the at on in for to of and or with by from near people persons guests adults kids of us am pm o'clock "
    "tomorrow today tonight this next please bedroom bedrooms bed beds bathroom bathrooms night nights minutes hours"
)
_LONGEST_NAME = 2


def house_numbers(tokens: Sequence[Token]) -> frozenset[int]:
    """The tokens that are numbers of houses."""
    numbers: set[int] = set()
    for at, token in enumerate(tokens):
        number = read_cardinal(tokens, at) if token.word not in {"a", "an", "half", "couple", "dozen"} else None
        if number is None or at in numbers:
            continue
        for length in range(1, _LONGEST_NAME + 1):
            name = [word_at(tokens, number.end + offset) for offset in range(length)]
            if any(not word.isalpha() or word in _NO_NAMES | {*MONTHS, *WEEKDAYS} for word in name):
                break
            if word_at(tokens, number.end + length) in _STREETS:
                numbers.update(range(at, number.end))
                break
    return frozenset(numbers)
