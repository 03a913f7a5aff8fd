"""What an appointment is for, and with whom: "a cut and colour with Dana", by the names that the business uses."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from reception.dialogue.commands import SlotName
from reception.dialogue.understanding.parsers.found import Found
from reception.dialogue.understanding.parsers.name_words import NEVER
from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import Number, read_cardinal

AMBIGUOUS = "ambiguous"
UNKNOWN = "unknown_staff"
_SHORTEST_NAME = 3
_MOST_AT_ONCE = 4
_EMPTY = word_set(
    "a an the and or with for of in on to at my your appointment session treatment service visit please i"
)
_SAME = {
    "trim": "cut", "haircut": "cut", "hair": "hair", "dye": "color", "dyed": "color", "highlight": "highlights",
    "blowdry": "blow", "mani": "manicure", "pedi": "pedicure", "checkup": "check", "checkups": "check",
    "clean": "cleaning", "cleaned": "cleaning", "hygienist": "hygiene", "physio": "physiotherapy", "mens": "men",
    "men's": "men", "ladies": "women", "ladies'": "women", "women's": "women", "womens": "women", "kids": "child",
    "kid": "child", "kid's": "child", "kids'": "child", "children's": "child", "children": "child",
    "child's": "child", "childrens": "child", "son": "child", "daughter": "child", "gents": "men", "gent's": "men",
    "gp": "consultation", "doctor": "consultation",
}  # fmt: skip
"""Other words for the same, each in a form that service names are brought to, too."""
_CLOSE_ENOUGH = 0.84
_SHORTEST_FUZZY = 5
_WITH = word_set("with see seeing by from have get want prefer no actually rather")
_CAN = word_set("can could would will does is")
_DOES = word_set("do cut fit see take give have please")
_NAMES_THEMSELVES = frozenset({"name", "this", "it", "that", "surname"})
_TITLES = word_set("dr doctor mr mrs ms miss nurse professor")


def find_service(tokens: Sequence[Token], services: tuple[str, ...]) -> list[Found]:
    """The service meant, at most one; ambiguous when two are equally near."""
    if not services or not tokens:
        return []
    hits = {at: word for at, token in enumerate(tokens) if (word := _match(_canonical(token.word), _index(services)))}
    if not hits:
        return []
    said = frozenset(hits.values())
    scored = sorted(
        ((len(words & said), len(words & said) / len(words), name) for name in services if (words := _words(name))),
        reverse=True,
    )
    if not scored or not scored[0][0]:
        return []
    best = [entry for entry in scored if entry[:2] == scored[0][:2]]
    start, end = min(hits), max(hits) + 1
    if len(best) > 1:
        return [Found(SlotName.SERVICE, start, end, reason=AMBIGUOUS, raw="|".join(sorted(each[2] for each in best)))]
    return [Found(SlotName.SERVICE, start, end, best[0][2])]


def find_second(tokens: Sequence[Token], services: tuple[str, ...]) -> tuple[int, int, int] | None:
    """ "A haircut and a colouring": where the joint and the second of two services begin, and where that ends.

    None where one service goes by both words, or where either is not sure to be a service.
    """
    joints = [at for at, token in enumerate(tokens) if token.word in {"and", "plus"} and 0 < at < len(tokens) - 1]
    for joint in joints:
        start = joint + 1
        while word_at(tokens, start) in {"also", "then", "maybe"}:
            start += 1
        first, second = _sure_service(tokens[:joint], services), _sure_service(tokens[start:], services)
        if first is None or second is None or first.value == second.value:
            continue
        both = _words(str(first.value)) | _words(str(second.value))
        if not any(_words(name) == both for name in services if name not in {first.value, second.value}):
            return joint, start, start + second.end
    return None


def find_several(tokens: Sequence[Token], services: tuple[str, ...]) -> tuple[int, Number, str] | None:
    """ "Two haircuts": where the number stands, the number, and the service; None where one is wanted."""
    for at in range(len(tokens)):
        number = read_cardinal(tokens, at) if tokens[at].word not in {"a", "an", "half", "couple"} else None
        if number is None or not 2 <= number.value <= _MOST_AT_ONCE or not word_at(tokens, number.end).endswith("s"):
            continue
        service = find_service(tokens[number.end : number.end + 1], services)
        if service and isinstance(service[0].value, str):
            return at, number, service[0].value
    return None


def _sure_service(tokens: Sequence[Token], services: tuple[str, ...]) -> Found | None:
    """The one service whose name is said whole."""
    found = find_service(tokens, services)
    if not found or not isinstance(found[0].value, str):
        return None
    index = _index(services)
    said = {_match(_canonical(token.word), index) for token in tokens[found[0].start : found[0].end]}
    return found[0] if _words(found[0].value) <= said else None


def find_staff(tokens: Sequence[Token], staff: tuple[str, ...], *, expected: bool = False) -> list[Found]:
    """The person asked for, at most one: after "with" and the like, or as an answer; ambiguous where several have that
    name."""
    for at, token in enumerate(tokens):
        before = at - 1
        while word_at(tokens, before) in _TITLES:
            before -= 1
        asked_to = word_at(tokens, before) in _CAN and word_at(tokens, at + 1) in _DOES
        asks = word_at(tokens, before) == "is" and word_at(tokens, before - 1) not in _NAMES_THEMSELVES
        if not (expected or asks or asked_to or word_at(tokens, before) in _WITH):
            continue
        named = [name for name in staff if is_of(token.word, name)]
        if len(named) > 1 and at + 1 < len(tokens):
            named = [name for name in named if is_of(tokens[at + 1].word, name)] or named
        if len(named) == 1:
            whole = at + 1 < len(tokens) and is_of(tokens[at + 1].word, named[0])
            return [Found(SlotName.STAFF, before + 1, at + (2 if whole else 1), named[0])]
        if named:
            return [Found(SlotName.STAFF, before + 1, at + 1, reason=AMBIGUOUS, raw="|".join(named))]
    return []


def find_strangers(text: str, tokens: Sequence[Token], staff: tuple[str, ...]) -> list[Found]:
    """ "With Dora", where nobody of that name works; told by the capital letter."""
    for at, token in enumerate(tokens):
        titled = at + 1 if token.word in _TITLES else at
        name = word_at(tokens, titled)
        if word_at(tokens, at - 1) != "with" or not name.isalpha() or name in NEVER or len(name) < _SHORTEST_NAME:
            continue
        written = text[tokens[titled].start].isupper() and not text.isupper()
        if written and not any(is_of(name, one) for one in staff):
            return [Found(SlotName.STAFF, at, titled + 1, reason=UNKNOWN)]
    return []


def is_of(word: str, name: str) -> bool:
    """Whether `word` is a part of `name`, or sounds like one."""
    parts = [part for part in re.findall(r"[\w']+", name.lower()) if part not in _TITLES]
    if word in parts:
        return True
    return len(word) > 3 and any(
        part[0] == word[0] and SequenceMatcher(None, word, part).ratio() >= _CLOSE_ENOUGH for part in parts
    )


def _canonical(word: str) -> str:
    word = word.replace("colour", "color").removesuffix("'s")
    if word in _SAME:
        return _SAME[word]
    for suffix in ("ing", "ed", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            stem = word.removesuffix(suffix)
            return _SAME.get(stem, stem)
    return word


def _match(word: str, index: frozenset[str]) -> str:
    if word in index:
        return word
    if len(word) < _SHORTEST_FUZZY:
        return ""
    near = max(
        ((SequenceMatcher(None, word, known).ratio(), known) for known in index if known[0] == word[0]), default=None
    )
    return near[1] if near is not None and near[0] >= _CLOSE_ENOUGH else ""


@lru_cache(maxsize=256)
def _words(name: str) -> frozenset[str]:
    return frozenset(
        _canonical(word) for word in re.findall(r"[^\W_]+(?:'[a-z]+)?", name.lower()) if word not in _EMPTY
    )


@lru_cache(maxsize=256)
def _index(services: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for name in services for word in _words(name))
