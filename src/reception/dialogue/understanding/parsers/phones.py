"""Telephone numbers as they are dictated, to E.164 by the business's region.

Numbers are checked by length only (`phonenumbers.is_possible_number`), so that numbers kept for fiction pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.normalize import HOURS, Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import UNITS, read_below_hundred

INVALID = "invalid_phone"
INCOMPLETE = "incomplete_phone"

_ZEROS = frozenset({"oh", "o", "zero", "nought", "naught", "ow"})
_REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_JOINTS = word_set("dash hyphen then and space dot area code is it's it my number so okay yes please a that")
_UNASKED_JOINTS = word_set("dash hyphen then area code")
_MARKS = word_set("no sorry actually wait correction scratch rather")
_MARK_PHRASES = (("i", "mean"), ("make", "that"), ("scratch", "that"), ("my", "bad"))
_DICTATED_HOMOPHONES = {"to": "2", "too": "2", "for": "4", "fore": "4", "ate": "8", "won": "1", "tree": "3"}
_SHORTEST_UNASKED = 7
_NEEDED = {"US": 10, "CA": 10, "GB": 11, "IE": 10, "AU": 10, "NZ": 9, "FR": 10, "ES": 9, "DE": 11}
_COUNTED = word_set(
    "minutes minute mins people guests nights night hours hour of o'clock pm am "
    "more extra other others additional fewer less"
)
"""What makes a number before it a count or a time."""
_MOST_DIGITS = 40
AREA_CODE_DIGITS = 3
"""Of an American number."""
_AROUND_ONE_DIGIT = 2
"""A lone digit among more words than this is not the beginning of a number ("I don't have one")."""


@dataclass(frozen=True, slots=True)
class Dictated:
    """Digits read from tokens `start` to `end`, with a leading "+" when it was said."""

    digits: str
    start: int
    end: int


def read_number(digits: str, region: str) -> tuple[str, str]:
    """(E.164, "") for digits that can be a telephone number of `region` or, with "+", of any; else ("", reason)."""
    if sum(map(str.isdigit, digits)) > 15:
        return "", INVALID
    try:
        parsed = phonenumbers.parse(digits, None if digits.startswith("+") else region)
    except NumberParseException as error:
        short = error.error_type in {NumberParseException.TOO_SHORT_NSN, NumberParseException.TOO_SHORT_AFTER_IDD}
        few = sum(map(str.isdigit, digits)) < _SHORTEST_UNASKED
        return "", INCOMPLETE if short or few else INVALID
    outcome = phonenumbers.is_possible_number_with_reason(parsed)
    if outcome == ValidationResult.IS_POSSIBLE:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164), ""
    if outcome in {ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY}:
        return "", INCOMPLETE
    if len(digits) < needed_digits(region):
        return "", INCOMPLETE
    return "", INVALID


def needed_digits(region: str) -> int:
    """How many digits a national number of `region` usually has."""
    return _NEEDED.get(region, 9)


def lacks_area_code(digits: str, region: str) -> bool:
    """Whether `digits` are a whole American number but for its first three."""
    return region in {"US", "CA"} and len(digits) == _NEEDED["US"] - AREA_CODE_DIGITS


def find_phones(tokens: Sequence[Token], region: str, *, expected: bool) -> list[Found]:
    """Telephone numbers in `tokens`. When one is `expected`, fewer digits are an incomplete number."""
    found: list[Found] = []
    runs = find_dictated(tokens, region, expected=expected)
    for dictated in _preferred(tokens, region) or runs:
        if word_at(tokens, dictated.end) in _COUNTED and len(dictated.digits) < _SHORTEST_UNASKED:
            continue
        count = sum(map(str.isdigit, dictated.digits))
        if count == 1 and len(tokens) > _AROUND_ONE_DIGIT:
            continue
        cued = expected or _is_cued(tokens, dictated.start)
        if count < (3 if cued else _SHORTEST_UNASKED) and not (expected and count):
            continue
        e164, reason = read_number(dictated.digits, region)
        found.append(
            Found(
                SlotName.PHONE, dictated.start, dictated.end, e164 or None, reason,
                raw=dictated.digits if reason else "",
            )
        )  # fmt: skip
    return found


def _preferred(tokens: Sequence[Token], region: str) -> list[Dictated]:
    """Of two whole numbers with "or" between them the one that is said to be better; the first where none is."""
    runs = [run for run in find_dictated(tokens, region, expected=False) if read_number(run.digits, region)[0]]
    if len(runs) != 2 or "or" not in {token.word for token in tokens[runs[0].end : runs[1].start]}:
        return []
    after = {token.word for token in tokens[runs[1].end :]}
    return [runs[1] if after & {"second", "latter", "last"} else runs[0]]


def find_dictated(tokens: Sequence[Token], region: str, *, expected: bool) -> list[Dictated]:
    """Runs of dictated digits, corrections inside them applied."""
    runs: list[Dictated] = []
    at = 0
    while at < len(tokens):
        run = None if _is_hour(tokens, at) else _read_run(tokens, at, region, expected=expected)
        if run is None:
            at += 1
        else:
            runs.append(run)
            at = run.end
    if expected and len(runs) > 1:
        joined = Dictated("".join(run.digits for run in runs), runs[0].start, runs[-1].end)
        whole = [run for run in runs if _is_whole(run, region)]
        runs = whole if len(whole) == 1 and not _is_whole(joined, region) else [joined]
    return runs


def _is_whole(run: Dictated, region: str) -> bool:
    return len(run.digits) >= needed_digits(region) and read_number(run.digits, region)[0] != ""


def _is_hour(tokens: Sequence[Token], at: int) -> bool:
    """ "On Saturday at 10, 415 ...": the time before a number."""
    return word_at(tokens, at - 1) == "at" and tokens[at].word in HOURS and tokens[at].gap[:1] in {",", "."}


def _is_cued(tokens: Sequence[Token], start: int) -> bool:
    before = {token.word for token in tokens[max(0, start - 5) : start]}
    return bool(before & {"phone", "telephone", "mobile", "cell"}) or (
        "number" in before and not before & {"reference", "booking", "reservation", "room", "table"}
    )


def _read_run(tokens: Sequence[Token], at: int, region: str, *, expected: bool) -> Dictated | None:
    first = None if at and _is_exclamation(tokens, at) else _read_piece(tokens, at, homophones=False)
    if first is None:
        return None
    digits, end = first
    start, corrected_from = at, -1
    kept = ""
    at = end
    while at < len(tokens) and len(digits) < _MOST_DIGITS and "?" not in tokens[at - 1].gap:
        piece = None if _is_exclamation(tokens, at) else _read_piece(tokens, at, homophones=expected)
        if piece is not None and _is_complete(digits, piece[0], region):
            break
        if piece is not None:
            digits += piece[0]
            at = end = piece[1]
            continue
        after = _skip_mark(tokens, at)
        if after > at and _read_piece(tokens, after, homophones=expected) is not None:
            if corrected_from < 0:
                kept, digits, corrected_from = digits, "", after
            else:
                kept, digits = _corrected(tokens, kept, digits, corrected_from, region), ""
                corrected_from = after
            at = after
            continue
        joint = _skip_joints(tokens, at, expected=expected)
        if joint == at or _read_piece(tokens, joint, homophones=False) is None:
            break
        at = joint
    if corrected_from >= 0:
        digits = _corrected(tokens, kept, digits, corrected_from, region)
    return Dictated(digits, start, end)


def _is_complete(digits: str, more: str, region: str) -> bool:
    """ "... 0142, one of us": whether there is a whole number already, that more digits would spoil."""
    if len(digits) < needed_digits(region) or not read_number(digits, region)[0]:
        return False
    return len(more) == 1 and not read_number(digits + more, region)[0]


def _is_exclamation(tokens: Sequence[Token], at: int) -> bool:
    """ "0142, oh and ...": no zero."""
    if word_at(tokens, at) not in {"oh", "o"} or at + 1 >= len(tokens):
        return False
    return bool(tokens[at - 1].gap) and _read_piece(tokens, at + 1, homophones=True) is None


def _corrected(tokens: Sequence[Token], before: str, after: str, after_at: int, region: str) -> str:
    """`before` with its last digits replaced by `after`: as many as make a whole number, else the first group's."""
    if not after:
        return before
    needed = needed_digits(region)
    surplus = len(before) + len(after) - needed
    if surplus <= 0 or surplus > len(before):
        group = 0
        at = after_at
        while piece := _read_piece(tokens, at, homophones=False):
            group += len(piece[0])
            at = piece[1]
            if tokens[at - 1].gap:
                break
        surplus = min(group, len(before))
    if len(after) >= needed:
        return after
    return before[: len(before) - surplus] + after


