"""How many people: "a table for two", "party of six", "two adults and a child", "just the two of us"."""

import re
from collections.abc import Sequence
from dataclasses import replace

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.calendar_words import MONTHS
from reception.dialogue.understanding.parsers.companions import read_companions
from reception.dialogue.understanding.parsers.found import Found, either
from reception.dialogue.understanding.parsers.normalize import HOURS, Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import HOMOPHONES, Number, read_cardinal, read_ordinal

LARGEST = 1000
OUT_OF_RANGE = "out_of_range"
MORE_THAN = "more_than"
_OVER = (("more", "than"), ("over",), ("at", "least"), ("upwards", "of"))

_PEOPLE = word_set(
    "people person persons guest guests adult adults kid kids child children pax covers diners heads ladies gentlemen "
    "women men friends toddler toddlers infant infants baby babies grownups peoples seniors colleagues visitors "
    "of"
)
_SINGULAR = word_set("person guest adult kid child toddler infant baby colleague friend")
_THEM = frozenset({"them", "which", "whom", "those"})
_THINGS = word_set("menu menus chair chairs seat seats portion portions friendly meal meals carriage policy")
_COUNTABLE = frozenset({"guests", "people", "size", "covers"})
_CHANGED = frozenset({"change", "number", "increase", "reduce", "size"})
_GROUPS = frozenset({"party", "group", "family", "parties", "groups", "table", "total"})
_BOOKED = word_set(
    "table tables reservation booking dinner lunch breakfast brunch supper room rooms spot book reserve seat "
    "seats seating "
    "tables stay viewing something anything space one cabin sitting appointment meal drinks cottage tea"
)
_UNITS = word_set(
    "night nights day days week weeks fortnight hour hours minute minutes month months o'clock am pm past ish st th nd "
    "rd thirty fifteen hundred thousand dollars pounds euros noon"
)
"""What makes a number before it count something else than people, or a time of day."""
_HALVES_OF_DAY = word_set("the this morning afternoon evening")
_ALONE = (
    ("by", "myself"), ("on", "my", "own"), ("for", "myself"), ("it", "is", "me"), ("solo",), ("me", "alone"),
    ("be", "alone"), ("come", "alone"), ("coming", "alone"),
    *(
        (*words, own)
        for only in ("just", "only")
        for words in ((only,), (only, "for"), (only, "be"), ("be", only), (only, "going", "to", "be"))
        for own in ("me", "myself")
    ),
)  # fmt: skip
_SEATS = word_set("do fit seat have get take squeeze want need accommodate manage handle about possible")
_GOES_ON = word_set("please on at tomorrow tonight today this next thanks thank")
_JOINTS = frozenset({"and", "plus", "with", "&"})
_CLOCK = re.compile(r"\d{1,2}:\d\d")
_PAIRS = (("the", "both", "of", "us"), ("both", "of", "us"))


def find_parties(tokens: Sequence[Token], *, expected: bool, seated: bool = False) -> list[Found]:
    """Party sizes in `tokens`; parts joined by "and" or "plus" are added up.

    Where one is `expected`, a lone number counts, and so do the words that transcription confuses with one. `seated`:
    what is booked is a table, so that "eight at eight" are people and a time.
    """
    found: list[Found] = []
    at = 0
    while at < len(tokens):
        party = _read_party(tokens, at, expected=expected) or (_read_before_time(tokens, at) if seated else None)
        if party is None:
            at += 1
            continue
        found.append(_checked(at, _added(tokens, party)))
        if is_more_than(tokens, at):
            found[-1] = Found(SlotName.PARTY_SIZE, at, found[-1].end, reason=MORE_THAN, raw=str(found[-1].value or ""))
        at = found[-1].end
    return found


def is_more_than(tokens: Sequence[Token], at: int) -> bool:
    """Whether the number at `at` is only a lower bound: "more than ten", "at least twelve"."""
    return any(tuple(word_at(tokens, at - len(over) + i) for i in range(len(over))) == over for over in _OVER)


def _checked(start: int, number: Number) -> Found:
    if 1 <= number.lowest < number.value <= LARGEST:
        return either(SlotName.PARTY_SIZE, start, number.end, number.lowest, number.value)
    if 1 <= number.value <= LARGEST:
        return Found(SlotName.PARTY_SIZE, start, number.end, number.value)
    return Found(SlotName.PARTY_SIZE, start, number.end, reason=OUT_OF_RANGE)


