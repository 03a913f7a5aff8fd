"""Which words of a text as written have been said, when so many of its words as spoken have been."""

import re
from difflib import SequenceMatcher
from math import ceil

_WORD = re.compile(r"\S+")
_BARE = re.compile(r"[^\w']+")


def word_ends(text: str) -> list[int]:
    """Where each word of `text` ends, in characters."""
    return [word.end() for word in _WORD.finditer(text)]


def words_needed(written: str, spoken: str) -> list[int]:
    """For each word of `written`, how many words of `spoken` must have been said for it to have been said whole. Where
    one is written in other words than it is spoken, rounded up."""
    had, said = _bare_words(written), _bare_words(spoken)
    needed: list[int] = []
    for _, start, end, first, last in SequenceMatcher(None, had, said, autojunk=False).get_opcodes():
        per_word = (last - first) / (end - start) if end > start else 0.0
        needed += [first + ceil(per_word * (index + 1)) for index in range(end - start)]
    return needed


def _bare_words(text: str) -> list[str]:
    return [_BARE.sub("", word.lower()) for word in text.split()]