def _skip_mark(tokens: Sequence[Token], at: int) -> int:
    """Past words that take back what was said, or `at`."""
    moved = True
    while moved:
        moved = False
        for phrase in _MARK_PHRASES:
            if tuple(word_at(tokens, at + offset) for offset in range(len(phrase))) == phrase:
                at, moved = at + len(phrase), True
        if word_at(tokens, at) in _MARKS:
            at, moved = at + 1, True
    return at


def _skip_joints(tokens: Sequence[Token], at: int, *, expected: bool) -> int:
    joints = _JOINTS if expected else _UNASKED_JOINTS
    while word_at(tokens, at) in joints:
        at += 1
    return at


def _read_piece(tokens: Sequence[Token], at: int, *, homophones: bool) -> tuple[str, int] | None:
    """The digits of one dictated piece: "415", "oh", "double five", "fifty five", "eight hundred", "plus one"."""
    word = word_at(tokens, at)
    if word in {"plus", "+"}:
        piece = _read_piece(tokens, at + 1, homophones=False)
        return None if piece is None else ("+" + piece[0], piece[1])
    if word.isdecimal():
        return word, at + 1
    if word in _ZEROS:
        return "0", at + 1
    if word in _REPEATS:
        digit = _digit(word_at(tokens, at + 1))
        return None if digit is None else (digit * _REPEATS[word], at + 2)
    number = read_below_hundred(tokens, at)
    if number is not None:
        if word_at(tokens, number.end) == "hundred" and 1 <= number.value <= 9:
            return f"{number.value}00", number.end + 1
        return str(number.value), number.end
    if homophones and word in _DICTATED_HOMOPHONES and _near_digit(tokens, at):
        return _DICTATED_HOMOPHONES[word], at + 1
    return None


def _near_digit(tokens: Sequence[Token], at: int) -> bool:
    beside = (word_at(tokens, at - 1), word_at(tokens, at + 1))
    return all(_digit(word) is not None or word.isdecimal() or word in _DICTATED_HOMOPHONES for word in beside if word)


def _digit(word: str) -> str | None:
    if word in _ZEROS:
        return "0"
    if word.isdecimal() and len(word) == 1:
        return word
    value = UNITS.get(word)
    return str(value) if value is not None and value <= 9 else None