def _read_party(tokens: Sequence[Token], at: int, *, expected: bool) -> Number | None:
    for phrases, value in ((_ALONE, 1), (_PAIRS, 2)):
        for phrase in phrases:
            end = at + len(phrase)
            if all(word_at(tokens, at + offset) == word for offset, word in enumerate(phrase)):
                return Number(value, end) if word_at(tokens, end) not in _JOINTS or value > 1 else None
    companions = read_companions(tokens, at)
    if companions is not None:
        return companions
    if _is_group(tokens, at):
        return _number(tokens, at + 2, homophones=True)
    counted = _read_counted(tokens, at)
    if counted is not None:
        return counted
    before = {token.word for token in tokens[max(0, at - 8) : at]}
    if word_at(tokens, at) == "to" and before & _COUNTABLE and before & _CHANGED:
        return _number(tokens, at + 1)
    if expected and (answered := _read_added(tokens, at) or _read_for_people(tokens, at)) is not None:
        return answered
    return _read_between(tokens, at, expected=expected) or _read_for(tokens, at) or _read_we(tokens, at)


def _read_before_time(tokens: Sequence[Token], at: int) -> Number | None:
    """ "Can you do eight at eight", "6 at 7:30": the number before a time of day, where nothing else is counted."""
    opens = at == 0 or bool(tokens[at - 1].gap) or tokens[at - 1].word in _SEATS
    number = read_cardinal(tokens, at) if opens and word_at(tokens, at) not in {"a", "an"} else None
    if number is None or word_at(tokens, number.end) != "at":
        return None
    hour = word_at(tokens, number.end + 1)
    return number if hour in HOURS or hour in {"noon", "half", "quarter"} or _CLOCK.fullmatch(hour) else None


def _read_added(tokens: Sequence[Token], at: int) -> Number | None:
    """ "two plus a baby", as an answer: a bare number to which people are added."""
    number = read_cardinal(tokens, at) if word_at(tokens, at) not in {"a", "an"} else None
    if number is None or word_at(tokens, number.end) not in {"plus", "and", "with"}:
        return None
    return number if _read_counted(tokens, number.end + 1) is not None else None


def _read_for_people(tokens: Sequence[Token], at: int) -> Number | None:
    """ "For people." as transcription writes "four people", as an answer that is no more than that."""
    if at > 0 or word_at(tokens, 0) not in {"for", "fore"}:
        return None
    counted = _people(tokens, Number(HOMOPHONES["for"], 1), 1)
    alone = counted is not None and (counted.end == len(tokens) or word_at(tokens, counted.end) in _GOES_ON)
    return counted if alone else None


def _is_group(tokens: Sequence[Token], at: int) -> bool:
    return word_at(tokens, at) in _GROUPS and word_at(tokens, at + 1) == "of"


def _number(tokens: Sequence[Token], at: int, *, homophones: bool = False) -> Number | None:
    number = read_cardinal(tokens, at)
    if number is None and homophones and word_at(tokens, at) in HOMOPHONES:
        number = Number(HOMOPHONES[word_at(tokens, at)], at + 1)
    if number is None:
        return None
    if word_at(tokens, number.end) in {"or", "to"}:
        upper = read_cardinal(tokens, number.end + 1)
        if upper is not None and number.value < upper.value <= number.value + 4 and _ends_party(tokens, upper.end):
            return replace(upper, lowest=number.value)
    return number


def _read_between(tokens: Sequence[Token], at: int, *, expected: bool) -> Number | None:
    """ "between six and eight people"."""
    if word_at(tokens, at) != "between":
        return None
    lower = read_cardinal(tokens, at + 1)
    upper = read_cardinal(tokens, lower.end + 1) if lower and word_at(tokens, lower.end) in {"and", "to"} else None
    if lower is None or upper is None or not lower.value < upper.value:
        return None
    counted = _people(tokens, upper, upper.end)
    if counted is None and not expected:
        return None
    return Number(upper.value, (counted or upper).end, lower.value)


def _ends_party(tokens: Sequence[Token], at: int, *, booked: bool = False) -> bool:
    """Whether the number before `at` may be one of people; what was `booked` for it leaves times of day out."""
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word in {"a", "p"}:
        return following != "m"
    if word == "in" and following in _HALVES_OF_DAY:
        counted_later = any(token.word == "for" or token.word in _PEOPLE for token in tokens[at + 2 :])
        return booked and not counted_later
    if word in MONTHS and word != "may":
        after = at + 2 if following == "the" else at + 1
        return read_cardinal(tokens, after) is not None or read_ordinal(tokens, after) is not None
    return word not in _UNITS


