"""A party told by who is in it: "my wife and I", "me, my husband and the twins", "my parents and us two"."""

from collections.abc import Sequence

from reception.dialogue.understanding.parsers.normalize import Token, word_at, word_set
from reception.dialogue.understanding.parsers.numbers import Number, read_cardinal

_SELF = frozenset({"me", "myself", "i"})
_ONE = word_set(
    "wife husband partner girlfriend boyfriend fiance fiancee spouse mum mom mother dad father son daughter brother "
    "sister boss colleague friend baby grandmother grandfather grandma grandpa gran granny nan aunt uncle cousin niece "
    "nephew client assistant mate roommate neighbour neighbor guest other child kid toddler infant"
)
_MANY = word_set(
    "kids children friends colleagues sons daughters brothers sisters others cousins clients guests people adults "
    "toddlers babies grandchildren mates"
)
_PAIRS = word_set("twins parents grandparents in-laws inlaws")
_OWNERS = frozenset({"my", "our", "the", "his", "her", "their"})
_JOINTS = frozenset({"and", "plus", "with", "&"})
_CHAIRS = frozenset({"chair", "chairs", "seat", "menu", "menus"})


def read_companions(tokens: Sequence[Token], at: int) -> Number | None:
    """The party whose members are listed from `at`, the caller among them; None when it is no such list."""
    total, own, members, end = 0, False, 0, at
    while True:
        member = _read_member(tokens, end)
        if member is None:
            break
        total, own, members = total + member.value, own or word_at(tokens, end) in _SELF, members + 1
        end = member.end
        after = end
        while word_at(tokens, after) in _JOINTS:
            after += 1
        if after == end and tokens[end - 1].gap[:1] != ",":
            break
        if _read_member(tokens, after) is None:
            break
        end = after
    return Number(total, end) if own and members > 1 and total > 1 else None


def _read_member(tokens: Sequence[Token], at: int) -> Number | None:
    word, following = word_at(tokens, at), word_at(tokens, at + 1)
    if word in _SELF:
        return Number(1, at + 1)
    if word in _OWNERS | {"a", "an", "one", "another"} and following in _ONE:
        return None if word_at(tokens, at + 2) in _CHAIRS else Number(1, at + 2)
    if word in _OWNERS and following in _PAIRS:
        return Number(2, at + 2)
    if word in _OWNERS and following == "in" and word_at(tokens, at + 2) == "laws":
        return Number(2, at + 3)
    start = at + 1 if word in _OWNERS else at
    number = read_cardinal(tokens, start)
    if number is None or word_at(tokens, number.end) not in _MANY | _ONE:
        return None
    return Number(number.value, number.end + 1)