def _read_counted(tokens: Sequence[Token], at: int) -> Number | None:
    """ "four people", "two of us", "the three of us", "a single person", "a couple of adults"."""
    start = at + 1 if word_at(tokens, at) in {"for", "the"} else at
    number = _number(tokens, start, homophones=start > at or at == 0)
    if number is not None and word_at(tokens, number.end) == "of" and word_at(tokens, number.end + 1) in _THEM:
        return None
    if number is None and word_at(tokens, start) in {"a", "an", "one"} and word_at(tokens, start + 1) in _SINGULAR:
        number = Number(1, start + 1)
    if number is None:
        return None
    end = number.end
    if word_at(tokens, end) in {"other", "more", "extra", "additional", "young", "small"}:
        return None if word_at(tokens, end) in {"more", "extra", "additional"} else _people(tokens, number, end + 1)
    return _people(tokens, number, end)


def _people(tokens: Sequence[Token], number: Number, end: int) -> Number | None:
    word = word_at(tokens, end)
    if word == "of":
        plural = number.value > 1 and word_at(tokens, end + 1) == "us"
        return replace(number, end=end + 2) if plural else None
    if word not in _PEOPLE or word_at(tokens, end + 1) in _THINGS:
        return None
    return replace(number, end=end + 1)


def _read_for(tokens: Sequence[Token], at: int) -> Number | None:
    """ "a table for two", "dinner for 4", "book for six", "for for" as transcription writes it."""
    if word_at(tokens, at) not in {"for", "four", "4"}:
        return None
    before = {token.word for token in tokens[max(0, at - 4) : at]}
    booked = word_at(tokens, at - 1) in _BOOKED
    if word_at(tokens, at) != "for" and not booked:
        return None
    homophones = booked or bool(before & _BOOKED)
    number = _number(tokens, at + 1, homophones=homophones)
    if number is None or not _ends_party(tokens, number.end, booked=booked) or number.value > LARGEST * 10:
        return None
    if word_at(tokens, number.end) in _PEOPLE - {"of"}:
        return replace(number, end=number.end + 1)
    figures = word_at(tokens, at + 1)
    if len(figures) > 2 and figures.isdecimal() and not booked:
        return None
    return number


def _read_we(tokens: Sequence[Token], at: int) -> Number | None:
    """ "we are six", "we will be four", "there will be five", "there are three"."""
    pair = (word_at(tokens, at), word_at(tokens, at + 1))
    if pair in {("we", "are"), ("there", "are"), ("we", "be"), ("be", "a"), ("us", "are")}:
        start = at + 2
    elif pair in {("we", "will"), ("there", "will"), ("would", "be"), ("it", "will")} and "be" in {
        word_at(tokens, at + 2), pair[1],
    }:  # fmt: skip
        start = at + (2 if pair[1] == "be" else 3)
    else:
        return None
    start = start + 1 if word_at(tokens, start) in {"just", "about", "now", "only", "actually"} else start
    counted = _read_counted(tokens, start)
    if counted is not None:
        return counted
    number = _number(tokens, start)
    if number is None or not _ends_party(tokens, number.end) or ":" in word_at(tokens, start):
        return None
    return number


def _added(tokens: Sequence[Token], party: Number) -> Number:
    """Adds "and a child", "plus two kids" and the like."""
    while word_at(tokens, party.end) in {"and", "plus", "with"}:
        more = _read_counted(tokens, party.end + 1)
        if more is None or word_at(tokens, more.end - 1) in {"us", "them"}:
            break
        party = replace(party, value=party.value + more.value, end=more.end)
    at = party.end
    while word_at(tokens, at) in {"or", "maybe", "perhaps", "possibly"}:
        at += 1
    upper = read_cardinal(tokens, at) if at > party.end else None
    if upper is not None and party.value < upper.value <= party.value + 4 and _ends_party(tokens, upper.end):
        unsettled = word_at(tokens, party.end) == "or"
        return replace(upper, lowest=party.value if unsettled else 0)
    if word_at(tokens, party.end) in {"in", "altogether"} and word_at(tokens, party.end + 1) == "total":
        return Number(party.value, party.end + 2)
    return party
